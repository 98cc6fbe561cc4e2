// The network between hosts: ordered reliable streams between process incarnations, with request
// and reply on top. A stream (from incarnation, to incarnation, channel) delivers in order; loss
// shows as delay (retransmission), a partition holds messages back until it heals, and a stream
// without progress for `kStreamTimeout`, or whose peer crashed, breaks: what was in flight may or
// may not have arrived.
//
// Delay = table between the two points of presence + jitter + faults; every draw is a decision
// whose cause is the sending event. Partitions are named, symmetric or one way. A host reaches
// itself after `kLoopbackDelay`, whatever the faults.
//
// Not modelled: connection set-up (a first message takes one delay like any other), congestion
// other than a bandwidth fault, datagrams.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/task.h"
#include "sim/host/host.h"
#include "sim/net/geography.h"
#include "sim/net/message.h"

namespace orrery::net {

// A service's address on every host. Declare one constant each:
//   inline constexpr Channel kFollower{"durable.follower", 3};
// Indices are small, dense and unique over the platform (platform/channels.h lists them).
struct Channel {
  const char* name;
  uint32_t index;
};
inline constexpr uint32_t kMaxChannels = 32;

// A stream with something to deliver or acknowledge and no way through for so long breaks.
inline constexpr Duration kStreamTimeout = seconds(15);

enum class CallError {
  kUnreachable,  // the request surely never was handled (refused: host down, no such service; or it
                 // never left, for want of a connection)
  kDisconnected,  // the stream broke while waiting: it may or may not have been handled
  kTimeout,       // no answer in time: it may or may not have been handled, or may be handled later
};
const char* to_string(CallError error);

struct Reply {
  Ref<const Message> message;  // null when failed
  CallError error = CallError::kTimeout;
  bool ok() const { return static_cast<bool>(message); }
};

// The receiving side of a call: answer exactly once, now or later, or drop it (then the caller sees
// a disconnect if the process dies, else its timeout). Copyable handle, safe after either side
// dies.
class Caller {
 public:
  Caller() = default;
  host::HostId from() const { return from_; }
  // A null message is not allowed: failures are messages of their own.
  void reply(Ref<const Message> message) const;

 private:
  friend class Network;
  class Network* network_ = nullptr;
  host::HostId from_ = host::kNoHost;
  uint64_t call_ = 0;
};

// A handler of one channel in one process. Runs as an event of that process at delivery.
class Handler {
 public:
  virtual ~Handler() = default;
  // A one-way message.
  virtual void on_message(host::HostId from, const Ref<const Message>& message) {
    (void)from;
    (void)message;
  }
  // A request.
  virtual void on_call(const Caller& caller, const Ref<const Message>& message) {
    (void)caller;
    (void)message;
  }
  // The stream from this peer broke (crash, partition longer than the timeout). Said once a break,
  // as soon as this side can know; only if the channel was in use with that peer, in either
  // direction.
  virtual void on_peer_lost(host::HostId peer) { (void)peer; }
};

// Where replies go when no coroutine waits: a fan-out to followers keeps one sink and tells calls
// apart by token. Must outlive its calls, or `forget` them.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // Exactly once a call, as an event of the calling process, unless forgotten or the process dies.
  virtual void on_reply(uint64_t token, Reply reply) = 0;
};

// A call under way; a copyable handle, harmless after the call ended. Default: none.
struct PendingCall {
  uint32_t index = UINT32_MAX;
  uint32_t generation = 0;
};

// Which hosts a fault of the network touches, hosts not made yet included. Names: a host
// ("host:FRA/2", "client/1"), all cloud hosts of a point of presence ("FRA" or "pop:FRA"), every
// name with a prefix ("client/*"), everything ("*"). Or a predicate: a fixed property of a host,
// asked again at will.
struct Endpoints {
  std::vector<std::string> names = {};
  std::function<bool(const host::Host&)> predicate = {};

  bool empty() const { return names.empty() && !predicate; }
};

