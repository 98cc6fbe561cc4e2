// Draws faults over a cluster for a while, then mends everything and reads the object back. Shared
// by the property test and by the tests that show planted weaknesses are found. Not part of any
// library.
#pragma once

#include "platform/durable/replication/tests/cluster.h"

namespace orrery::durable {

inline constexpr Site kNemesis{"test.nemesis"};

struct NemesisOptions {
  bool crashes = true;
  bool partitions = true;
  bool wipe = true;          // one follower's disk, once
  bool disk_errors = true;   // failing calls and failing syncs
  int64_t drift_ppm = 10'000;
  int steps = 40;
  bool releases = false;  // hosts go from one release to the next, and back
};

struct Verdict {
  uint64_t acknowledged = 0;
  uint64_t conflicts = 0;
  uint64_t missing = 0;
  uint64_t stale_reads = 0;
  uint64_t reads = 0;
  bool recovered = false;
  uint64_t epoch = 0;
  uint64_t hash = 0;
  std::vector<std::string> seen;
};

// `inspect` sees the cluster at the end.
inline Verdict run_nemesis(const ClusterOptions& options, const NemesisOptions& faults,
                           void (*inspect)(Cluster&) = nullptr) {
  Cluster c(options);
  Decisions& decide = c.world.decide();
  CauseScope cause(c.world.cause(), hash_name("nemesis"));
  auto draw = [&](int64_t n) { return decide.between(kNemesis, 0, n - 1, 0); };
  auto any_follower = [&] {
    std::vector<host::Host*> all = c.followers;
    for (host::Host* h : c.spares()) all.push_back(h);
    return all[static_cast<size_t>(draw(static_cast<int64_t>(all.size())))];
  };
  auto any_host = [&]() -> host::Host* {
    const int64_t kind = draw(8);
    if (kind < 1) return c.members[static_cast<size_t>(draw(5))];
    if (kind < 5) return any_follower();
    return c.owners[static_cast<size_t>(draw(3))];
  };
  bool wiped = false;
  int partitions = 0;
  for (int step = 0; step < faults.steps; ++step) {
    if (draw(2))
      c.write(static_cast<size_t>(draw(3)), 100 + static_cast<uint64_t>(draw(1000)),
              millis(1 + draw(20)), seconds(14));
    if (faults.releases && draw(3) == 0) {
      host::Host* h = draw(4) ? c.followers[static_cast<size_t>(draw(5))] : any_host();
      const int64_t release = draw(2) ? kNewestRelease : 1 + draw(2);
      c.upgrade(h, static_cast<uint32_t>(release));
    }
    const int64_t action = draw(24);
    if (action < 4) {
      // A quiet step.
    } else if (action < 10 && faults.crashes) {
      host::Host* h = any_host();
      c.crash(h);
      if (draw(2)) c.restart(h);
    } else if (action < 12) {
      for (const auto& group : {c.members, c.followers, c.owners, c.spares()})
        for (host::Host* h : group)
          if (!h->up() && draw(2)) c.restart(h);
    } else if (action < 15 && faults.partitions) {
      net::Endpoints side;
      net::Endpoints other;
      if (draw(2)) {
        for (int64_t n = 1 + draw(3); n > 0; --n) side.names.push_back(any_host()->name());
      } else {  // an owner that cannot renew but still reaches its followers
        side.names.push_back(c.owners[static_cast<size_t>(draw(3))]->name());
        for (host::Host* h : c.members) other.names.push_back(h->name());
      }
      c.network->partition("p" + std::to_string(++partitions), side, other, draw(3) == 0);
    } else if (action < 17) {
      c.network->heal_all();
    } else if (action < 18 && faults.wipe && !wiped) {
      wiped = true;
      host::Host* h = any_follower();
      c.crash(h);
      h->disk().wipe();
      c.restart(h);
    } else if (action < 19 && faults.disk_errors) {
      disk::DiskFaults f;
      if (draw(2)) f.io_error = {1, 50};
      else f.sync_fails_once = {1, 20};
      any_follower()->disk().set_faults(f);
    } else if (action < 20 && faults.disk_errors) {
      disk::DiskFaults slow;
      slow.slow_factor = draw(2) ? 100 : 1;
      for (const auto& group : {c.followers, c.spares()})
        for (host::Host* h : group) h->disk().set_faults(slow);
    } else if (action < 23 && faults.crashes) {
      // A power cut takes all followers at one instant.
      const std::vector<host::Host*> spares = c.spares();
      for (const auto& group : {c.followers, spares})
        for (host::Host* h : group) c.crash(h);
      for (const auto& group : {c.followers, spares})
        for (host::Host* h : group) c.restart(h);
    } else if (faults.drift_ppm > 0) {
      c.hosts.drift_clock(*any_host(), draw(2) ? faults.drift_ppm : -faults.drift_ppm);
    }
    c.run_for(millis(100 + draw(4000)));
  }
  c.network->heal_all();
  for (const auto& group : {c.members, c.followers, c.owners, c.spares()})
    for (host::Host* h : group) {
      h->disk().set_faults({});
      c.hosts.drift_clock(*h, 0);
      if (faults.releases) c.upgrade(h, kNewestRelease);
      c.restart(h);
    }
  for (size_t i = 0; i < 3; ++i) c.writer(i).stop();
  c.run_for(seconds(40));
  Verdict v;
  for (int i = 0; i < 4 && !v.recovered; ++i) {
    for (size_t k = 0; k < 2; ++k) c.crash(c.owners[k]);  // so that the third may take over
    c.write(2, 1, millis(10), seconds(30));
    c.run_for(seconds(40));
    v.recovered = c.writer(2).opened == Recovery::Status::kOk && c.writer(2).log();
  }
  v.acknowledged = c.promises.acknowledged;
  v.conflicts = c.promises.conflicts;
  v.stale_reads = c.promises.stale_reads;
  v.reads = c.promises.reads;
  v.missing = c.promises.missing(c.writer(2).list);
  v.epoch = c.writer(2).placement.epoch;
  v.hash = c.world.trace().hash();
  v.seen = c.world.sometimes().seen();
  if (inspect) inspect(c);
  return v;
}

}  // namespace orrery::durable
