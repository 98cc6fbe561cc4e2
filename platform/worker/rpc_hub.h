// References between contexts on this host and others: who gave out what, who refers to what, calls along references,
// their end.
//
// A context gives something out under a number (an export); a context to which it came refers to it by another (an
// import), until it lets go. Both ends tell each other: `hold` when a reference arrives, `release` when it ends,
// `broken` when the context that gave it out is no more. When a host is lost, what came from it is broken and what
// went to it is released. A result that calls are made on before it is here (pipelining) is kept by its context until
// all of these are answered.
//
// Invariants: numbers are counters, equal runs give equal numbers; nothing waits for garbage collection; a closed
// context has neither exports nor imports.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/worker/byte_streams.h"
#include "platform/worker/host_workers.h"
#include "sim/net/network.h"

namespace orrery::worker {

// What hosts tell each other about references.
struct ReferenceMessage final : net::Message {
  static constexpr Kind kKind{"rpc.reference"};
  enum class What : uint8_t { kHold, kRelease, kBroken, kFinish };
  ReferenceMessage(What w, const Capability& c) : Message(kKind), what(w), capability(c) {}
  uint32_t bytes() const override { return 48; }
  What what;
  Capability capability;
};

class RpcHub final : public host::Service, private net::Handler {
 public:
  RpcHub(host::Process& process, HostWorkers& workers);

  // The name by which others know what a context gives out under a number.
  Capability of(const WorkerIsolate& worker, const EventContext& context, uint32_t number) const;
  // A context gives something out with a message that leaves; `result`: with the result of a call to it.
  Capability give(WorkerIsolate& worker, EventContext& context, uint32_t number, bool result);
  // Something came to a context; the number by which it refers to it.
  uint32_t take(WorkerIsolate& worker, EventContext& context, const Capability& capability);
  void release(uint32_t import);

  // A call along a reference, or on a result that a context of this host keeps for a caller here.
  void call(WorkerIsolate& worker, runtime::ContextId context, OutgoingCall call);

  // Pipelining, at the caller: an operation is made on the result of another; one has its answer.
  void follow(WorkerIsolate& worker, EventContext& context, runtime::OperationId on, runtime::OperationId operation);
  void answered(WorkerIsolate& worker, runtime::OperationId operation, const AnswerMessage& answer, bool wanted) {
    if (answer.kept.number || !pipelines_.empty() || (!wanted && !answer.capabilities.empty())) [[unlikely]]
      note_answer(worker, operation, answer, wanted);
  }
  // Pipelining, at the callee: the number to keep a result under; that of an earlier call's, 0: there is none.
  uint32_t keep(WorkerIsolate& worker, EventContext& context, runtime::EventId event, const CallName& name);
  uint32_t kept(const CallName& name) const;
  // Puts where the event's result is kept, if it is, into its answer.
  void stamp(WorkerIsolate& worker, EventContext& context, runtime::EventId event, AnswerMessage& answer);

  void context_closed(WorkerIsolate& worker, EventContext& context);
  // The context ends for this reason: whoever reads a stream of its sees it.
  void fail_streams(WorkerIsolate& worker, EventContext& context, const runtime::ErrorInfo& error);
  // What a context gave out did not reach anybody: it takes it back, if nobody holds it.
  void withdraw(WorkerIsolate& worker, EventContext& context, uint32_t number);
  // A part of a stream leaves (byte_streams.h); nobody reads it any more when its reader has let go.
  void send_stream(WorkerIsolate& worker, runtime::OperationId operation, Ref<const StreamMessage> message);
  void read_stream(uint32_t import, runtime::OperationId operation) { streams_.read(import, operation); }

  // Adds to `out` how many references the contexts of this host hold, by their lane ("do:Cart/42"): stubs that
  // nobody has disposed of.
  void count_held(std::map<std::string, uint64_t>& out) const;

 private:
  struct Import {
    Capability from;
    WorkerIsolate* worker = nullptr;
    runtime::ContextId owner = runtime::kNoContext;
    LaneId lane = kWorldLane;
    bool broken = false;
    runtime::ErrorInfo error;
  };
  struct Export {
    host::HostId holder = host::kNoHost;  // not known before it says so
    bool result = false;
  };
  struct Kept {
    Capability place;
    host::HostId caller;
  };
  // Calls under way on a result that has not been let go.
  struct Pipeline {
    runtime::ContextId owner = runtime::kNoContext;
    uint32_t open = 0;
    bool arrived = false;
    Capability kept;
  };
  using Operation = std::pair<uint32_t, runtime::OperationId>;  // worker, operation

  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_peer_lost(host::HostId peer) override;
  void note_answer(WorkerIsolate& worker, runtime::OperationId operation, const AnswerMessage& answer, bool wanted);
  void end_pipeline(const Operation& operation);
  Task<void> deliver(WorkerIsolate& worker, runtime::ContextId context, runtime::OperationId operation,
                     host::HostId to, Ref<const ObjectMessage> message);
  void tell(host::HostId to, ReferenceMessage::What what, const Capability& capability);
  bool here(const Capability& capability) const;
  void broke(uint32_t number, Import& import, runtime::ErrorInfo error);
  void forget(uint32_t number, const Import& import);
  EventContext* context_of(const Capability& capability);
  EventContext* let_go(const Capability& capability, bool result);
  void released(const Capability& capability, bool result, bool is_answer);

  host::Process& process_;
  HostWorkers& workers_;
  ByteStreams streams_;
  std::map<Capability, Export> exports_;
  std::map<uint32_t, Import> imports_;
  std::map<CallName, Kept> kept_;
  std::map<Operation, Pipeline> pipelines_;
  std::map<Operation, Operation> followers_;  // an operation and the one whose result it is made on
  uint32_t last_import_ = 0;
  uint32_t last_kept_ = 0;
  uint64_t last_call_ = 0;
};

}  // namespace orrery::worker
