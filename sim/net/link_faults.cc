#include "sim/net/link_faults.h"

#include <algorithm>

namespace orrery::net {

namespace {

constexpr int64_t kMillion = 1'000'000;

int64_t parts_per_million(Ratio r) {
  if (r.numerator <= 0) return 0;
  int64_t ppm = r.numerator * kMillion / r.denominator;
  return std::min(ppm, kMillion);
}

// Chance of either of two independent mishaps.
int64_t either(int64_t a, int64_t b) { return a + b - a * b / kMillion; }

std::string_view pop_part(std::string_view name) {
  return name.starts_with("pop:") ? name.substr(4) : name;
}

}  // namespace

void LinkFaults::set(std::string_view name, Endpoints a, Endpoints b, bool one_way,
                     const LinkFault& fault) {
  Named made{std::string(name), std::move(a), std::move(b), one_way, fault};
  for (Named& f : faults_) {
    if (f.name == name) {
      f = std::move(made);
      return;
    }
  }
  faults_.push_back(std::move(made));
}

bool LinkFaults::erase(std::string_view name) {
  return std::erase_if(faults_, [&](const Named& f) { return f.name == name; }) > 0;
}

std::vector<std::string> LinkFaults::names() const {
  std::vector<std::string> out;
  for (const Named& f : faults_) out.push_back(f.name);
  return out;
}

bool LinkFaults::matches(const Endpoints& set, const host::Host& host) const {
  if (set.predicate && set.predicate(host)) return true;
  for (const std::string& name : set.names) {
    if (name == host.name()) return true;
    if (name.ends_with('*') && std::string_view(host.name())
                                   .starts_with(std::string_view(name).substr(0, name.size() - 1)))
      return true;
    if (!host.outside() && pop_part(name) == geography_.pop_code(host.pop())) return true;
  }
  return false;
}

bool LinkFaults::touches(const Named& f, const host::Host& from, const host::Host& to) const {
  if (f.fault.backbone && (from.outside() || to.outside() || from.pop() == to.pop())) return false;
  bool from_a = matches(f.a, from), to_a = matches(f.a, to);
  if (f.one_way && f.fault.inbound) std::swap(from_a, to_a);
  if (f.fault.backbone && f.a.empty() && f.b.empty()) return true;
  if (f.b.empty()) return f.one_way ? from_a && !to_a : from_a != to_a;
  bool from_b = matches(f.b, from), to_b = matches(f.b, to);
  if (f.one_way && f.fault.inbound) std::swap(from_b, to_b);
  if ((from_a && to_a) || (from_b && to_b)) return false;
  return (from_a && to_b) || (!f.one_way && from_b && to_a);
}

LinkState LinkFaults::between(const host::Host& from, const host::Host& to) const {
  LinkState state;
  if (from.id() == to.id()) return state;
  for (const Named& f : faults_) {
    if (!touches(f, from, to)) continue;
    const LinkFault& x = f.fault;
    state.blocked |= x.blocked;
    state.extra_us += x.extra_delay.us;
    state.loss_ppm = either(state.loss_ppm, parts_per_million(x.loss));
    state.tail_ppm = either(state.tail_ppm, parts_per_million(x.tail));
    state.tail_us = std::max(state.tail_us, x.tail_delay.us);
    if (x.bytes_per_second > 0)
      state.bytes_per_second = state.bytes_per_second
                                   ? std::min(state.bytes_per_second, x.bytes_per_second)
                                   : x.bytes_per_second;
  }
  return state;
}

std::vector<std::string> LinkFaults::blocking(const host::Host& from, const host::Host& to) const {
  std::vector<std::string> out;
  for (const Named& f : faults_)
    if (f.fault.blocked && from.id() != to.id() && touches(f, from, to)) out.push_back(f.name);
  return out;
}

std::string LinkFaults::explain_endpoint(std::string_view name) const {
  if (name.empty()) return "an endpoint's name is empty";
  if (name.ends_with('*')) return {};
  if (name.starts_with("client/") || name.starts_with("origin:")) return {};
  if (name.starts_with("host:")) {
    std::string_view rest = name.substr(5);
    size_t slash = rest.find('/');
    if (slash == std::string_view::npos || slash + 1 == rest.size() ||
        rest.find_first_not_of("0123456789", slash + 1) != std::string_view::npos)
      return "\"" + std::string(name) + "\" is not a host: they are named like host:FRA/2";
    name = rest.substr(0, slash);
  }
  if (geography_.find(pop_part(name))) return {};
  return "\"" + std::string(name) +
         "\" is not a point of presence; name hosts like host:FRA/2, "
         "points of presence like FRA, clients like client/1";
}

std::string describe(const Endpoints& endpoints) {
  std::string out;
  for (const std::string& name : endpoints.names) out += (out.empty() ? "" : ", ") + name;
  if (endpoints.predicate) out += out.empty() ? "chosen hosts" : ", chosen hosts";
  return out.empty() ? "all others" : out;
}

}  // namespace orrery::net
