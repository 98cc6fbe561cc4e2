// The caches of Workers KV on one host: a share of its point of presence's cache and, where the host stands in a
// region's city, a share of the regional tier. Caches pull; nothing is ever pushed to them but the writes of
// their own city. Found and not found are kept alike.
//
// An entry is fresh while it is younger than the smaller of the cacheTtl it was fetched for and the cacheTtl of
// the read (a later read with a smaller one shortens it). Its age counts from when a back end was asked, through
// all tiers, so that tiers do not add up. Ages are counted on the host's monotonic clock, which no
// step of the wall clock moves; its drift is not modelled here. `expiration` is compared with the wall clock by
// whoever serves the read.
//
// Memory only: a crash empties it.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "platform/kv/upstream.h"

namespace orrery::kv {

class CacheServer final : public host::Service, private net::Handler {
 public:
  CacheServer(host::Process& process, const Layout& layout);

 private:
  struct Entry {
    Ref<const Record> record;
    Ref<const Page> page;
    Instant fetched;
    Duration ttl;
    uint32_t back_end;
    bool refreshing = false;
  };
  struct Cache {
    std::map<std::string, Entry> entries;
    std::deque<std::string> order;  // of first filling: the oldest goes when the cache is full
  };

  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  Task<void> pull(net::Caller caller, Tier tier, Ref<const Key> key, Duration max_age);
  Task<void> refresh(Tier tier, Ref<const Key> key, Duration ttl);
  bool fresh(const Entry& entry, Duration max_age);
  void fill(Tier tier, const Ref<const Key>& key, Entry entry, bool refreshed);
  Cache& cache(Tier tier) { return caches_[static_cast<size_t>(tier)]; }
  World& world() { return process_.world(); }

  host::Process& process_;
  const Layout& layout_;
  Upstream upstream_;
  Cache caches_[2];
};

}  // namespace orrery::kv
