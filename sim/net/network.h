// The network between hosts: ordered reliable streams between process incarnations, with request and
// reply on top. A stream (from incarnation, to incarnation, channel) delivers in order; loss shows as
// delay (retransmission), a partition holds messages back until it heals, and a stream without progress
// for `kStreamTimeout`, or whose peer crashed, breaks: what was in flight may or may not have arrived.
//
// Delay = table between the two points of presence + jitter + faults; every draw is a decision whose
// cause is the sending event. Partitions are named, symmetric or one way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/task.h"
#include "sim/host/host.h"
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

enum class CallError {
  kUnreachable,   // the request surely never arrived (refused: host down, no such service)
  kDisconnected,  // the stream broke while waiting: it may or may not have been handled
  kTimeout,       // no answer in time: it may or may not have been handled
};
const char* to_string(CallError error);

struct Reply {
  Ref<const Message> message;  // null when failed
  CallError error = CallError::kTimeout;
  bool ok() const { return static_cast<bool>(message); }
};

// The receiving side of a call: answer exactly once, now or later, or drop it (then the caller sees
// a disconnect if the process dies, else its timeout). Copyable handle, safe after either side dies.
class Caller {
 public:
  host::HostId from() const { return from_; }
  void reply(Ref<const Message> message) const;

 private:
  friend class Network;
  class Network* network_ = nullptr;
  host::HostId from_ = 0;
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
  // The stream from this peer broke (crash, partition longer than the timeout).
  virtual void on_peer_lost(host::HostId peer) { (void)peer; }
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

  // Request and reply. Requests of one process to one host on one channel arrive in order. The awaiting
  // task may be destroyed at any time.
  virtual Task<Reply> call(host::Process& from, host::HostId to, const Channel& channel,
                           Ref<const Message> message, Duration timeout) = 0;

  // For those outside the cloud (clients, origins): the same with a place instead of a host is provided
  // by giving them a host of their own (host kind "outside" at a city).
};

}  // namespace orrery::net
