#include "sim/core/trace.h"

#include <charconv>

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

void Trace::name_host(uint32_t number, std::string_view name) {
  if (number >= hosts_.size()) hosts_.resize(number + 1);
  hosts_[number] = name;
}

void Trace::record(RecordedEvent event) {
  constexpr std::string_view kNumbered = "host #";
  for (size_t at = event.text.find(kNumbered); at != std::string::npos; at = event.text.find(kNumbered, at + 1)) {
    const char* digits = event.text.data() + at + kNumbered.size();
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits, event.text.data() + event.text.size(), number);
    if (error != std::errc{} || number >= hosts_.size() || hosts_[number].empty()) continue;
    event.text.replace(at, static_cast<size_t>(end - digits) + kNumbered.size(), hosts_[number]);
  }
  recorded_.push_back(std::move(event));
}

std::string hex64(uint64_t v) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(v));
  return text;
}

}  // namespace orrery
