// Goal: the predicate that tells plans which no system survives is exact for the followers of an object: what it lets pass
// is survived whatever the moment, what it refuses is not. Method: every set of followers that lose their disks, at once or
// while the object sleeps, against every three that had its last entries.
#include <gtest/gtest.h>

#include "platform/durable/replication/tests/cluster.h"
#include "sim/fault/survivable.h"

namespace orrery::durable {
namespace {

using Set = unsigned;

// Whether the object is served again with all that was acknowledged, when just `had` were within reach of the owner's last
// writes, and `lost` lost their disks afterwards, `apart` from each other.
bool survives(Set had, Set lost, Duration apart) {
  Cluster c;
  c.write(0, 20);
  c.run_for(seconds(3));
  net::Endpoints away;
  for (size_t i = 0; i < kFollowers; ++i)
    if (!(had >> i & 1)) away.names.push_back(c.followers[i]->name());
  c.network->partition("away", away, {});
  c.write(0, 20);
  c.run_for(seconds(3));
  EXPECT_EQ(c.promises.acknowledged, 40u);
  c.crash(c.owners[0]);
  for (size_t i = 0; i < kFollowers; ++i) {
    if (!(lost >> i & 1)) continue;
    c.crash(c.followers[i]);
    c.followers[i]->disk().wipe();
    c.restart(c.followers[i]);
    c.run_for(apart);
  }
  c.network->heal_all();
  c.write(1, 1, millis(10), seconds(60));
  c.run_for(seconds(70));
  return c.writer(1).opened == Recovery::Status::kOk && c.promises.missing(c.writer(1).list) == 0;
}

std::string refused(Set lost, Duration apart) {
  Cluster c;
  fault::Terrain terrain;
  fault::FaultPlan plan;
  for (size_t i = 0; i < kFollowers; ++i) {
    if (!(lost >> i & 1)) continue;
    fault::Fault f;
    f.kind = fault::FaultKind::kDisk;
    f.disk = fault::DiskFaultKind::kLost;
    f.name = "disk-" + std::to_string(i);
    f.target = c.followers[i]->name();
    f.at = seconds(10) + apart * static_cast<int64_t>(plan.size());
    f.restart_after = millis(1);
    plan.push_back(f);
  }
  return why_not_survivable(plan, terrain, seconds(3600));
}

void agrees(Duration apart) {
  for (Set lost = 0; lost < 1u << kFollowers; ++lost) {
    bool always = true;
    for (Set had = 0; had < 1u << kFollowers; ++had)
      if (__builtin_popcount(had) == kFollowerQuorum) always = always && survives(had, lost, apart);
    EXPECT_EQ(refused(lost, apart).empty(), always) << "followers " << std::hex << lost << ": " << refused(lost, apart);
  }
}

TEST(Survivable, IsExactForDisksThatAreLostAtOnce) { agrees(Duration{0}); }
TEST(Survivable, IsExactForDisksThatAreLostWhileTheObjectSleeps) { agrees(seconds(20)); }

}  // namespace
}  // namespace orrery::durable
