#include "pybindings/module/slices.h"

#include "pybindings/module/findings.h"

namespace orrery::python {

namespace {

using Json = nlohmann::ordered_json;

// A slice never needs to be longer to be told apart; requests that wait for others make long ones.
constexpr size_t kMostSteps = 60;

}  // namespace

uint64_t request_cause(std::string_view client, uint64_t nth) { return mix64(hash_name(client), nth); }

Slices::Slices(const World& world) : world_(world) {
  for (const RecordedEvent& event : world.trace().recorded()) by_cause_[event.cause].push_back(event.sequence);
}

Json Slices::to(uint64_t sequence) const {
  const Trace& trace = world_.trace();
  Json steps = Json::array();
  // Recording may have begun in the middle of the run.
  const auto& recorded = trace.recorded();
  if (recorded.empty() || sequence < recorded.front().sequence || sequence > recorded.back().sequence) return steps;
  const uint64_t first = recorded.front().sequence;
  uint64_t cause = recorded[sequence - first].cause;
  uint64_t last = sequence;
  while (steps.size() < kMostSteps) {
    auto parent = world_.parents().find(cause);
    Json events = Json::array();
    if (auto found = by_cause_.find(cause); found != by_cause_.end())
      for (auto s = found->second.rbegin(); s != found->second.rend(); ++s) {
        if (*s > last) continue;
        const RecordedEvent& event = recorded[*s - first];
        const Lane& lane = trace.lane_at(event.lane);
        Json entry = {{"kind", event.kind}, {"lane", lane.kind}, {"of", lane.name}, {"seq", event.sequence}};
        if (trace.texts()) entry["line"] = story_line(trace, event);
        events.push_back(std::move(entry));
      }
    const bool begun = parent == world_.parents().end();
    steps.push_back({{"site", begun ? "" : parent->second.site}, {"events", std::move(events)}});
    if (begun) break;
    cause = parent->second.id;
  }
  return steps;
}

uint64_t Slices::beginning_of(uint64_t cause) const {
  for (auto parent = world_.parents().find(cause); parent != world_.parents().end();
       parent = world_.parents().find(cause))
    cause = parent->second.id;
  return cause;
}

Json Slices::to_answer(std::string_view client, uint64_t nth) const {
  const uint64_t begun = request_cause(client, nth);
  for (const RecordedEvent& event : world_.trace().recorded())
    if (std::string_view(event.kind) == "client.answer" && world_.trace().lane_at(event.lane).name == client &&
        beginning_of(event.cause) == begun)
      return to(event.sequence);
  return Json::array();
}

}  // namespace orrery::python
