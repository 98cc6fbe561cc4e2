// WebSockets of one process. A socket is a pair of ends; what one end sends, whoever has the other gets. An end is held
// by JavaScript (or a client), or has left with a response to another host: then it stands for what came of it there,
// a pair of that host's own, and frames pass between the two over the network. So a Worker that hands on the socket
// of an object's answer is a stop on the way and no more, and a socket ends with any host on its way.
//
// Not modelled: the handshake's own round trip, compression, pings, back pressure.
//
// Invariants: frames of one end arrive in the order in which they were sent, the close frame or the loss of the
// connection last, and just one of them; a reader is told of one frame at a time; an end whose holder is gone is lost.
// Source: RFC 6455; durable-objects.md 2.4 and 7.6, platform.md 7.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "platform/runtime/isolate_host.h"
#include "sim/core/ref.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery::worker {

// An end that leaves with a message. `end` 0: none.
struct SocketName {
  host::HostId host = host::kNoHost;
  uint32_t incarnation = 0;
  uint32_t end = 0;
  auto operator<=>(const SocketName&) const = default;
};

// Ends of one process talk and are told of loss here.
struct SocketMessage final : net::Message {
  static constexpr Kind kKind{"socket.frame"};
  explicit SocketMessage(const SocketName& t) : Message(kKind), to(t) {}
  // RFC 6455: at most 14 bytes before what a frame carries.
  uint32_t bytes() const override { return 14 + static_cast<uint32_t>(frame ? frame->size() : 0); }
  SocketName to;
  SocketName taken_by;                     // set: the end has arrived there; no frame
  Ref<const runtime::SocketFrame> frame;
};

// Whoever holds ends of a process and reads them.
class SocketReader {
 public:
  virtual ~SocketReader() = default;
  // A frame has come for an end of this context (a number of the holder's choice); take it with `next`, in a turn of
  // its own, and go on with `read_on`.
  virtual void socket_readable(runtime::ContextId context, uint32_t end) = 0;
};

class WebSockets final : public host::Service, private net::Handler {
 public:
  explicit WebSockets(host::Process& process);

  // A new pair; its ends are the number given and the next.
  uint32_t open_pair();
  // The end is read from now on.
  void accept(uint32_t end, SocketReader& reader, runtime::ContextId context, LaneId lane);
  // Numbers a frame as the next that this end sends; it may leave later.
  void stamp(uint32_t end, runtime::SocketFrame& frame);
  // Sends a frame from this end. After a close frame or the loss of the connection nothing more leaves.
  void send(uint32_t end, const Ref<const runtime::SocketFrame>& frame);
  // The next frame that came for the end; null: none.
  Ref<const runtime::SocketFrame> next(uint32_t end);
  void read_on(uint32_t end);
  // Its holder is gone.
  void drop(uint32_t end);
  // Every WebSocket that leaves this process is cut, without a close frame (a fault): both sides learn that it is lost.
  void cut_all();

  // The end leaves with a message; who takes it there says so.
  SocketName give(uint32_t end);
  // An end that came with a message; its number here.
  uint32_t take(const SocketName& name);
  // The message reached nobody who would take it.
  void refuse(const SocketName& name);

  // Whether there is such an end, or its holder has still to read.
  bool open(uint32_t end) const { return find(end) != nullptr; }
  // Something may still come for an end that is read.
  bool listens(uint32_t end) const;
  // It is read, and the other end of its pair was handed over by whoever made it.
  bool serves(uint32_t end) const;

 private:
  enum class Held : uint8_t { kNot, kReader, kGiven, kWire, kGone };
  struct End {
    Held held = Held::kNot;
    SocketReader* reader = nullptr;
    runtime::ContextId context = runtime::kNoContext;
    LaneId lane = kWorldLane;  // of its reader
    uint32_t stamped = 0;
    SocketName wire;
    std::deque<Ref<const runtime::SocketFrame>> frames;  // that came, for whoever holds it
    bool reading = false;
    bool finished = false;  // nothing more leaves from it
    bool left = false;      // with a message
  };
  struct Pair {
    End ends[2];
    EventHandle untaken;  // what was given out is lost by then
  };

  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_peer_lost(host::HostId peer) override;
  End* find(uint32_t end);
  const End* find(uint32_t end) const { return const_cast<WebSockets*>(this)->find(end); }
  // Names an end of any process for whoever compares frames.
  uint64_t identity(uint32_t end) const;
  bool here(const SocketName& name) const;
  void post(const SocketName& to, Ref<const runtime::SocketFrame> frame);
  void arrive(uint32_t end, End& to, const Ref<const runtime::SocketFrame>& frame);
  void wake(uint32_t end, End& to);
  // Forgets a pair that nothing will pass through any more.
  void clear(uint32_t end);

  host::Process& process_;
  std::map<uint32_t, Pair> pairs_;  // ends are 2n and 2n + 1
  uint32_t last_pair_ = 0;
};

}  // namespace orrery::worker
