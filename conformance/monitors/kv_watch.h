// Watches Workers KV: how old what readers get may be, how often a key is written. Rules KV-1 and KV-2.
//
// The evidence is what the back ends made durable and when readers could see it; what caches say of their own
// entries plays no part. A version is due in a city when both back ends have had it (or a greater one) in sight for
// the largest cacheTtl used there. So a fault that hides writes, and back ends that differ, move the bound and
// never lift it.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "conformance/monitors/ledger.h"
#include "platform/kv/events.h"

namespace orrery::monitors {

class KvWatch {
 public:
  explicit KvWatch(Ledger& ledger) : ledger_(ledger) {}

  void on(const kv::Stored& e, const EventContext& at);
  void on(const kv::ReadServed& e, const EventContext& at);

 private:
  struct Seen {
    Instant from;
    kv::Version version;
  };
  struct BackEnd {
    std::vector<Seen> seen;  // in order of storing, rising versions
    Instant accepted{INT64_MIN / 2};
    kv::Version at(Instant moment) const;
  };
  using Key = std::array<BackEnd, kv::kBackEnds>;

  Ledger& ledger_;
  std::map<LaneId, Key> keys_;
  std::map<uint32_t, Duration> largest_;  // cacheTtl by point of presence
};

}  // namespace orrery::monitors
