// How a cache or a client of Workers KV reaches what stands above it: the regional tier, then the nearer of the two
// back ends, then the other. Whatever does not answer in time is gone around.
#pragma once

#include <array>

#include "platform/kv/layout.h"
#include "platform/kv/messages.h"
#include "sim/core/task.h"
#include "sim/net/network.h"

namespace orrery::kv {

struct Fetched {
  bool available = false;
  Ref<const Record> record;
  Ref<const Page> page;
  Tier tier = Tier::kCentral;
  uint32_t back_end = 0;
  Instant fetched = {0};  // a back end was read no earlier than this
};

class Upstream {
 public:
  Upstream(host::Process& process, const Layout& layout);

  // Through the cache of this host's own point of presence.
  Task<Fetched> from_pop(Ref<const Key> key, Duration max_age);
  Task<Fetched> from_region(Ref<const Key> key, Duration max_age);
  Task<Fetched> from_central(Ref<const Key> key);

  // What stands above a cache of this tier.
  Task<Fetched> above(Tier tier, Ref<const Key> key, Duration max_age) {
    return tier == Tier::kPop ? from_region(std::move(key), max_age) : from_central(std::move(key));
  }

  // The host whose cache holds the key in this host's point of presence.
  host::HostId pop_cache(const Key& key);

 private:
  Task<Fetched> ask(host::HostId host, const net::Channel& channel, Ref<const ReadMessage> message,
                    Duration timeout);
  host::Process& process_;
  const Layout& layout_;
  uint32_t region_;
  std::array<uint32_t, kBackEnds> nearest_;  // indices of back ends, nearer first
};

}  // namespace orrery::kv
