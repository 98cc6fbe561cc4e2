#include "sim/core/decisions.h"

#include <charconv>
#include <cstdio>

#include "sim/core/check.h"

namespace orrery {

std::string decision_key(std::string_view site, uint64_t cause, uint32_t ordinal) {
  char tail[40];
  std::snprintf(tail, sizeof tail, "/%016llx/%u", static_cast<unsigned long long>(cause), ordinal);
  return std::string(site) + tail;
}

bool parse_decision_key(std::string_view text, std::string& site, uint64_t& cause,
                        uint32_t& ordinal) {
  size_t last = text.rfind('/');
  if (last == std::string_view::npos || last == 0) return false;
  size_t middle = text.rfind('/', last - 1);
  if (middle == std::string_view::npos || middle == 0) return false;
  site = text.substr(0, middle);
  auto hex = text.substr(middle + 1, last - middle - 1);
  auto number = text.substr(last + 1);
  auto a = std::from_chars(hex.data(), hex.data() + hex.size(), cause, 16);
  auto b = std::from_chars(number.data(), number.data() + number.size(), ordinal);
  return a.ec == std::errc{} && a.ptr == hex.data() + hex.size() && b.ec == std::errc{} &&
         b.ptr == number.data() + number.size();
}

Decisions::Decisions(CauseContext& cause, const Options& options)
    : cause_(cause),
      seed_(options.seed),
      drawn_from_(options.free_from.value_or(options.seed)),
      base_(options.base),
      free_(options.free_from.has_value()) {
  for (const auto& [text, value] : options.overrides) {
    std::string site;
    Key key{};
    ORRERY_CHECK(parse_decision_key(text, site, key.cause, key.ordinal),
                 "an override's key is malformed (readers validate it)");
    key.site = hash_name(site);
    overrides_[key] = value;
  }
}

// Whether the draws of a place say which faults a run meets (sim/fault/swarm).
static bool of_a_plan(const Site& site) { return std::string_view(site.name).starts_with("swarm."); }

template <class Draw>
int64_t Decisions::decide(const Site& site, int64_t usual, Draw draw) {
  uint32_t ordinal = cause_.next_ordinal(site);
  ++drawn_;
  int64_t value = usual;
  bool overridden = false;
  if (!overrides_.empty()) {
    auto it = overrides_.find(Key{site.hash, cause_.id(), ordinal});
    if (it != overrides_.end()) {
      value = it->second;
      overridden = true;
      ++overrides_applied_;
    }
  }
  if (!overridden && (base_ == DecisionBase::kSeed || (free_ && !of_a_plan(site))))
    value = draw(mix64(mix64(drawn_from_ ^ site.hash, cause_.id()), ordinal));
  if (records_) {
    records_->push_back({decision_key(site.name, cause_.id(), ordinal), value, usual,
                         sequence_ ? *sequence_ : 0});
  }
  return value;
}

// Maps 64 random bits to [0, range) without the modulo's bias mattering (range is far below 2^64).
static uint64_t scale(uint64_t bits, uint64_t range) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * range) >> 64);
}

bool Decisions::chance(const Site& site, Ratio p) {
  // A fault that is off still counts its ordinal, so that switching it on for one target moves
  // nothing else; and an override may force it.
  if (p.numerator <= 0 && overrides_.empty()) {
    cause_.next_ordinal(site);
    return false;
  }
  return decide(site, 0, [&](uint64_t bits) -> int64_t {
           return p.numerator > 0 && scale(bits, static_cast<uint64_t>(p.denominator)) <
                                         static_cast<uint64_t>(p.numerator);
         }) != 0;
}

int64_t Decisions::between(const Site& site, int64_t low, int64_t high, int64_t usual) {
  ORRERY_CHECK(low <= high);
  int64_t value = decide(site, usual, [&](uint64_t bits) -> int64_t {
    return low + static_cast<int64_t>(scale(bits, static_cast<uint64_t>(high - low) + 1));
  });
  // An override edited by hand may lie outside; clamp rather than break an invariant.
  return value < low ? low : value > high ? high : value;
}

uint32_t Decisions::pick(const Site& site, std::span<const uint32_t> weights, uint32_t usual) {
  uint64_t total = 0;
  for (uint32_t w : weights) total += w;
  ORRERY_CHECK(total > 0);
  int64_t value = decide(site, usual, [&](uint64_t bits) -> int64_t {
    uint64_t at = scale(bits, total);
    uint32_t i = 0;
    while (at >= weights[i]) at -= weights[i++];
    return i;
  });
  if (value < 0 || static_cast<size_t>(value) >= weights.size()) return usual;
  return static_cast<uint32_t>(value);
}

int64_t Decisions::given(const Site& site, int64_t usual) {
  // Every draw gives what is usual, so that only an override makes a difference.
  return decide(site, usual, [usual](uint64_t) { return usual; });
}

int64_t Decisions::steered(const Site& site, int64_t usual, int64_t chosen) {
  return decide(site, usual, [chosen](uint64_t) { return chosen; });
}

uint64_t Decisions::bits(const Site& site) {
  return mix64(mix64(drawn_from_ ^ site.hash, cause_.id()), cause_.next_ordinal(site));
}

}  // namespace orrery
