#include "platform/kv/upstream.h"

#include "platform/channels.h"

namespace orrery::kv {

Upstream::Upstream(host::Process& process, const Layout& layout)
    : process_(process),
      layout_(layout),
      region_(layout.region_of(process.host().pop())),
      nearest_({0, 1}) {
  auto delay = [&](uint32_t i) {
    return layout.geography.delay(process.host().pop(),
                                  process.hosts().by_id(layout.back_ends[i]).pop());
  };
  if (delay(1) < delay(0)) std::swap(nearest_[0], nearest_[1]);
}

host::HostId Upstream::pop_cache(const Key& key) {
  return process_.hosts().at(process_.host().pop(), layout_.host_in_pop(key)).id();
}

Task<Fetched> Upstream::ask(host::HostId host, const net::Channel& channel,
                            Ref<const ReadMessage> message, Duration timeout) {
  // The age in the answer counts from the answer; what was read is at most as old as if it had left at once.
  const Instant asked = process_.world().now();
  Fetched out;
  net::Reply reply =
      co_await process_.network().call(process_, host, channel, std::move(message), timeout);
  if (!reply.ok()) co_return out;
  const auto& answer = reply.message->as<ReadAnswer>();
  out.available = answer.available;
  out.record = answer.record;
  out.page = answer.page;
  out.tier = answer.tier;
  out.back_end = answer.back_end;
  out.fetched = asked - answer.age;
  co_return out;
}

Task<Fetched> Upstream::from_pop(Ref<const Key> key, Duration max_age) {
  auto message = make_ref<const ReadMessage>(Tier::kPop, key, max_age);
  Fetched out = co_await ask(pop_cache(*key), kKvCacheChannel, std::move(message), kPopTimeout);
  if (!out.available) {
    ORRERY_SOMETIMES(process_.world(), true, "a KV read goes around the cache of its own city");
    out = co_await from_region(key, max_age);
  }
  co_return out;
}

Task<Fetched> Upstream::from_region(Ref<const Key> key, Duration max_age) {
  host::HostId host = process_.hosts().at(region_, layout_.host_in_pop(*key)).id();
  auto message = make_ref<const ReadMessage>(Tier::kRegion, key, max_age);
  Fetched out = co_await ask(host, kKvCacheChannel, std::move(message), kRegionTimeout);
  if (!out.available) {
    ORRERY_SOMETIMES(process_.world(), true, "a KV read goes around the regional tier");
    out = co_await from_central(key);
  }
  co_return out;
}

Task<Fetched> Upstream::from_central(Ref<const Key> key) {
  Fetched out;
  for (uint32_t i = 0; i < kBackEnds && !out.available; ++i) {
    ORRERY_SOMETIMES(process_.world(), i > 0, "a KV read falls back to the other back end");
    auto message = make_ref<const ReadMessage>(Tier::kCentral, key, Duration{0});
    out = co_await ask(layout_.back_ends[nearest_[i]], kKvCentralChannel, std::move(message),
                       kCentralTimeout);
  }
  co_return out;
}

}  // namespace orrery::kv
