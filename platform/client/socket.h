// A client's end of a WebSocket: what came waits here until somebody asks for it. A close frame is answered at once, as
// browsers do.
#pragma once

#include <deque>

#include "platform/worker/web_sockets.h"
#include "sim/core/task.h"

namespace orrery::client {

class Socket final : private worker::SocketReader {
 public:
  // Reads the end `end` of `sockets` from now on. `lane`: the client's.
  Socket(World& world, worker::WebSockets& sockets, uint32_t end, LaneId lane);

  // Sends a message or a close frame; false: it is closed, nothing leaves.
  bool send(const Ref<runtime::SocketFrame>& frame);
  // The next frame: a message, or again and again the last one, a close frame or the loss of the connection. Null
  // when none came in time. Whoever asked first is served first.
  Task<Ref<const runtime::SocketFrame>> receive(Duration timeout);
  // Messages pass both ways.
  bool open() const { return !last_ && !closing_; }

 private:
  using Frame = Ref<const runtime::SocketFrame>;
  void socket_readable(runtime::ContextId context, uint32_t end) override;
  Frame next();

  World& world_;
  worker::WebSockets& sockets_;
  uint32_t end_;
  bool closing_ = false;  // a close frame has left
  Frame last_;            // what ended it
  std::deque<Frame> arrived_;
  std::deque<OneShot<Frame>*> waiting_;
};

}  // namespace orrery::client
