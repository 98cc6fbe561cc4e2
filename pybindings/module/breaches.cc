#include "pybindings/module/breaches.h"

#include <algorithm>
#include <deque>
#include <string_view>

#include "pybindings/module/findings.h"
#include "pybindings/module/slices.h"

namespace orrery::python {

namespace {

constexpr size_t kLinesBefore = 24;
constexpr size_t kLinesAfter = 6;
// Machinery that explains nothing to a reader.
constexpr std::string_view kLeftOut[] = {"net.deliver", "worker.turn", "disk.sync",
                                         "durable.renewed", "durable.folded"};

std::vector<std::string> story_to(const Trace& trace, const monitors::Breach& breach) {
  std::deque<std::string> before;
  std::vector<std::string> after;
  for (const RecordedEvent& event : trace.recorded()) {
    const bool takes_part = std::find(breach.lanes.begin(), breach.lanes.end(), event.lane) !=
                            breach.lanes.end();
    const std::string_view kind = event.kind;
    const bool wanted = takes_part || kind.starts_with("client.") || kind.starts_with("socket.") || kind.starts_with("fault.") ||
                        kind == "scenario.note";
    const bool here = event.sequence == breach.sequence;
    if (!here && (!wanted || std::find(std::begin(kLeftOut), std::end(kLeftOut), kind) !=
                                 std::end(kLeftOut)))
      continue;
    if (event.sequence <= breach.sequence) {
      before.push_back(story_line(trace, event) + (here ? "    <- rule broken here" : ""));
      if (before.size() > kLinesBefore) before.pop_front();
    } else if (after.size() < kLinesAfter) {
      after.push_back(story_line(trace, event));
    } else {
      break;
    }
  }
  std::vector<std::string> lines(before.begin(), before.end());
  lines.insert(lines.end(), after.begin(), after.end());
  return lines;
}

}  // namespace

nlohmann::ordered_json exercised_rules(const monitors::Monitors& monitors) {
  auto out = nlohmann::ordered_json::object();
  for (size_t i = 0; i < rules::kWatched; ++i) {
    const auto id = static_cast<rules::RuleId>(i);
    if (uint64_t times = monitors.exercised(id)) out[std::string(rules::rule(id).id)] = times;
  }
  return out;
}

nlohmann::ordered_json breach_failures(const monitors::Monitors& monitors, const World& world, size_t by_events) {
  auto out = nlohmann::ordered_json::array();
  const Trace& trace = world.trace();
  std::optional<Slices> slices;
  if (trace.recording() && !monitors.breaches().empty()) slices.emplace(world);
  for (size_t i = 0; i < monitors.breaches().size(); ++i) {
    const monitors::Breach& breach = monitors.breaches()[i];
    const std::string rule(rules::rule(breach.rule).id);
    nlohmann::ordered_json failure = {{"rule", rule},
                                      {"reason", breach.reason},
                                      {"at_us", breach.at.us},
                                      {"signature", hex64(hash_bytes("monitor " + rule))}};
    if (trace.texts()) failure["story"] = story_to(trace, breach);
    if (slices) {
      failure["slice"] = i < by_events ? slices->to(breach.sequence) : nlohmann::ordered_json::array();
      auto& lanes = failure["lanes"] = nlohmann::ordered_json::array();
      for (LaneId lane : breach.lanes) lanes.push_back(trace.lane_at(lane).name);
    }
    out.push_back(std::move(failure));
  }
  return out;
}

}  // namespace orrery::python
