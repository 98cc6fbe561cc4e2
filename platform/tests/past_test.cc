// Point-in-time recovery end to end: what an object's past is when the archive, owners and followers fail
// (durable-objects.md 10, platform.md 5.4, 5.5). The rest is in scenarios/time_travel.
#include "platform/archive/store.h"
#include "platform/durable/history/archive_names.h"
#include "platform/durable/history/bookmark.h"
#include "platform/durable/replication/events.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  add(n, size = 10) { this.ctx.storage.kv.put(`n${n}`, "x".repeat(size)); return this.ctx.storage.getCurrentBookmark(); }
  held() { return [...this.ctx.storage.kv.list()].map(([key]) => key.slice(1)).join(" "); }
  both() { const before = this.ctx.storage.getCurrentBookmark(); this.ctx.storage.kv.put("late", 1); return before; }
  at(ms) { return this.ctx.storage.getBookmarkForTime(ms); }
  restore(bookmark) { return this.ctx.storage.onNextSessionRestoreBookmark(bookmark); }
  async alarmAt(ms) { await this.ctx.storage.setAlarm(ms); return this.ctx.storage.getCurrentBookmark(); }
  noAlarm() { return this.ctx.storage.deleteAlarm(); }
  alarm() { this.ctx.storage.kv.put("rang", 1); }
  gone() { this.ctx.abort("restored"); }
}
const at = (T, o) => T.get(T.idFromName(o));
let marks = {};
const cases = {
  add: async (env, T, o) => { const t = at(T, "o"); const [n, size] = o.split(","); return marks[n] = await t.add(n, Number(size ?? 10)); },
  held: (env, T) => at(T, "o").held(),
  both: async (env, T) => marks.both = await at(T, "o").both(),
  back: async (env, T, o) => { marks.undo = await at(T, "o").restore(marks[o] ?? o); return saw(() => at(T, "o").gone()); },
  now: () => String(Date.now()),
  at: (env, T, o) => at(T, "o").at(Number(o)),
  backTo: async (env, T, o) => { await at(T, "o").restore(await at(T, "o").at(Number(o))); return saw(() => at(T, "o").gone()); },
  alarmIn: async (env, T, o) => marks.alarm = await at(T, "o").alarmAt(Date.now() + 1000 * Number(o)),
  noAlarm: async (env, T) => { await at(T, "o").noAlarm(); return "none"; },
  foreign: async (env, T) => at(T, "p").restore(marks[1]),
  nonsense: (env, T) => at(T, "o").restore("00000000-00000001-00000001-00000000000000000000000000000000"),
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

CloudOptions with_past() {
  CloudOptions options = one_city();
  options.keep_past = true;
  return options;
}

struct Past : testing::Test {
  void add(int n, int size = 10) {
    rig.ask("add?o=" + std::to_string(n) + "," + std::to_string(size));
    if (rig.object("o")) key = rig.object("o")->info().key;
  }
  std::string back(const std::string& mark) {
    rig.ask("back?o=" + mark);
    return rig.ask("held");
  }
  // All stores of the archive go down, or come back.
  void archive(bool up) {
    for (const std::string& name : rig.cloud().archive_hosts()) {
      host::Host& host = *rig.cloud().hosts().by_name(name);
      if (up) rig.cloud().hosts().restart(host);
      else rig.cloud().hosts().crash(host);
    }
  }
  // What a store has of the object.
  durable::ArchivedPast archived() {
    host::Process& store = *rig.cloud().hosts().by_name(rig.cloud().archive_hosts().front())->process();
    std::vector<std::string> names;
    for (const std::string& file : store.disk().list("archive/")) names.push_back(file.substr(8));
    return durable::parse_past(names, key);
  }
  uint64_t key = 0;  // of the object, from its first addition
  Rig rig{app(), with_past()};
};

TEST_F(Past, GoesBackAndForwardWithinWhatIsStillInMemory) {
  for (int n = 1; n <= 4; ++n) add(n);
  EXPECT_EQ(back("2"), "1 2");
  EXPECT_EQ(back("undo"), "1 2 3 4");
  EXPECT_EQ(back("1"), "1");
  add(9);
  EXPECT_EQ(rig.ask("held"), "1 9");
}

TEST_F(Past, GoesBackToWhatOnlyTheArchiveHas) {
  for (int n = 1; n <= 30; ++n) {
    add(n);
    rig.run_for(seconds(1));
  }
  rig.run_for(seconds(15));
  EXPECT_EQ(archived().complete_to(), 30u);
  EXPECT_EQ(back("3"), "1 2 3");
  EXPECT_EQ(back("undo").size(), std::string("1 2 3 4 5 6 7 8 9").size() + 21 * 3);
}

TEST_F(Past, ABookmarkCoversTheWholeTurnThatAsksForIt) {
  add(1);
  rig.ask("both");
  add(2);
  EXPECT_EQ(back("both"), "ate 1");
}

TEST_F(Past, WhatWasWrittenWhileTheArchiveWasDownIsThereForTheNextOwner) {
  add(1);
  archive(false);
  // Far more than a follower folds, so that only what it keeps for the archive tells them apart.
  for (int n = 2; n <= 120; ++n) {
    add(n);
    rig.run_for(millis(250));
  }
  rig.crash_owner("o");
  rig.ask("held");
  archive(true);
  rig.run_for(seconds(60));
  EXPECT_EQ(back("40").size(), std::string("1 2 3 4 5 6 7 8 9").size() + 31 * 3);
  EXPECT_EQ(archived().logs.front().first, 1u);
}

TEST_F(Past, SoItIsWhenEveryFollowerRestartsMeanwhile) {
  add(1);
  archive(false);
  for (int n = 2; n <= 120; ++n) add(n);
  const auto followers = rig.object("o")->followers();
  rig.crash_owner("o");
  for (host::HostId follower : followers) {
    rig.cloud().hosts().crash(rig.cloud().hosts().by_id(follower));
    rig.cloud().hosts().restart(rig.cloud().hosts().by_id(follower));
  }
  rig.run_for(seconds(20));
  rig.ask("held");
  archive(true);
  rig.run_for(seconds(60));
  EXPECT_EQ(back("40").size(), std::string("1 2 3 4 5 6 7 8 9").size() + 31 * 3);
}

// Its image stands for entries that only the others have, and of which they have not heard that they are durable.
TEST_F(Past, SoItIsWhenTheNextOwnerBeginsFromAFollowerThatLostItsDisk) {
  add(1);
  archive(false);
  for (int n = 2; n <= 20; ++n) add(n);
  for (int i : {0, 1}) {
    host::Host& follower = rig.cloud().hosts().by_id(rig.object("o")->followers()[static_cast<size_t>(i)]);
    rig.cloud().hosts().crash(follower);
    follower.disk().wipe();
    rig.cloud().hosts().restart(follower);
    // Each start asks who has what, writes nothing but its barrier, and fills the follower.
    for (int start = 0; start < 3; ++start) {
      rig.crash_owner("o");
      rig.run_for(seconds(20));
      rig.ask("held");
    }
  }
  archive(true);
  rig.run_for(seconds(60));
  EXPECT_EQ(back("5"), "1 2 3 4 5");
}

TEST_F(Past, FollowersDropWhatTheArchiveHas) {
  for (int n = 1; n <= 200; ++n) add(n);
  const host::HostId follower = rig.object("o")->followers()[0];
  disk::Disk& disk = rig.cloud().hosts().by_id(follower).disk();
  auto kept = [&] {
    size_t files = 0;
    for (const std::string& name : disk.list("follower/")) files += name.find("/past.") != std::string::npos;
    return files;
  };
  EXPECT_GT(kept(), 1u);
  rig.run_for(seconds(15));
  EXPECT_EQ(kept(), 0u);
}

TEST_F(Past, AnImageIsKeptWhenTheLogsOutgrowTheDatabase) {
  for (int n = 1; n <= 60; ++n) {
    add(n % 5, 3000 + n);
    rig.run_for(seconds(1));
  }
  rig.run_for(seconds(15));
  EXPECT_GE(archived().images.size(), 1u);
}

TEST_F(Past, ATimeIsTheLastMomentBeforeIt) {
  add(1);
  rig.run_for(seconds(5));
  const std::string then = rig.ask("now");
  rig.run_for(seconds(5));
  add(2);
  rig.run_for(seconds(30));
  add(3);
  rig.ask("backTo?o=" + then);
  EXPECT_EQ(rig.ask("held"), "1");
}

TEST_F(Past, TimesThatAreTooLongAgoOrToComeAreRefused) {
  add(1);
  const int64_t now = std::stoll(rig.ask("now"));
  EXPECT_NE(rig.ask("at?o=" + std::to_string(now - 31ll * 24 * 3600 * 1000)).find("30 days"), std::string::npos);
  EXPECT_NE(rig.ask("at?o=" + std::to_string(now + 5000)).find("future"), std::string::npos);
  EXPECT_EQ(rig.ask("at?o=" + std::to_string(now - 3600 * 1000)), durable::to_text({0, 1}, key));
}

TEST_F(Past, BookmarksOfOthersAreRefused) {
  add(1);
  EXPECT_NE(rig.ask("foreign").find("is not one of this Durable Object"), std::string::npos);
  EXPECT_NE(rig.ask("nonsense").find("is not one of this Durable Object"), std::string::npos);
}

TEST_F(Past, ARestoreWaitsForTheArchiveAndIsNotForgotten) {
  for (int n = 1; n <= 30; ++n) {
    add(n);
    rig.run_for(seconds(1));
  }
  rig.run_for(seconds(15));
  archive(false);
  rig.ask("back?o=2");
  EXPECT_NE(rig.ask("held").find("Error"), std::string::npos);
  archive(true);
  rig.run_for(seconds(30));
  EXPECT_EQ(rig.ask("held"), "1 2");
}

TEST_F(Past, AnAlarmOfThenRingsAgain) {
  rig.ask("alarmIn?o=60");
  rig.ask("noAlarm");
  rig.ask("back?o=alarm");
  EXPECT_EQ(rig.ask("held"), "");
  rig.run_for(seconds(70));
  EXPECT_EQ(rig.ask("held"), "ang");
}

TEST_F(Past, IsKeptFor30Days) {
  for (int n = 1; n <= 3; ++n) add(n, 3000);
  for (int day = 0; day < 33; ++day) {
    for (int n = 0; n < 25; ++n) add(10 + n % 4, 3000 + 25 * day + n);
    rig.run_for(seconds(24 * 3600));
  }
  const durable::ArchivedPast past = archived();
  EXPECT_GT(past.logs.front().first, 1u);
  EXPECT_GE(past.images.front().index + 1, past.logs.front().first);
  // Nobody knows what it was: it goes on as it is.
  const std::string held = rig.ask("held");
  EXPECT_EQ(back("1"), held);
  EXPECT_NE(rig.lines().find("not kept any more"), std::string::npos);
}

}  // namespace
}  // namespace orrery::objects
