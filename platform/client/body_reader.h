// Reads streamed bodies to their end for hosts outside the cloud, which run no JavaScript: clients (responses) and
// origins (requests).
#pragma once

#include <map>
#include <string>

#include "platform/worker/byte_streams.h"
#include "sim/core/task.h"
#include "sim/net/network.h"

namespace orrery::client {

// The longest body that is kept; one that is longer breaks off. The real limits are far above it.
inline constexpr size_t kLongestBody = 64 << 20;

class BodyReader final : private net::Handler {
 public:
  // One a process; must not outlive it.
  explicit BodyReader(host::Process& process);

  // Everything the stream gives. Null: it broke, or did not end within `timeout`; `error` says which.
  Task<Ref<Buffer>> read(worker::Capability stream, Duration timeout, std::string& error);

 private:
  struct Open {
    std::string bytes;
    OneShot<std::string>* done;  // how it ended; empty: well
  };
  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_peer_lost(host::HostId peer) override;
  void tell(const worker::Capability& stream, Ref<const net::Message> message);

  host::Process& process_;
  std::map<worker::Capability, Open> open_;
};

}  // namespace orrery::client
