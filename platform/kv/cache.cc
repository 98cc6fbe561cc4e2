#include "platform/kv/cache.h"

#include "platform/channels.h"
#include "platform/kv/events.h"

namespace orrery::kv {

namespace {
constexpr Site kEvict{"kv.evict"};
constexpr Site kRefresh{"kv.hot_refresh"};
}  // namespace

CacheServer::CacheServer(host::Process& process, const Layout& layout)
    : process_(process), layout_(layout), upstream_(process, layout) {
  process.network().serve(process, kKvCacheChannel, *this);
}

bool CacheServer::fresh(const Entry& entry, Duration max_age) {
  const bool negative = !entry.page && (!entry.record || entry.record->deleted);
  if (layout_.weaken.negative_kept && negative) return true;
  return world().now() - entry.fetched < std::min(entry.ttl, max_age);
}

void CacheServer::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  const auto& read = message->as<ReadMessage>();
  Cache& c = cache(read.tier);
  auto it = c.entries.find(read.key->identity());
  const bool hit = it != c.entries.end() && fresh(it->second, read.max_age);
  if (!hit || world().decide().chance(kEvict, kEviction)) {
    ORRERY_SOMETIMES(world(), hit, "a KV cache drops a fresh entry");
    process_.tasks().spawn(pull(caller, read.tier, read.key, read.max_age));
    return;
  }
  Entry& entry = it->second;
  const Duration age = world().now() - entry.fetched;
  auto answer = make_ref<ReadAnswer>();
  answer->available = true;
  answer->record = entry.record;
  answer->page = entry.page;
  answer->age = age;
  answer->tier = read.tier;
  answer->back_end = entry.back_end;
  caller.reply(std::move(answer));
  if (!entry.refreshing && age > entry.ttl - entry.ttl / kHotShare &&
      world().decide().chance(kRefresh, kHotRefresh)) {
    entry.refreshing = true;
    process_.tasks().spawn(refresh(read.tier, read.key, entry.ttl));
  }
}

Task<void> CacheServer::pull(net::Caller caller, Tier tier, Ref<const Key> key, Duration max_age) {
  Fetched got = co_await upstream_.above(tier, key, max_age);
  auto answer = make_ref<ReadAnswer>();
  answer->available = got.available;
  answer->record = got.record;
  answer->page = got.page;
  answer->age = world().now() - got.fetched;
  answer->tier = got.tier;
  answer->back_end = got.back_end;
  if (got.available) {
    Entry entry{got.record, got.page, got.fetched, max_age, got.back_end};
    fill(tier, key, std::move(entry), false);
  }
  caller.reply(std::move(answer));
}

Task<void> CacheServer::refresh(Tier tier, Ref<const Key> key, Duration ttl) {
  // Something much younger is wanted, or nothing would be gained.
  Fetched got = co_await upstream_.above(tier, key, ttl / kHotShare);
  auto it = cache(tier).entries.find(key->identity());
  if (it != cache(tier).entries.end()) it->second.refreshing = false;
  if (!got.available) co_return;
  Entry entry{got.record, got.page, got.fetched, ttl, got.back_end};
  fill(tier, key, std::move(entry), true);
}

void CacheServer::fill(Tier tier, const Ref<const Key>& key, Entry entry, bool refreshed) {
  Cache& c = cache(tier);
  const std::string identity = key->identity();
  auto it = c.entries.find(identity);
  // An answer that was overtaken by a younger one is dropped.
  if (it != c.entries.end() && it->second.fetched > entry.fetched) return;
  const bool found = entry.page || (entry.record && !entry.record->deleted);
  ORRERY_SOMETIMES(world(),
                   it != c.entries.end() && it->second.record && entry.record &&
                       entry.record->version < it->second.record->version,
                   "a KV cache goes back to an older version");
  world().announce(CacheFilled{key->lane, entry.record ? entry.record->version : Version{}, found,
                               tier, process_.host().pop(), entry.fetched, refreshed});
  if (it != c.entries.end()) {
    it->second = std::move(entry);
    return;
  }
  if (c.entries.size() >= kCacheEntries) {
    c.entries.erase(c.order.front());
    c.order.pop_front();
  }
  c.entries.emplace(identity, std::move(entry));
  c.order.push_back(identity);
}

// What a Worker of this city wrote.
void CacheServer::on_message(host::HostId, const Ref<const net::Message>& message) {
  const auto& own = message->as<FillMessage>();
  Entry entry{own.record, nullptr, own.asked, seconds(kCacheTtlSeconds), own.back_end};
  fill(Tier::kPop, own.record->key, std::move(entry), false);
}

}  // namespace orrery::kv
