#include "platform/client/socket.h"

#include <algorithm>

namespace orrery::client {

using runtime::SocketFrame;
using What = SocketFrame::What;

inline constexpr Site kReceive{"client.socket_receive"};

Socket::Socket(World& world, worker::WebSockets& sockets, uint32_t end, LaneId lane)
    : world_(world), sockets_(sockets), end_(end) {
  sockets_.accept(end_, *this, runtime::kNoContext, lane);
}

bool Socket::send(const Ref<SocketFrame>& frame) {
  if (!open()) return false;
  closing_ = frame->ends();
  sockets_.stamp(end_, *frame);
  sockets_.send(end_, frame);
  return true;
}

void Socket::socket_readable(runtime::ContextId, uint32_t) {
  const Frame frame = sockets_.next(end_);
  if (frame->what == What::kClose && !closing_) send(SocketFrame::close(frame->code, frame->reason));
  if (frame->ends()) last_ = frame;
  else arrived_.push_back(frame);
  while (!waiting_.empty() && (last_ || !arrived_.empty())) {
    OneShot<Frame>* waiter = waiting_.front();
    waiting_.pop_front();
    waiter->set(next());
  }
  sockets_.read_on(end_);
}

Socket::Frame Socket::next() {
  if (arrived_.empty()) return last_;
  Frame frame = std::move(arrived_.front());
  arrived_.pop_front();
  return frame;
}

Task<Ref<const SocketFrame>> Socket::receive(Duration timeout) {
  if (last_ || !arrived_.empty()) co_return next();
  OneShot<Frame> came(world_.loop());
  waiting_.push_back(&came);
  EventHandle late = world_.loop().schedule_in(timeout, kReceive, kWorldOwner, [this, &came] {
    std::erase(waiting_, &came);
    came.set(Frame());
  });
  Frame frame = co_await came;
  world_.loop().cancel(late);
  co_return frame;
}

}  // namespace orrery::client
