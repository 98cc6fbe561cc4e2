#include "platform/worker/byte_streams.h"

#include "platform/channels.h"
#include "platform/worker/errors.h"
#include "sim/net/network.h"

namespace orrery::worker {

inline constexpr Site kRoom{"stream.room"};
inline constexpr Site kRead{"stream.read"};

void ByteStreams::post(host::HostId to, Ref<const StreamMessage> message) {
  process_.network().post(process_, to, kRpcChannel, std::move(message));
}

// ---- writing ----

void ByteStreams::send(WorkerIsolate& worker, runtime::OperationId operation, Ref<const StreamMessage> message) {
  const Capability stream = message->stream;
  Outgoing& out = outgoing_[stream];
  out.worker = &worker;
  out.ended = out.ended || message->what != StreamMessage::What::kChunk;
  out.waiting.push_back(std::move(message));
  if (operation) out.operation = operation;
  flow(stream, out);
}

void ByteStreams::flow(const Capability& stream, Outgoing& out) {
  if (out.reader == host::kNoHost) return;
  // Ends are not charged for.
  while (!out.waiting.empty() &&
         (out.credit > 0 || out.waiting.front()->what != StreamMessage::What::kChunk)) {
    out.credit -= static_cast<int64_t>(out.waiting.front()->chunk.size());
    post(out.reader, std::move(out.waiting.front()));
    out.waiting.pop_front();
  }
  if (!out.operation || !out.waiting.empty() || out.credit <= 0) return;
  out.worker->answer_later(kRoom, stream.context, std::exchange(out.operation, 0), AnswerMessage::of_value(nullptr));
}

void ByteStreams::dropped(const Capability& stream) {
  auto it = outgoing_.find(stream);
  if (it == outgoing_.end()) return;
  if (it->second.operation)
    it->second.worker->answer_later(kRoom, stream.context, it->second.operation,
                                    AnswerMessage::of_error(connection_lost()));
  outgoing_.erase(it);
}

void ByteStreams::fail_all(const Capability& first, const runtime::ErrorInfo& error) {
  for (auto it = outgoing_.lower_bound(first);
       it != outgoing_.end() && it->first.context == first.context && it->first.worker == first.worker;) {
    if (!it->second.ended && it->second.reader != host::kNoHost) {
      auto message = make_ref<StreamMessage>(StreamMessage::What::kError, it->first);
      message->error = error;
      post(it->second.reader, std::move(message));
    }
    it = outgoing_.erase(it);
  }
}

// ---- reading ----

void ByteStreams::take(uint32_t import, WorkerIsolate& worker, runtime::ContextId context, const Capability& from) {
  Incoming& in = incoming_[import];
  in.worker = &worker;
  in.context = context;
  in.from = from;
  imports_[from] = import;
  post(from.host, StreamMessage::grant(from, kStreamWindow));
}

Ref<const AnswerMessage> ByteStreams::next(Incoming& in) {
  const Ref<const StreamMessage> message = in.arrived.front();
  switch (message->what) {
    case StreamMessage::What::kChunk: break;
    case StreamMessage::What::kError: return AnswerMessage::of_error(message->error);
    case StreamMessage::What::kEnd:
    case StreamMessage::What::kCredit: return AnswerMessage::of_cells(make_ref<runtime::Cells>());
  }
  in.arrived.pop_front();
  post(in.from.host, StreamMessage::grant(in.from, static_cast<int64_t>(message->chunk.size())));
  auto cells = make_ref<runtime::Cells>();
  cells->add(runtime::Cell::bytes(message->chunk.bytes));
  return AnswerMessage::of_cells(std::move(cells));
}

void ByteStreams::read(uint32_t import, runtime::OperationId operation) {
  auto it = incoming_.find(import);
  if (it == incoming_.end()) return;
  Incoming& in = it->second;
  if (in.arrived.empty()) in.reader = operation;
  else in.worker->answer_later(kRead, in.context, operation, next(in));
}

void ByteStreams::arrive(Incoming& in, Ref<const StreamMessage> message) {
  in.arrived.push_back(std::move(message));
  if (!in.reader) return;
  const runtime::OperationId operation = std::exchange(in.reader, 0);
  in.worker->answer_later(kRead, in.context, operation, next(in));
}

void ByteStreams::broken(uint32_t import, const runtime::ErrorInfo& error) {
  auto it = incoming_.find(import);
  if (it == incoming_.end()) return;
  auto message = make_ref<StreamMessage>(StreamMessage::What::kError, it->second.from);
  message->error = error;
  arrive(it->second, std::move(message));
}

void ByteStreams::released(uint32_t import) {
  auto it = incoming_.find(import);
  if (it == incoming_.end()) return;
  Incoming& in = it->second;
  if (in.reader)
    in.worker->answer_later(kRead, in.context, in.reader, AnswerMessage::of_error(connection_lost()));
  imports_.erase(in.from);
  incoming_.erase(it);
}

void ByteStreams::on_message(host::HostId from, const Ref<const StreamMessage>& message) {
  if (message->what == StreamMessage::What::kCredit) {
    auto& out = outgoing_[message->stream];
    out.reader = from;
    out.credit += message->credit;
    return flow(message->stream, out);
  }
  auto import = imports_.find(message->stream);
  if (import != imports_.end()) arrive(incoming_.at(import->second), message);
}

}  // namespace orrery::worker
