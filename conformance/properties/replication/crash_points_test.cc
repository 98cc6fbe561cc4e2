// Goal: whenever the power goes while commits are under way, and whatever it leaves on the disks, a recovery finds a beginning
// of what was appended, with everything in it that was acknowledged. Method: the real owner and followers, a short program of
// commits with folding among them; a crash before each event of the run, of each party and of several; and before each event
// every disk that a crash could leave, copied into a new cloud that recovers from it.
#include <gtest/gtest.h>

#include <map>

#include "platform/durable/replication/tests/cluster.h"
#include "sim/disk/tests/every_crash.h"

namespace orrery::durable {
namespace {

constexpr size_t kOwner = kFollowers;  // among the parties that crash: followers 0 .. 4, and the owner

ClusterOptions short_logs(const Weaken& weaken = {}) {
  ClusterOptions o;
  o.seed = 5;
  o.base = DecisionBase::kSeed;
  o.fold_entries = 3;
  o.weaken = weaken;
  return o;
}

struct Course {
  uint64_t commits = 7;
  int slow = 1;  // disks: with a thousand a sync takes longer than a message and its answer
  size_t slow_from = 0;  // the followers from this on
  Weaken weaken = {};
};

// The run up to its n-th event after the object was opened.
struct Program {
  explicit Program(const Course& course = {}) : c(short_logs(course.weaken)), commits(course.commits) {
    disk::DiskFaults slow;
    slow.slow_factor = course.slow;
    for (size_t f = course.slow_from; f < kFollowers; ++f) c.followers[f]->disk().set_faults(slow);
    c.write(0, commits, millis(4));
    while (!c.writer(0).log()) step();
  }
  bool step() { return c.world.loop().step(); }
  // False when all is done: every commit is acknowledged, and nothing is unsynced.
  bool more() {
    if (c.promises.acknowledged < commits) return true;
    for (host::Host* f : c.followers)
      if (f->disk().unsynced().writes > 0) return true;
    return false;
  }
  Cluster c;
  const uint64_t commits;
};

size_t events() {
  Program p;
  size_t n = 0;
  while (p.more() && p.step()) ++n;
  return n;
}

bool is_beginning(const std::vector<uint64_t>& list, const std::vector<uint64_t>& of) {
  return list.size() <= of.size() && std::equal(list.begin(), list.end(), of.begin());
}

// ---- who crashes when ----

// What goes wrong when these parties crash before event `at`; empty: nothing.
std::string crash_before(size_t at, const std::vector<size_t>& parties) {
  Program p;
  Cluster& c = p.c;
  for (size_t n = 0; n < at; ++n) p.step();
  std::vector<uint64_t> appended = c.writer(0).list;
  bool owner_too = false;
  for (size_t party : parties) {
    owner_too |= party == kOwner;
    c.crash(party == kOwner ? c.owners[0] : c.followers[party]);
  }
  c.run_for(seconds(1));
  for (size_t party : parties)
    if (party != kOwner) c.restart(c.followers[party]);
  if (!owner_too) {
    // The owner lives: it goes on, and everything becomes durable in the end.
    c.run_for(seconds(20));
    appended = c.writer(0).list;
    if (c.promises.acknowledged != p.commits) return "an owner that lives does not come to its end";
    c.crash(c.owners[0]);
  }
  c.restart(c.owners[0]);
  c.run_for(seconds(2));
  c.write(0, 0);
  c.run_for(seconds(20));
  if (!c.writer(0).log()) return "it is not recovered";
  const std::vector<uint64_t>& list = c.writer(0).list;
  if (!is_beginning(list, appended)) return "what is recovered was never appended";
  if (c.promises.missing(list) > 0) return "something acknowledged is missing";
  return {};
}

std::vector<std::vector<size_t>> all_parties() {
  std::vector<std::vector<size_t>> out = {{kOwner}, {0, 1, 2, 3, 4}, {kOwner, 0, 1, 2, 3, 4}};
  for (size_t a = 0; a < kFollowers; ++a) {
    out.push_back({a});
    out.push_back({kOwner, a});
    for (size_t b = 0; b < a; ++b) out.push_back({a, b});
  }
  return out;
}

TEST(CrashPoints, OfEveryPartyBeforeEveryEventLoseNothing) {
  const size_t last = events();
  size_t runs = 0;
  for (size_t at = 0; at <= last; ++at)
    for (const auto& parties : all_parties()) {
      ++runs;
      const std::string wrong = crash_before(at, parties);
      std::string who;
      for (size_t party : parties) who += party == kOwner ? " owner" : " F" + std::to_string(party);
      ASSERT_EQ(wrong, "") << "crash of" << who << " before event " << at;
    }
  std::printf("  %zu events, %zu runs\n", last, runs);
  EXPECT_GT(last, 100u);
}

// ---- every disk that a crash may leave ----

using Disks = std::vector<std::shared_ptr<disk::Disk>>;  // different ones

Disks left_by_crash(disk::Disk& of) {
  Disks out;
  std::map<uint64_t, bool> seen;
  const disk::Disk::Unsynced unsynced = of.unsynced();
  for (size_t names = 0; names <= unsynced.names; ++names)
    disk::for_each_crash_outcome(unsynced.writes, [&](const std::vector<bool>& keep) {
      std::shared_ptr<disk::Disk> left = of.after_crash(keep, names);
      if (seen.emplace(disk::hash_of(*left), true).second) out.push_back(std::move(left));
    });
  return out;
}

void copy_files(disk::Disk& from, disk::Disk& to) {
  for (const std::string& name : to.list("")) (void)to.remove(name);
  std::vector<uint8_t> bytes;
  for (const std::string& name : from.list("")) {
    bytes.resize(from.open(name, false, nullptr)->size());
    (void)from.open(name, false, nullptr)->read(0, bytes, nullptr);
    auto file = to.open(name, true, nullptr);
    (void)file->write(0, bytes);
    (void)file->sync();
  }
  (void)to.sync_names();
}

struct Opened {
  bool done = false;
  Recovery recovery;
};
Task<void> open(Replication& replication, Ref<const ObjectInfo> object, Placement placement, Opened* opened) {
  const durable::FollowerArea nowhere;
  opened->recovery = co_await replication.open(object, placement, nowhere, seconds(20));
  opened->done = true;
}

// Recovers from three followers with these disks, the other two being away. Null: not recovered.
struct Found {
  bool recovered = false;
  std::vector<uint64_t> list;
};
Found recover_from(const std::vector<disk::Disk*>& disks, size_t away_1, size_t away_2) {
  Cluster c(short_logs());
  for (size_t f = 0; f < kFollowers; ++f) {
    copy_files(*disks[f], c.followers[f]->disk());
    c.crash(c.followers[f]);
    if (f != away_1 && f != away_2) c.restart(c.followers[f]);
  }
  Placement placement;
  placement.epoch = 2;
  for (size_t f = 0; f < kFollowers; ++f) placement.followers[f] = c.followers[f]->id();
  Opened opened;
  c.owners[1]->process()->tasks().spawn(open(c.on<Replication>(c.owners[1]), c.object, placement, &opened));
  for (int n = 0; n < 25 && !opened.done; ++n) c.run_for(seconds(1));
  return {opened.recovery.status == Recovery::Status::kOk, list_of(opened.recovery.image.get())};
}

struct DiskStates {
  size_t moments = 0;  // that differ
  size_t recoveries = 0;
  std::string wrong;
};

DiskStates recover_from_all(const Course& course) {
  DiskStates out;
  Program p(course);
  Cluster& c = p.c;
  std::map<uint64_t, bool> seen;
  for (size_t event = 0; p.more(); ++event, p.step()) {
    std::vector<Disks> left;
    uint64_t moment = c.promises.acknowledged;
    for (host::Host* f : c.followers) {
      left.push_back(left_by_crash(f->disk()));
      for (const auto& one : left.back()) moment = mix64(moment, disk::hash_of(*one));
    }
    if (!seen.emplace(moment, true).second) continue;
    ++out.moments;
    // Each outcome of each follower, the others having kept nothing unsynced, or everything; each two of them away.
    for (size_t f = 0; f < kFollowers; ++f)
      for (const auto& outcome : left[f])
        for (bool kept : {false, true}) {
          std::vector<disk::Disk*> disks;
          for (const Disks& of : left) disks.push_back((kept ? of.back() : of.front()).get());
          disks[f] = outcome.get();
          for (size_t a = 0; a < kFollowers; ++a)
            for (size_t b = 0; b < a; ++b) {
              if (a == f || b == f) continue;
              ++out.recoveries;
              const Found found = recover_from(disks, a, b);
              if (!found.recovered) out.wrong = "not recovered";
              else if (!is_beginning(found.list, c.writer(0).list)) out.wrong = "not what was appended";
              else if (c.promises.missing(found.list) > 0) out.wrong = "something acknowledged is missing";
              if (out.wrong.empty()) continue;
              out.wrong += " before event " + std::to_string(event);
              return out;
            }
        }
  }
  return out;
}

void holds(const Course& course) {
  const DiskStates all = recover_from_all(course);
  std::printf("  %zu moments, %zu recoveries\n", all.moments, all.recoveries);
  EXPECT_EQ(all.wrong, "");
  EXPECT_GT(all.recoveries, 500u);
}

TEST(CrashPoints, EveryDiskThatACrashMayLeaveIsRecoveredFrom) { holds({}); }
TEST(CrashPoints, EveryDiskThatACrashMayLeaveDuringSlowSyncsIsRecoveredFrom) { holds({2, 1000, 0, {}}); }

TEST(CrashPoints, EveryDiskThatACrashMayLeaveWhileThreeAreSlowIsRecoveredFrom) { holds({2, 1000, 2, {}}); }

TEST(CrashPoints, AnAcknowledgementBeforeTheSyncIsFound) {
  Weaken weaken;
  weaken.ack_before_sync = true;
  EXPECT_NE(recover_from_all({2, 1000, 0, weaken}).wrong, "");
}

TEST(CrashPoints, AQuorumOfTwoIsFound) {
  Weaken weaken;
  weaken.quorum_of_two = true;
  EXPECT_NE(recover_from_all({2, 1000, 2, weaken}).wrong, "");
}

}  // namespace
}  // namespace orrery::durable
