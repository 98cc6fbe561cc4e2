// Streams of bytes from one context to another: a body that is still being written when its message leaves, a stream
// among the values of a method call.
//
// A stream is something that a context gave out (capability.h), so that it begins, ends and breaks like any
// reference; what is here is its data. The reader grants how many bytes may be under way, once when it takes the
// stream and again as JavaScript reads; the writer's promise waits while nothing is granted. Each chunk leaves a
// Durable Object as an output of its own: it waits for the writes before it, not for later ones
// (durable-objects.md 2.4, 2.5).
//
// Invariants: chunks arrive in order, then the end or an error; nothing arrives before the reader took the stream;
// an operation that waits here is always answered, or its context is gone.
#pragma once

#include <deque>
#include <map>

#include "platform/worker/messages.h"
#include "platform/worker/worker_isolate.h"

namespace orrery::worker {

// How many bytes a reader lets come before it has read any. The real one is TCP's and its buffers' affair.
inline constexpr int64_t kStreamWindow = 256 * 1024;

struct StreamMessage final : net::Message {
  static constexpr Kind kKind{"rpc.stream"};
  enum class What : uint8_t { kChunk, kEnd, kError, kCredit };
  StreamMessage(What w, const Capability& s) : Message(kKind), what(w), stream(s) {}
  uint32_t bytes() const override {
    return 48 + static_cast<uint32_t>(chunk.size() + error.message.size());
  }
  What what;
  Capability stream;
  runtime::HttpBody chunk;
  runtime::ErrorInfo error;
  int64_t credit = 0;  // bytes more that may come

  // Lets so many bytes more come.
  static Ref<const StreamMessage> grant(const Capability& stream, int64_t bytes) {
    auto message = make_ref<StreamMessage>(What::kCredit, stream);
    message->credit = bytes;
    return message;
  }
};

class ByteStreams {
 public:
  explicit ByteStreams(host::Process& process) : process_(process) {}

  // ---- the writer's side, by what its context gave out
  // A chunk, the end or an error of the stream `message->stream` leaves. The operation (0: none) is answered when
  // there is room for more.
  void send(WorkerIsolate& worker, runtime::OperationId operation, Ref<const StreamMessage> message);
  // The reader has let go.
  void dropped(const Capability& stream);
  // The context ends: readers of what it has not ended see why.
  void fail_all(const Capability& first_of_context, const runtime::ErrorInfo& error);

  // ---- the reader's side, by the number of an import
  void take(uint32_t import, WorkerIsolate& worker, runtime::ContextId context, const Capability& from);
  // Answered with cells: the next chunk, none at the end.
  void read(uint32_t import, runtime::OperationId operation);
  // Nothing more will come.
  void broken(uint32_t import, const runtime::ErrorInfo& error);
  void released(uint32_t import);

  void on_message(host::HostId from, const Ref<const StreamMessage>& message);

 private:
  struct Outgoing {
    WorkerIsolate* worker = nullptr;
    host::HostId reader = host::kNoHost;  // not known before it has granted something
    int64_t credit = 0;
    std::deque<Ref<const StreamMessage>> waiting;
    runtime::OperationId operation = 0;  // waits for room
    bool ended = false;
  };
  struct Incoming {
    WorkerIsolate* worker = nullptr;
    runtime::ContextId context = runtime::kNoContext;
    Capability from;
    std::deque<Ref<const StreamMessage>> arrived;
    runtime::OperationId reader = 0;  // waits for the next chunk
  };
  void post(host::HostId to, Ref<const StreamMessage> message);
  void flow(const Capability& stream, Outgoing& out);
  void arrive(Incoming& in, Ref<const StreamMessage> message);
  // What is next in line goes to the operation.
  Ref<const AnswerMessage> next(Incoming& in);

  host::Process& process_;
  std::map<Capability, Outgoing> outgoing_;
  std::map<uint32_t, Incoming> incoming_;
  std::map<Capability, uint32_t> imports_;
};

}  // namespace orrery::worker
