// What an object's life announces, on the object's lane.
#pragma once

#include <string>
#include <string_view>

#include "platform/durable/directory/placement.h"
#include "platform/runtime/error_info.h"
#include "sim/core/trace.h"

namespace orrery::durable {

// An instance began: its constructor is about to run.
struct ObjectStarted {
  static constexpr const char* kKind = "object.started";
  LaneId lane;
  uint64_t epoch;
  host::HostId host;
  std::string_view host_name;
  void fold(Fold& f) const { f.add(epoch).add(host); }
  std::string text() const {
    return "starts on " + std::string(host_name) + " under epoch " + std::to_string(epoch);
  }
};

// Which version of its Worker an instance that began runs; told once a world has seen an upload.
struct ObjectVersion {
  static constexpr const char* kKind = "object.version";
  LaneId lane;
  uint64_t epoch;
  std::string_view version;  // "shop@v2"
  uint32_t rollout;          // the Worker's present rollout (worker/rollout.h),
  bool newer;                // and whether this is the version that it brings
  void fold(Fold& f) const { f.add(version); }
  std::string text() const { return "runs " + std::string(version); }
};

// Why an instance ended: a new version of its Worker, or nobody had used it for a while.
inline constexpr std::string_view kUpdateEnd = "its code was updated";
inline constexpr std::string_view kIdleEnd = "evicted after being idle";
inline constexpr std::string_view kMoveEnd = "moved to another point of presence";

// The instance begins with the database as it was after log entry `index`; that is entry `entry`.
struct ObjectRestored {
  static constexpr const char* kKind = "object.restored";
  LaneId lane;
  uint64_t epoch;
  uint64_t index;
  uint64_t entry;
  void fold(Fold& f) const { f.add(epoch).add(index).add(entry); }
  std::string text() const { return "is restored as of log entry " + std::to_string(index); }
};

// An instance is gone: evicted, reset or lost with its host's session.
struct ObjectEnded {
  static constexpr const char* kKind = "object.ended";
  LaneId lane;
  uint64_t epoch;
  std::string_view why;
  void fold(Fold& f) const { f.add(epoch).add(why); }
  std::string text() const { return "ends: " + std::string(why); }
};

// An event (request, call) was delivered into JavaScript.
struct ObjectEvent {
  static constexpr const char* kKind = "object.event";
  LaneId lane;
  uint64_t epoch;
  host::HostId caller;      // the host it came from,
  uint64_t caller_context;  // the context there whose JavaScript called,
  uint64_t number;          // and the place of this call among those of that context
  std::string_view method;
  std::string_view what;
  bool within = false;  // a call on what an open critical section gave out: it is part of the section
  void fold(Fold& f) const { f.add(method).add(what); }
  std::string text() const { return std::string(method) + " " + std::string(what); }
};

// A storage write was issued by JavaScript, into this batch.
struct ObjectWrite {
  static constexpr const char* kKind = "object.write";
  LaneId lane;
  uint64_t epoch;
  uint64_t batch;
  bool confirmed;              // answers after it wait for its durability
  std::string_view operation;  // "put", "delete", "sql"
  std::string_view key;        // or the statement
  std::string_view source;     // "src/index.ts:17" while recording, else empty
  void fold(Fold& f) const { f.add(batch).add(operation).add(key); }
  std::string text() const {
    std::string out = std::string(operation) + " " + std::string(key);
    if (!source.empty()) out += "    " + std::string(source);
    return out;
  }
};

// What ObjectWrite says of changes of the alarm besides "setAlarm" (its key is the time) and "deleteAlarm": the
// platform itself deletes it, after its handler's success or because it is given up; "deleteAll" takes it along.
inline constexpr std::string_view kAlarmSettled = "settleAlarm";
inline constexpr std::string_view kAlarmToo = "and the alarm";

// alarm() has come to its end in JavaScript: it returned, or threw.
struct AlarmHandlerEnded {
  static constexpr const char* kKind = "object.alarm_end";
  LaneId lane;
  uint64_t epoch;
  bool well;
  void fold(Fold& f) const { f.add(epoch).add(well); }
  std::string text() const { return well ? "alarm() returns" : "alarm() throws"; }
};

// JavaScript began a transaction, or ended one; they nest.
struct SavepointBegan {
  static constexpr const char* kKind = "object.savepoint";
  LaneId lane;
  uint64_t epoch;
  void fold(Fold& f) const { f.add(epoch); }
  std::string text() const { return "a transaction begins"; }
};
struct SavepointEnded {
  static constexpr const char* kKind = "object.savepoint_end";
  LaneId lane;
  uint64_t epoch;
  bool rolled_back;
  uint64_t locks;  // the batch that outputs wait for from now on, or 0
  void fold(Fold& f) const { f.add(epoch).add(rolled_back).add(locks); }
  std::string text() const { return rolled_back ? "a transaction is rolled back" : "a transaction ends"; }
};

// A batch was committed locally and entered the log at `index`.
struct ObjectCommitted {
  static constexpr const char* kKind = "object.committed";
  LaneId lane;
  uint64_t epoch;
  uint64_t batch;
  uint64_t index;
  void fold(Fold& f) const { f.add(epoch).add(batch).add(index); }
  std::string text() const { return "committed as log entry " + std::to_string(index); }
};

// One of an instance that has ended, which had waited for the alarm scheduler: it enters the log all the same.
struct LateCommitted {
  ObjectCommitted commit;
};

// JavaScript gave an answer or made a call while the output gate was closed: it waits as output number
// `output` of this instance.
struct ObjectOutputHeld {
  static constexpr const char* kKind = "object.held";
  LaneId lane;
  uint64_t epoch;
  uint64_t output;
  void fold(Fold& f) const { f.add(epoch).add(output); }
  std::string text() const { return "output " + std::to_string(output) + " waits at the gate"; }
};

// A call left the object. `output` is its number if it had to wait, else 0.
struct ObjectCalled {
  static constexpr const char* kKind = "object.called";
  LaneId lane;
  uint64_t epoch;
  uint64_t output;
  std::string_view method;
  std::string_view what;
  void fold(Fold& f) const { f.add(epoch).add(output); }
  std::string text() const { return "calls " + std::string(method) + " " + std::string(what); }
};

// A frame of a WebSocket was delivered into JavaScript.
struct ObjectMessage {
  static constexpr const char* kKind = "object.message";
  LaneId lane;
  uint64_t epoch;
  bool within = false;  // of a socket that was accepted in the section that is open
  void fold(Fold& f) const { f.add(epoch); }
  std::string text() const { return "a WebSocket message is delivered"; }
};

// A part of a stream, or a frame of a WebSocket, left the object: so many bytes, none for its end. `output` as in
// ObjectCalled.
struct ObjectStreamed {
  static constexpr const char* kKind = "object.streamed";
  LaneId lane;
  uint64_t epoch;
  uint64_t output;
  uint64_t bytes;
  bool frame = false;
  void fold(Fold& f) const { f.add(epoch).add(output).add(bytes); }
  std::string text() const {
    if (frame) return "a WebSocket frame of " + std::to_string(bytes) + " bytes leaves";
    return bytes ? "streams " + std::to_string(bytes) + " bytes" : std::string("ends a stream");
  }
};

// The callback of a critical section (blockConcurrencyWhile) is about to run, or is over.
struct SectionBegan {
  static constexpr const char* kKind = "object.section";
  LaneId lane;
  uint64_t epoch;
  uint32_t section;
  int depth;
  void fold(Fold& f) const { f.add(section).add(static_cast<uint64_t>(depth)); }
  std::string text() const { return "critical section " + std::to_string(section) + " begins"; }
};
struct SectionEnded {
  static constexpr const char* kKind = "object.section_end";
  LaneId lane;
  uint64_t epoch;
  uint32_t section;
  void fold(Fold& f) const { f.add(section); }
  std::string text() const { return "critical section " + std::to_string(section) + " ends"; }
};

// An answer left the object. `needs_batch` is the last batch it had to wait for.
struct ObjectReplied {
  static constexpr const char* kKind = "object.replied";
  LaneId lane;
  uint64_t epoch;
  uint64_t needs_batch;
  uint64_t output;  // its number if it had to wait, else 0
  bool gated;       // false only for an exception thrown by a method (2.4)
  int status;  // HTTP status; 0 for a value, -1 for an error
  std::string_view text_of_it;
  void fold(Fold& f) const { f.add(needs_batch).add(static_cast<uint64_t>(status)); }
  std::string text() const {
    return "replies " + (status > 0 ? std::to_string(status) : std::string(status ? "error" : "value")) +
           (text_of_it.empty() ? "" : " " + std::string(text_of_it.substr(0, 60)));
  }
};

}  // namespace orrery::durable
