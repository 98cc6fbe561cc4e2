#include "platform/kv/layout.h"

#include <algorithm>

namespace orrery::kv {

namespace {
// Where regional tiers stand: one in or near each part of the world with many points of presence.
constexpr std::string_view kRegions[] = {"IAD", "SJC", "GRU", "FRA", "JNB",
                                         "BOM", "SIN", "NRT", "SYD"};
}  // namespace

bool Layout::read_bindings(const runtime::AppCode& code) {
  bool any = false;
  if (first_binding.empty()) first_worker = code.name;
  const bool first = code.name == first_worker;
  first_binding.push_back(static_cast<uint32_t>(by_binding.size()));
  for (const runtime::Binding& b : code.bindings) {
    Namespace space;
    if (b.kind == runtime::BindingKind::kKv) {
      any = true;
      // A namespace without an id is its Worker's own. Only later Workers need to say whose.
      const std::string own = first ? b.name : code.name + "." + b.name;
      space.id = b.value.empty() ? own : b.value;
      const Namespace* same = find(space.id);
      space.name = same ? same->name : !find(b.name) ? b.name : own;
    }
    by_binding.push_back(std::move(space));
  }
  return any;
}

const Layout::Namespace* Layout::find(std::string_view name_or_id) const {
  for (const Namespace& n : by_binding)
    if (!n.id.empty() && (n.name == name_or_id || n.id == name_or_id)) return &n;
  return nullptr;
}

Duration Layout::delay_of(std::string_view space_id) const {
  Duration longest{0};
  for (const auto& [name, delay] : delays)
    if (delay.space.empty() || delay.space == space_id) longest = std::max(longest, delay.length);
  return longest;
}

uint32_t Layout::region_of(uint32_t pop) const {
  uint32_t best = pop;
  Duration nearest{INT64_MAX};
  for (std::string_view code : kRegions) {
    uint32_t region = *geography.find(code);
    if (region == pop) return pop;
    Duration delay = geography.delay(pop, region);
    if (delay < nearest) nearest = delay, best = region;
  }
  return best;
}

}  // namespace orrery::kv
