#include "conformance/properties/parallel/interleaving.h"

#include <algorithm>

namespace orrery::properties::parallel {

namespace {

using Fails = std::function<bool(const Overrides&)>;

std::string site_of(const std::string& key) { return key.substr(0, key.find('/')); }

// Leaves out whatever items can be: all, halves, quarters, ... singles, until no single one can.
template <class Item>
std::vector<Item> leave_out(std::vector<Item> items, const std::function<bool(const std::vector<Item>&)>& fails) {
  if (items.empty() || fails({})) return {};
  for (size_t chunk = (items.size() + 1) / 2;;) {
    bool fewer = false;
    for (size_t at = 0; at < items.size();) {
      std::vector<Item> kept(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(at));
      kept.insert(kept.end(), items.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, items.size())), items.end());
      if (kept.size() < items.size() && !kept.empty() && fails(kept)) {
        items = std::move(kept);
        fewer = true;
      } else {
        at += chunk;
      }
    }
    if (chunk > 1)
      chunk = (std::min(chunk, items.size()) + 1) / 2;
    else if (!fewer)
      return items;
  }
}

Overrides with_sites(const Overrides& all, const std::vector<std::string>& sites) {
  Overrides out;
  for (const auto& [key, value] : all)
    if (std::find(sites.begin(), sites.end(), site_of(key)) != sites.end()) out[key] = value;
  return out;
}

Overrides only(const Overrides& all, const std::vector<std::string>& keys) {
  Overrides out;
  for (const std::string& key : keys) out[key] = all.at(key);
  return out;
}

}  // namespace

Setup Interleaving::setup(Setup base) const {
  base.seed = seed;
  base.schedule = schedule;
  base.list_decisions = true;
  if (!drawn) base.overrides = overrides;
  return base;
}

Overrides different(const std::vector<DecisionRecord>& decisions) {
  Overrides out;
  for (const DecisionRecord& d : decisions)
    if (!d.is_default()) out[d.key] = d.value;
  return out;
}

Overrides fewest(const Overrides& given, const std::function<int64_t(const std::string&)>& usual, const Fails& fails) {
  std::vector<std::string> sites;
  for (const auto& [key, value] : given)
    if (sites.empty() || sites.back() != site_of(key)) sites.push_back(site_of(key));
  sites = leave_out<std::string>(
      sites, [&](const std::vector<std::string>& kept) { return fails(with_sites(given, kept)); });
  Overrides left = with_sites(given, sites);
  while (true) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : left) keys.push_back(key);
    keys = leave_out<std::string>(keys, [&](const std::vector<std::string>& kept) { return fails(only(left, kept)); });
    left = only(left, keys);
    bool nearer = false;
    for (const std::string& key : keys) {
      // Tags of events are names, not amounts.
      if (site_of(key) == "schedule.order") continue;
      for (int64_t away = (left[key] - usual(key)) / 2; away != 0; away /= 2) {
        Overrides tried = left;
        tried[key] = usual(key) + away;
        if (!fails(tried)) break;
        left = std::move(tried);
        nearer = true;
      }
    }
    if (!nearer) return left;  // nothing was changed since the last look for what can be left out
  }
}

}  // namespace orrery::properties::parallel
