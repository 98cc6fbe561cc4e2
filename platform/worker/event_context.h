// What one context (a stateless event, or a Durable Object for its whole life) does with what its
// JavaScript asks for. The isolate is shared by many contexts; WorkerIsolate finds the right one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platform/runtime/isolate_host.h"
#include "platform/worker/jurisdiction.h"
#include "platform/worker/messages.h"
#include "sim/core/trace.h"

namespace orrery::net {
class Caller;
}

namespace orrery::worker {

// A call that JavaScript made and waits for. Owns everything it names.
struct OutgoingCall {
  runtime::OperationId operation = 0;
  runtime::TargetKind target = runtime::TargetKind::kGlobalFetch;
  uint32_t binding = 0;
  uint32_t stub = 0;
  runtime::ObjectId id;
  std::string object_name;
  LocationHint hint = LocationHint::kNone;
  bool primary_only = false;  // not for a read replica
  Ref<const runtime::HttpRequest> request;  // null: a method call
  std::string method;
  Ref<Buffer> arguments;
  Ref<RpcInfo> rpc;  // of a method call
  // An operation of a service's binding: its arguments, and whether it waits for an object's output gate.
  Ref<const runtime::Cells> cells;
  bool gated = true;
  uint8_t depth = 1;  // of the context that calls
  uint64_t epoch = 0;  // of the instance that answered the stub last
};

// How many Workers and objects may stand in one chain of calls, each waiting for the next. Source: platform.md
// 1.4 (CF-EW-Via), measured in production at 16.
inline constexpr uint8_t kMaxCallDepth = 16;

// Why an isolate is thrown away: one of its contexts went over a limit, or its code was replaced.
enum class IsolateEnd : uint8_t { kMemory, kCpu, kCodeUpdated };

class EventContext {
 public:
  virtual ~EventContext() = default;

  runtime::ContextId context_id() const { return context_id_; }
  LaneId lane() const { return lane_; }
  // Its place in the chain of calls: 1 for an event that came from outside.
  uint8_t depth() const { return depth_; }

  // Answers to events that were dispatched into this context.
  virtual void respond(runtime::EventId, Ref<const runtime::HttpResponse>) = 0;
  virtual void respond_value(runtime::EventId, Ref<Buffer>) = 0;
  virtual void respond_error(runtime::EventId, const runtime::ErrorInfo&) = 0;
  // The result of a method call, in its general form.
  virtual void respond_rpc(runtime::EventId, Ref<AnswerMessage> answer) = 0;

  // ---- for RpcHub
  // A call on something that the context gave out, or on a result that it keeps.
  virtual void rpc_arrived(const net::Caller& caller, Ref<const ObjectMessage> message) = 0;
  // It gives something out under this number: lets a context remember the critical section that does.
  virtual void rpc_given(uint32_t) {}
  // Nobody refers any more to what it gave out under this number, or to a kept result.
  virtual void rpc_released(uint32_t number, bool is_result) = 0;
  // References that others have, kept results included; those of its own results alone.
  uint32_t given() const { return given_; }
  uint32_t given_results() const { return given_results_; }

  // JavaScript calls out: now for stateless contexts, past the output gate for objects.
  virtual void call(OutgoingCall call) = 0;
  // A part of a stream leaves: now for stateless contexts, past the output gate for objects. The operation (0: none)
  // is answered when more may follow.
  virtual void stream(runtime::OperationId operation, Ref<const struct StreamMessage> message) = 0;
  // A frame of a WebSocket leaves: now for stateless contexts, past the output gate for objects.
  virtual void send_frame(uint32_t end, Ref<const runtime::SocketFrame> frame) = 0;
  // An end is read from now on: lets a context remember the critical section it was accepted in.
  virtual void socket_accepted(uint32_t) {}
  // A frame has come for an end: WorkerIsolate::read_socket in a turn.
  virtual void socket_readable(uint32_t end) = 0;
  // The answer to a call came back: resolve its promise in a turn.
  virtual void settle(runtime::OperationId operation, Ref<const AnswerMessage> answer) = 0;
  // A timer is due.
  virtual void timer_due(runtime::TimerId timer) = 0;
  virtual void wait_until_changed(int pending) = 0;
  // An operation began that is no call: lets a context remember the critical section it was started in.
  virtual void operation_started(runtime::OperationId) {}
  // setTimeout began: lets a context remember the critical section it was started in.
  virtual void timer_started(runtime::TimerId) {}

  // blockConcurrencyWhile; only objects have it.
  virtual runtime::SectionId begin_section() { return 0; }
  virtual void end_section(runtime::SectionId, const runtime::ErrorInfo*) {}
  virtual void aborted(const runtime::ErrorInfo&) {}
  // The isolate is gone with every context in it: no JavaScript of it runs any more.
  virtual void isolate_lost(IsolateEnd why) = 0;

 protected:
  friend class WorkerIsolate;
  friend class RpcHub;
  runtime::ContextId context_id_ = runtime::kNoContext;
  LaneId lane_ = kWorldLane;
  uint8_t depth_ = 1;
  uint32_t timers_ = 0;       // that have not fired
  // Stubs whose object broke, and how: every later call through them fails with that (7.5).
  std::map<uint32_t, runtime::ErrorInfo> broken_stubs_;
  // Which instance answered a stub last, of those used latest: a stub breaks with its object even when idle (7.5).
  // A context that uses more stubs than this forgets the oldest.
  void note_served(uint32_t stub, uint64_t epoch);
  // The epoch of that instance; 0: not known.
  uint64_t served_by(uint32_t stub) const;
  std::vector<std::pair<uint32_t, uint64_t>> served_stubs_;  // in order of first use
  uint32_t subrequests_ = 0;  // made since the last event came
  uint32_t given_ = 0;
  uint32_t given_results_ = 0;
  std::vector<uint32_t> sockets_;  // ends of WebSockets that it holds, or held
  bool has_references_ = false;  // RpcHub knows of references from or to it
  // Events whose results are kept, and under which number, until they are answered.
  std::vector<std::pair<runtime::EventId, uint32_t>> keeping_;
};

inline uint64_t EventContext::served_by(uint32_t stub) const {
  for (auto it = served_stubs_.rbegin(); it != served_stubs_.rend(); ++it)
    if (it->first == stub) return it->second;
  return 0;
}

inline void EventContext::note_served(uint32_t stub, uint64_t epoch) {
  constexpr size_t kRemembered = 64;
  for (auto it = served_stubs_.rbegin(); it != served_stubs_.rend(); ++it)
    if (it->first == stub) return void(it->second = epoch);
  if (served_stubs_.size() == kRemembered) served_stubs_.erase(served_stubs_.begin());
  served_stubs_.emplace_back(stub, epoch);
}

}  // namespace orrery::worker
