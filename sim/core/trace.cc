#include "sim/core/trace.h"

#include <cstdio>

namespace orrery {

Trace::Trace() {
  lanes_.push_back({"world", "world", kWorldLane, hash_name("world"), 0});
  by_name_["world"] = kWorldLane;
}

LaneId Trace::lane(std::string_view name, std::string_view kind, LaneId parent) {
  auto it = by_name_.find(name);
  if (it != by_name_.end()) return it->second;
  auto id = static_cast<LaneId>(lanes_.size());
  lanes_.push_back({std::string(name), std::string(kind), parent, hash_name(name), 0});
  by_name_.emplace(name, id);
  return id;
}

std::string hex64(uint64_t v) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(v));
  return text;
}

}  // namespace orrery
