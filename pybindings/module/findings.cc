#include "pybindings/module/findings.h"

#include <cstdio>
#include <string_view>

#include "platform/worker/events.h"

namespace orrery::python {

namespace {

constexpr size_t kMostLines = 1000;

// The event kinds of a story; all others are machinery.
constexpr std::string_view kStoryKinds[] = {
    "client.request",     "client.answer",       "console",         "worker.exception",
    "object.started",     "object.ended",        "object.event",    "object.write",
    "object.replied",     "durable.granted",     "durable.deposed", "durable.session_ended",
    "scenario.note",      "fault.begin",         "fault.end",       "host.crash",
    "host.restart",       "net.partition.begin", "net.partition.end"};

}  // namespace

Findings::Findings(World& world) : world_(world) {
  world.observers().subscribe<worker::EventFailed>(
      [this](const worker::EventFailed& e, const EventContext& context) {
        using Why = worker::EventFailed::Why;
        std::string lane = world_.trace().lane_at(e.lane).name;
        if (e.why == Why::kException) {
          if (exceptions_.size() < kMostLines)
            exceptions_.push_back(
                {{"at_us", context.at.us}, {"lane", lane}, {"error", e.text()}});
          return;
        }
        const char* rule = e.why == Why::kCpu      ? "RT-CPU-1"
                           : e.why == Why::kMemory ? "RT-MEM-1"
                                                   : "RT-START-1";
        const char* what = e.why == Why::kCpu      ? "a Worker used up its CPU time"
                           : e.why == Why::kMemory ? "a Worker went over its memory limit"
                                                   : "a Worker failed while it started";
        if (!limits_seen_.insert(std::string(rule) + lane).second) return;
        failures_.push_back({{"rule", rule}, {"reason", std::string(what) + ": " + lane + " " + e.text()}});
      });
  world.observers().subscribe<worker::ConsoleLine>(
      [this](const worker::ConsoleLine& e, const EventContext& context) {
        if (console_.size() >= kMostLines) return;
        console_.push_back({{"at_us", context.at.us},
                            {"lane", world_.trace().lane_at(e.lane).name},
                            {"level", e.level},
                            {"text", e.line},
                            {"source", e.source}});
      });
}

std::string story_line(const Trace& trace, const RecordedEvent& event) {
  char time[32];
  std::snprintf(time, sizeof time, "%3lld.%06lld", static_cast<long long>(event.at.us / 1'000'000),
                static_cast<long long>(event.at.us % 1'000'000));
  return std::string(time) + "  " + trace.lane_at(event.lane).name + "  " + event.text;
}

std::vector<std::string> story_of(const Trace& trace) {
  std::vector<std::string> lines;
  for (const RecordedEvent& event : trace.recorded()) {
    bool wanted = false;
    for (std::string_view kind : kStoryKinds) wanted = wanted || kind == event.kind;
    if (wanted) lines.push_back(story_line(trace, event));
  }
  return lines;
}

}  // namespace orrery::python