// What a fault does to the links from one set of hosts to another. Faults on one link add up.
struct LinkFault {
  bool blocked = false;        // nothing passes
  Duration extra_delay = {0};  // on each message
  Ratio loss = {0, 1};         // each loss of a packet costs a retransmission: 200 ms, doubling
  Ratio tail = {0, 1};         // this share of messages is late by up to `tail_delay`
  Duration tail_delay = {0};
  int64_t bytes_per_second = 0;  // 0: no limit; messages of one sending host queue for it
  bool inbound = false;          // of a one-way fault: from b to a instead
  // Only between hosts of the cloud in different points of presence; an empty `a` then means all of them.
  bool backbone = false;
};

class Network {
 public:
  virtual ~Network() = default;

  // Registers the handler for a channel in this process; it must live as long as the process.
  virtual void serve(host::Process& process, const Channel& channel, Handler& handler) = 0;

  // Sends one way, ordered with everything else this process sends to that host on that channel.
  // Dropped silently if the host is down.
  virtual void post(host::Process& from, host::HostId to, const Channel& channel,
                    Ref<const Message> message) = 0;

  // Request and reply. Requests of one process to one host on one channel arrive in order. The
  // request leaves when the task is awaited. The awaiting task may be destroyed at any time. A
  // timeout of zero or less means none (a break still ends the wait).
  virtual Task<Reply> call(host::Process& from, host::HostId to, const Channel& channel,
                           Ref<const Message> message, Duration timeout) = 0;
  // The same without a coroutine: the request leaves now, `sink` hears of the end.
  virtual PendingCall request(host::Process& from, host::HostId to, const Channel& channel,
                              Ref<const Message> message, Duration timeout, ReplySink& sink,
                              uint64_t token) = 0;
  // The sink will not hear of this call. The request may be handled all the same.
  virtual void forget(PendingCall& call) = 0;

  // Those outside the cloud (clients, origins) are hosts of their own: `Hosts::outside(pop, name)`.

  // Faults, each an event of its own like a crash. `name` is chosen by whoever makes it and ends it
  // by `heal`; a second fault of the same name replaces the first. An empty `b` means everyone not
  // in `a`. Hosts within `a` are never cut from each other, nor are those within `b` if `b` is
  // given.
  virtual void partition(std::string_view name, Endpoints a, Endpoints b, bool one_way = false) = 0;
  // `fault.blocked` is a partition as well.
  virtual void degrade(std::string_view name, Endpoints a, Endpoints b, bool one_way,
                       const LinkFault& fault) = 0;
  // Ends this fault; false if there is none of that name. What was held is delivered in order.
  virtual bool heal(std::string_view name) = 0;
  virtual void heal_all() = 0;
  // All connections of this host break, as when packets for it or from it come out elsewhere: it knows at once, each peer
  // when it hears of it. New ones are made as ever.
  virtual void reset(host::HostId host) = 0;
  // Would a message sent now from one to the other pass (not counting down hosts)?
  virtual bool connected(host::HostId from, host::HostId to) const = 0;

  // The faults by which it would not, by name.
  virtual std::vector<std::string> blocked_by(host::HostId from, host::HostId to) const = 0;

  virtual const Geography& geography() const = 0;
  // Why this is not the name of an endpoint, or empty if it is.
  virtual std::string explain_endpoint(std::string_view name) const = 0;

  // Figures of this world so far.
  struct Statistics {
    uint64_t sent = 0, delivered = 0, held = 0, broken = 0, refused = 0, stale = 0;
    uint64_t in_flight = 0, calls_open = 0;
  };
  virtual Statistics statistics() const = 0;

 protected:
  friend class Caller;
  virtual void answer(const Caller& caller, Ref<const Message> message) = 0;
  static Caller make_caller(Network* network, host::HostId from, uint64_t call) {
    Caller c;
    c.network_ = network;
    c.from_ = from;
    c.call_ = call;
    return c;
  }
  static uint64_t call_of(const Caller& c) { return c.call_; }
};

inline void Caller::reply(Ref<const Message> message) const {
  network_->answer(*this, std::move(message));
}

// The network of a world; attaches itself to `hosts`, which must outlive it, and so must
// `geography`. Its end shuts all processes down.
std::unique_ptr<Network> make_network(World& world, host::Hosts& hosts, const Geography& geography);

}  // namespace orrery::net
