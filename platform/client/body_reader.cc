#include "platform/client/body_reader.h"

#include "platform/channels.h"
#include "platform/worker/rpc_hub.h"

namespace orrery::client {

using worker::ReferenceMessage;
using worker::StreamMessage;

inline constexpr Site kBodyTimeout{"client.body_timeout"};

BodyReader::BodyReader(host::Process& process) : process_(process) {
  process.network().serve(process, kRpcChannel, *this);
}

void BodyReader::tell(const worker::Capability& stream, Ref<const net::Message> message) {
  process_.network().post(process_, stream.host, kRpcChannel, std::move(message));
}

Task<Ref<Buffer>> BodyReader::read(worker::Capability stream, Duration timeout, std::string& error) {
  Loop& loop = process_.world().loop();
  OneShot<std::string> done(loop);
  open_[stream] = {{}, &done};
  tell(stream, make_ref<ReferenceMessage>(ReferenceMessage::What::kHold, stream));
  tell(stream, StreamMessage::grant(stream, worker::kStreamWindow));
  EventHandle late = loop.schedule_in(timeout, kBodyTimeout, process_.owner(), [&done] { done.set("timed out"); });
  error = co_await done;
  loop.cancel(late);
  auto it = open_.find(stream);
  Ref<Buffer> body;
  if (error.empty()) body = Buffer::copy(it->second.bytes);
  open_.erase(it);
  tell(stream, make_ref<ReferenceMessage>(ReferenceMessage::What::kRelease, stream));
  co_return body;
}

void BodyReader::on_message(host::HostId, const Ref<const net::Message>& message) {
  const bool data = message->kind().hash == StreamMessage::kKind.hash;
  const worker::Capability& stream =
      data ? message->as<StreamMessage>().stream : message->as<ReferenceMessage>().capability;
  auto it = open_.find(stream);
  if (it == open_.end()) return;
  if (!data) return it->second.done->set("the body broke off");
  const auto& part = message->as<StreamMessage>();
  switch (part.what) {
    case StreamMessage::What::kChunk:
      if (it->second.bytes.size() + part.chunk.size() > kLongestBody)
        return it->second.done->set("the body is longer than 64 MiB, the most that is kept of one");
      it->second.bytes += part.chunk.text();
      return tell(stream, StreamMessage::grant(stream, static_cast<int64_t>(part.chunk.size())));
    case StreamMessage::What::kEnd: return it->second.done->set("");
    case StreamMessage::What::kError: return it->second.done->set("the body broke off: " + part.error.message);
    case StreamMessage::What::kCredit: return;
  }
}

void BodyReader::on_peer_lost(host::HostId peer) {
  for (auto& [stream, open] : open_)
    if (stream.host == peer) open.done->set("the body broke off: connection lost");
}

}  // namespace orrery::client
