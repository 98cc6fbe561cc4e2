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

}  // namespace orrery::worker
