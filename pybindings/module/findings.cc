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
    "object.replied",     "durable.deposed",     "durable.session_ended",
    "socket.sent",        "socket.read",
    "kv.write",           "kv.write_failed",     "kv.read",         "kv.conflict",
    "kv.delay",
    "alarm.fired",        "alarm.failed",        "alarm.succeeded",
    "scenario.note",      "fault.begin",         "fault.end",       "host.crash",
    "host.restart",       "net.partition.begin", "net.partition.end"};

// The rule about a limit that an event broke, and what to say; null: none. V8 reports some limits as
// RangeErrors, which are a Worker's to catch; what it does not catch counts.
std::pair<const char*, const char*> limit_of(const worker::EventFailed& e) {
  using Why = worker::EventFailed::Why;
  constexpr const char* kMemory = "a Worker went over its memory limit";
  switch (e.why) {
    case Why::kCpu: return {"RT-CPU-1", "a Worker used up its CPU time"};
    case Why::kMemory: return {"RT-MEM-1", kMemory};
    case Why::kStartup: return {"RT-START-1", "a Worker failed while it started"};
    case Why::kException: break;
  }
  // Passed on by an object to its caller, it was counted where it happened.
  if (e.error.name != "RangeError" || e.error.remote) return {};
  const std::string& message = e.error.message;
  if (message == "Maximum call stack size exceeded")
    return {"RT-STACK-1", "a Worker called itself too deeply"};
  if (message == "Array buffer allocation failed" || message == "Invalid string length")
    return {"RT-MEM-1", kMemory};
  return {};
}

}  // namespace

Findings::Findings(World& world) : world_(world) {
  world.observers().subscribe<worker::EventFailed>(
      [this](const worker::EventFailed& e, const EventContext& context) {
        using Why = worker::EventFailed::Why;
        const std::string lane = world_.trace().lane_at(e.lane).name;
        if (e.why == Why::kException && exceptions_.size() < kMostLines)
          exceptions_.push_back({{"at_us", context.at.us}, {"lane", lane}, {"error", e.text()}});
        auto [rule, what] = limit_of(e);
        if (!rule) return;
        if (!limits_seen_.insert(std::string(rule) + lane).second) return;
        failures_.push_back({{"rule", rule}, {"reason", std::string(what) + ": " + lane + " " + e.text()}});
      });
  world.observers().subscribe<worker::TurnEnded>([this](const worker::TurnEnded& e, const EventContext&) {
    if (e.meter_units > 0) ++turns_;
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

std::map<std::string, uint64_t> Findings::exercised() const {
  if (turns_ == 0) return {};
  return {{"RT-CPU-1", turns_}, {"RT-MEM-1", turns_}, {"RT-STACK-1", turns_}};
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
