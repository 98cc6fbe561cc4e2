#include "conformance/monitors/kv_watch.h"

#include <algorithm>

namespace orrery::monitors {

namespace {
// A city's own writes are cached for the default, whatever its readers ask for.
constexpr Duration kLeastBound = seconds(kv::kCacheTtlSeconds);
}  // namespace

kv::Version KvWatch::BackEnd::at(Instant moment) const {
  for (size_t i = seen.size(); i-- > 0;)
    if (seen[i].from <= moment) return seen[i].version;
  return {};
}

void KvWatch::on(const kv::Stored& e, const EventContext& at) {
  BackEnd& end = keys_[e.lane][e.back_end - 1];
  if (!e.reconciled) {
    ledger_.exercise(RuleId::kKvRate);
    const Instant before = end.accepted;
    if (e.accepted - before < kv::kWriteEvery)
      ledger_.breach(RuleId::kKvRate, at, {e.lane}, [&] {
        return ledger_.name(e.lane) + " was written at " + show(before) + " and again at " +
               show(e.accepted) + " at back end " + std::to_string(e.back_end);
      });
    end.accepted = e.accepted;
  }
  if (end.seen.empty() || e.version > end.seen.back().version)
    end.seen.push_back({at.at + e.visible_in, e.version});
}

void KvWatch::on(const kv::ReadServed& e, const EventContext& at) {
  Duration& largest = largest_.try_emplace(e.pop, kLeastBound).first->second;
  largest = std::max(largest, e.cache_ttl);
  auto it = keys_.find(e.lane);
  if (e.list || it == keys_.end()) return;
  const Instant moment = e.asked - largest;
  kv::Version due = it->second[0].at(moment);
  for (const BackEnd& end : it->second) due = std::min(due, end.at(moment));
  if (!due) return;
  ledger_.exercise(RuleId::kKvStale);
  if (e.version < due)
    ledger_.breach(RuleId::kKvStale, at, {e.lane}, [&] {
      return "a read of " + ledger_.name(e.lane) + " at " + show(e.asked) + " got " +
             (e.version ? "version " + e.version.text() : std::string("nothing")) +
             ", but version " + due.text() + " was in sight of both back ends " +
             std::to_string(largest.us / 1'000'000) + " s before";
    });
}

}  // namespace orrery::monitors
