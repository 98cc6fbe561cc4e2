#include "platform/worker/web_sockets.h"

#include <utility>

#include "platform/channels.h"
#include "platform/worker/events.h"
#include "sim/core/world.h"

namespace orrery::worker {

using runtime::SocketFrame;
using What = SocketFrame::What;

inline constexpr Site kUntaken{"socket.untaken"};

namespace {
// By then an answer has come or never will: the output gate and the network each give up within 30 seconds.
constexpr Duration kUntakenLimit = minutes(2);

// Source: platform.md 7.
constexpr size_t kLongestMessage = 32 << 20;
constexpr uint16_t kTooLong = 1009;

uint32_t partner(uint32_t end) { return end ^ 1; }
}  // namespace

WebSockets::WebSockets(host::Process& process) : process_(process) {
  process.network().serve(process, kSocketChannel, *this);
}

WebSockets::End* WebSockets::find(uint32_t end) {
  auto it = pairs_.find(end >> 1);
  return it == pairs_.end() ? nullptr : &it->second.ends[end & 1];
}

bool WebSockets::here(const SocketName& name) const {
  return name.host == process_.host_id() && name.incarnation == process_.incarnation();
}

void WebSockets::post(const SocketName& to, Ref<const SocketFrame> frame) {
  auto message = make_ref<SocketMessage>(to);
  message->frame = std::move(frame);
  process_.network().post(process_, to.host, kSocketChannel, std::move(message));
}

// ---- holding ----

uint32_t WebSockets::open_pair() {
  pairs_[++last_pair_];
  return last_pair_ * 2;
}

void WebSockets::accept(uint32_t end, SocketReader& reader, runtime::ContextId context, LaneId lane) {
  End* e = find(end);
  if (!e) return;
  e->held = Held::kReader;
  e->reader = &reader;
  e->context = context;
  e->lane = lane;
  wake(end, *e);
}

uint64_t WebSockets::identity(uint32_t end) const {
  return mix64(uint64_t{process_.host_id()} << 32 | end, process_.incarnation());
}

void WebSockets::stamp(uint32_t end, SocketFrame& frame) {
  End* e = find(end);
  if (!e) return;
  frame.sender = identity(end);
  frame.number = ++e->stamped;
}

void WebSockets::send(uint32_t end, const Ref<const SocketFrame>& frame) {
  End* from = find(end);
  if (!from || from->finished) return;
  from->finished = frame->ends();
  if (from->held == Held::kReader) process_.world().announce(SocketSent{from->lane, *frame});
  arrive(partner(end), *find(partner(end)), frame);
  // Whoever reads the frame at once may have forgotten the pair already.
  if (frame->ends()) clear(end);
}

void WebSockets::arrive(uint32_t end, End& to, const Ref<const SocketFrame>& frame) {
  switch (to.held) {
    case Held::kWire: return post(to.wire, frame);
    case Held::kGone: return;
    default: break;
  }
  to.frames.push_back(frame);
  wake(end, to);
}

void WebSockets::wake(uint32_t end, End& to) {
  if (to.held != Held::kReader || to.reading || to.frames.empty()) return;
  to.reading = true;
  to.reader->socket_readable(to.context, end);
}

Ref<const SocketFrame> WebSockets::next(uint32_t end) {
  End* e = find(end);
  if (!e || e->frames.empty()) return nullptr;
  Ref<const SocketFrame> frame = std::move(e->frames.front());
  e->frames.pop_front();
  process_.world().announce(SocketRead{e->lane, identity(end), *frame});
  return frame;
}

void WebSockets::read_on(uint32_t end) {
  End* e = find(end);
  if (!e) return;
  e->reading = false;
  wake(end, *e);
  clear(end);
}

void WebSockets::drop(uint32_t end) {
  End* e = find(end);
  if (!e || e->held == Held::kGone) return;
  e->held = Held::kGone;
  e->frames.clear();
  send(end, SocketFrame::lost());
  clear(end);
}

void WebSockets::clear(uint32_t end) {
  auto it = pairs_.find(end >> 1);
  if (it == pairs_.end()) return;
  for (const End& e : it->second.ends)
    if (!e.frames.empty() || e.reading || (!e.finished && e.held != Held::kGone)) return;
  process_.world().loop().cancel(it->second.untaken);
  pairs_.erase(it);
}

bool WebSockets::listens(uint32_t end) const {
  const End* e = find(end);
  return e && e->held == Held::kReader && (!e->frames.empty() || e->reading || !find(partner(end))->finished);
}

bool WebSockets::serves(uint32_t end) const {
  return listens(end) && find(partner(end))->left;
}

// ---- leaving ----

SocketName WebSockets::give(uint32_t end) {
  End* e = find(end);
  if (!e) return {};
  e->held = Held::kGiven;
  e->left = true;
  EventHandle& untaken = pairs_.at(end >> 1).untaken;
  process_.world().loop().cancel(untaken);
  untaken = process_.world().loop().schedule_in(kUntakenLimit, kUntaken, process_.owner(), [this, end] {
    End* late = find(end);
    if (late) pairs_.at(end >> 1).untaken = {};
    if (late && late->held == Held::kGiven) drop(end);
  });
  return {process_.host_id(), process_.incarnation(), end};
}

uint32_t WebSockets::take(const SocketName& name) {
  if (here(name)) {
    End* e = find(name.end);
    if (e && e->held == Held::kGiven) {
      e->held = Held::kNot;
      return name.end;
    }
  }
  const uint32_t end = open_pair();
  End& wire = *find(end);
  wire.held = Held::kWire;
  wire.wire = name;
  if (here(name)) {  // gone meanwhile
    drop(end);
    return end + 1;
  }
  auto message = make_ref<SocketMessage>(name);
  message->taken_by = {process_.host_id(), process_.incarnation(), end};
  process_.network().post(process_, name.host, kSocketChannel, std::move(message));
  return end + 1;
}

void WebSockets::refuse(const SocketName& name) {
  if (here(name)) drop(name.end);
  else post(name, SocketFrame::lost());
}

void WebSockets::on_message(host::HostId from, const Ref<const net::Message>& message) {
  const auto& m = message->as<SocketMessage>();
  End* e = here(m.to) ? find(m.to.end) : nullptr;
  if (m.taken_by.end) {
    if (!e || e->held != Held::kGiven) return post(m.taken_by, SocketFrame::lost());
    e->held = Held::kWire;
    e->wire = m.taken_by;
    process_.world().loop().cancel(pairs_.at(m.to.end >> 1).untaken);
    for (auto& frame : std::exchange(e->frames, {})) post(e->wire, std::move(frame));
    return clear(m.to.end);
  }
  if (!e) return;
  if (e->held == Held::kGiven) return drop(m.to.end);  // nobody takes it
  if (e->held != Held::kWire || e->wire.host != from) return;
  if (m.frame->size() > kLongestMessage) {
    ORRERY_SOMETIMES(process_.world(), true, "a WebSocket message is longer than may be");
    post(e->wire, SocketFrame::close(kTooLong, "Message is too large"));
    return drop(m.to.end);
  }
  if (m.frame->what == What::kLost) drop(m.to.end);
  else send(m.to.end, m.frame);
}

void WebSockets::cut_all() {
  std::vector<uint32_t> cut;
  for (const auto& [number, pair] : pairs_)
    for (uint32_t i = 0; i < 2; ++i)
      if (pair.ends[i].held == Held::kWire) cut.push_back(number * 2 + i);
  ORRERY_SOMETIMES(process_.world(), !cut.empty(), "a WebSocket is cut without a close frame");
  for (uint32_t end : cut) {
    const End* e = find(end);
    if (!e || e->held != Held::kWire) continue;
    post(e->wire, SocketFrame::lost());
    drop(end);
  }
}

void WebSockets::on_peer_lost(host::HostId peer) {
  std::vector<uint32_t> lost;
  for (const auto& [number, pair] : pairs_)
    for (uint32_t i = 0; i < 2; ++i)
      if (pair.ends[i].held == Held::kWire && pair.ends[i].wire.host == peer) lost.push_back(number * 2 + i);
  ORRERY_SOMETIMES(process_.world(), !lost.empty(), "a WebSocket is cut because the host at its other end is lost");
  for (uint32_t end : lost) drop(end);
}

}  // namespace orrery::worker
