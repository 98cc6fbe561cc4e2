// Goal: whatever an object does, its database agrees with a plain map, rollbacks included, and the
// image made of its payloads always opens as the last committed state. Method: RapidCheck sequences
// of key-value calls, SQL, savepoints, commits, deleteAll and losses of the process (reopening from
// the image without a commit).
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "platform/durable/storage/tests/storage_rig.h"

namespace orrery::durable {
namespace {

struct State {
  std::map<std::string, std::string> pairs;
  std::map<int64_t, std::string> rows;
  std::optional<int64_t> alarm;
  bool table = false;
};

void check(Rig& rig, const State& state) {
  std::string keys;
  for (const auto& [k, v] : state.pairs) keys += k + " ";
  RC_ASSERT(rig.list({}) == keys);
  for (int i = 0; i < 12; ++i) {
    std::string key = "k" + std::to_string(i);
    auto it = state.pairs.find(key);
    RC_ASSERT(rig.get(key) == (it == state.pairs.end() ? "(none)" : it->second));
  }
  StorageError e;
  RC_ASSERT(rig.db->alarm(e) == state.alarm);
  if (state.table) {
    std::string rows;
    for (const auto& [id, v] : state.rows) rows += std::to_string(id) + "," + v + ",;";
    RC_ASSERT(rig.sql("SELECT id, v FROM t ORDER BY id") == rows);
  } else {
    RC_ASSERT(rig.sql("SELECT * FROM t") == "no such table: t: SQLITE_ERROR");
  }
}

RC_GTEST_PROP(StorageProperty, AgreesWithAMapAndItsImageWithTheLastCommit, ()) {
  Rig rig;
  State now, committed;
  std::vector<State> saved;
  const int steps = *rc::gen::inRange(1, 60);
  for (int s = 0; s < steps; ++s) {
    std::string key = "k" + std::to_string(*rc::gen::inRange(0, 12));
    switch (*rc::gen::inRange(0, 14)) {
      case 0: case 1: case 2: case 3: {
        // Long values spill out of SQLite's page cache within the transaction.
        int length = *rc::gen::element(0, 3, 900, 5000, 60'000);
        std::string value(static_cast<size_t>(length), static_cast<char>('a' + s % 26));
        RC_ASSERT(!rig.put(key, value));
        now.pairs[key] = value;
        break;
      }
      case 4:
        RC_ASSERT(rig.remove(key) == (now.pairs.erase(key) > 0));
        break;
      case 5: {
        std::optional<int64_t> at;
        if (*rc::gen::arbitrary<bool>()) at = s + 1;
        RC_ASSERT(!rig.db->set_alarm(at));
        now.alarm = at;
        break;
      }
      case 6: case 7: {
        if (!now.table) {
          RC_ASSERT(rig.sql("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)") == "");
          now.table = true;
        }
        int64_t id = *rc::gen::inRange(0, 30);
        std::string value(static_cast<size_t>(*rc::gen::inRange(0, 400)), 'v');
        RC_ASSERT(rig.sql("INSERT OR REPLACE INTO t VALUES(?,?)",
                          {SqlValue{id}, SqlValue{std::string_view(value)}}) == "");
        now.rows[id] = value;
        break;
      }
      case 8:
        if (saved.size() > 5) break;
        RC_ASSERT(!rig.db->begin_savepoint());
        saved.push_back(now);
        break;
      case 9:
        if (saved.empty()) break;
        RC_ASSERT(!rig.db->release_savepoint());
        saved.pop_back();
        break;
      case 10:
        if (saved.empty()) break;
        RC_ASSERT(!rig.db->rollback_savepoint());
        now = saved.back();
        saved.pop_back();
        break;
      case 11: {
        if (!saved.empty()) break;
        auto r = rig.db->commit();
        RC_ASSERT(r.ok());
        if (r.payload) rig.image.apply(*r.payload);
        committed = now;
        break;
      }
      case 12:  // the process dies: what was not committed is gone
        rig.reopen_from_image();
        now = committed;
        saved.clear();
        break;
      case 13:
        if (!saved.empty() || s % 3) break;
        RC_ASSERT(!rig.db->delete_all(true));
        now.pairs.clear();
        now.rows.clear();
        now.table = false;
        break;
    }
    if (s % 7 == 0) check(rig, now);
  }
  check(rig, now);
  rig.reopen_from_image();
  check(rig, committed);
  RC_ASSERT(rig.sql("PRAGMA quick_check") == "ok,;");
}

TEST(Storage, SurvivesTheCrashOfItsProcess) {
  Rig rig;
  rig.put("k", "v");
  rig.commit();
  rig.put("k", "lost");
  rig.hosts.crash(rig.hosts.at(0, 1));
  rig.db.reset();
  rig.hosts.restart(rig.hosts.at(0, 1));
  EXPECT_TRUE(rig.process().disk().list("object/").empty());
  rig.reopen_from_image();
  EXPECT_EQ(rig.get("k"), "v");
}

}  // namespace
}  // namespace orrery::durable
