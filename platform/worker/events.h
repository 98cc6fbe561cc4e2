// What Workers announce: turns, console lines, failures. Lanes: an object's own ("do:Cart/42") for its
// context, the isolate's ("isolate:FRA/2/shop@v3") for stateless events.
#pragma once

#include <string>
#include <string_view>

#include "platform/runtime/error_info.h"
#include "platform/runtime/socket_frame.h"
#include "platform/runtime/source_position.h"
#include "sim/core/trace.h"

namespace orrery::worker {

// One JavaScript turn ended.
struct TurnEnded {
  static constexpr const char* kKind = "worker.turn";
  LaneId lane;
  const char* why;  // "fetch", "rpc", "timer", ...
  int64_t meter_units;
  uint32_t clock_reads;    // of Date.now() and its like
  int64_t clock_moved_ms;  // between the first and the last of them
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(meter_units)); }
  std::string text() const {
    return std::string("turn (") + why + ") " + std::to_string(meter_units) + " units";
  }
};

// A console line, or a warning of the runtime about the user's code.
struct ConsoleLine {
  static constexpr const char* kKind = "console";
  LaneId lane;
  std::string_view level;
  std::string_view line;
  std::string_view source;  // "src/index.ts:17" or empty
  void fold(Fold& f) const { f.add(level).add(line); }
  std::string text() const {
    std::string out = "console." + std::string(level) + "  " + std::string(line);
    if (!source.empty()) out += "    " + std::string(source);
    return out;
  }
};

// An event ended in an exception that its handler did not catch, or in a limit.
struct EventFailed {
  static constexpr const char* kKind = "worker.exception";
  enum class Why : uint8_t { kException, kCpu, kMemory, kStartup };
  LaneId lane;
  Why why;
  const runtime::ErrorInfo& error;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(why)).add(error.message); }
  std::string text() const {
    static constexpr const char* kWhy[] = {"uncaught", "CPU limit", "memory limit", "start-up"};
    std::string out = std::string(kWhy[static_cast<int>(why)]) + ": " + error.text();
    // The innermost frame with a place; built-ins have none.
    size_t line = error.stack.find("    at ");
    while (line != std::string::npos &&
           error.stack.substr(line, error.stack.find('\n', line) - line).ends_with("(<anonymous>)"))
      line = error.stack.find("    at ", line + 1);
    if (line != std::string::npos) {
      size_t end = error.stack.find('\n', line);
      out += "  " + error.stack.substr(line + 4, end == std::string::npos ? end : end - line - 4);
    }
    return out;
  }
};

// A frame of a WebSocket left whoever has an end of it (a client, an object, a Worker), or came to them.
struct SocketSent {
  static constexpr const char* kKind = "socket.sent";
  LaneId lane;
  const runtime::SocketFrame& frame;
  void fold(Fold& f) const { f.add(frame.number).add(frame.shown()); }
  std::string text() const { return "sends by WebSocket: " + frame.shown(); }
};
struct SocketRead {
  static constexpr const char* kKind = "socket.read";
  LaneId lane;
  uint64_t reader;  // names the end
  const runtime::SocketFrame& frame;
  void fold(Fold& f) const { f.add(frame.number).add(frame.shown()); }
  std::string text() const { return "gets by WebSocket: " + frame.shown(); }
};

// A version of a Worker was uploaded, for this share of its work (in millionths).
struct Deployed {
  static constexpr const char* kKind = "worker.deployed";
  LaneId lane;
  std::string_view version;  // "shop@v2"
  uint32_t share;
  void fold(Fold& f) const { f.add(version).add(share); }
  std::string text() const {
    return std::string(version) + " is deployed" +
           (share == 1'000'000 ? "" : " for " + std::to_string(share) + " in a million");
  }
};

// A migration deleted a class: every object of it is gone, with all that it stored and its alarms.
struct ClassDeleted {
  static constexpr const char* kKind = "worker.class_deleted";
  LaneId lane;
  std::string_view label;  // application.h
  void fold(Fold& f) const { f.add(label); }
  std::string text() const { return "the class " + std::string(label) + " is deleted, and all its objects with it"; }
};

// An upload that the timeline planned was refused: nothing changed.
struct DeployRefused {
  static constexpr const char* kKind = "worker.deploy_refused";
  LaneId lane;
  std::string_view why;
  void fold(Fold& f) const { f.add(why); }
  std::string text() const { return "a deployment is refused: " + std::string(why); }
};

}  // namespace orrery::worker
