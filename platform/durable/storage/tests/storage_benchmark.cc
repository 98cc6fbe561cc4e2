// What storage costs: opening, key-value and SQL writes with a commit each.
#include <benchmark/benchmark.h>

#include "platform/durable/storage/object_database.h"
#include "sim/disk/sqlite_vfs.h"

namespace orrery::durable {
namespace {

class OnePlace : public host::Places {
 public:
  uint32_t pop_count() const override { return 1; }
  std::string_view pop_code(uint32_t) const override { return "FRA"; }
  std::optional<uint32_t> find_pop(std::string_view) const override { return 0; }
};

struct Fixture {
  Fixture() : world({}), hosts(world, places, [](host::Process&) {}) {
    static bool configured = disk::configure_sqlite();
    (void)configured;
    db = ObjectDatabase::open(*hosts.at(0, 1).process(), "Cart/42", 1, {}).database;
  }
  World world;
  OnePlace places;
  host::Hosts hosts;
  std::unique_ptr<ObjectDatabase> db;
};

std::span<const uint8_t> bytes(const char* s) {
  return {reinterpret_cast<const uint8_t*>(s), 5};
}

void KvPutAndCommit(benchmark::State& state) {
  Fixture f;
  uint64_t n = 0;
  for (auto _ : state) {
    char key[2] = {'k', static_cast<char>('a' + n++ % 20)};
    f.db->put({key, 2}, bytes("value"));
    auto r = f.db->commit();
    benchmark::DoNotOptimize(r.payload.get());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(KvPutAndCommit);

void KvGetPutAndCommit(benchmark::State& state) {
  Fixture f;
  StorageError e;
  for (auto _ : state) {
    auto v = f.db->get("counter", e);
    benchmark::DoNotOptimize(v);
    f.db->put("counter", bytes("value"));
    auto r = f.db->commit();
    benchmark::DoNotOptimize(r.payload.get());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(KvGetPutAndCommit);

void KvGetCached(benchmark::State& state) {
  Fixture f;
  StorageError e;
  f.db->put("counter", bytes("value"));
  for (auto _ : state) {
    auto v = f.db->get("counter", e);
    benchmark::DoNotOptimize(v);
  }
}
BENCHMARK(KvGetCached);

void SqlInsertAndCommit(benchmark::State& state) {
  Fixture f;
  StorageError e;
  f.db->exec("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {}, e);
  int64_t n = 0;
  for (auto _ : state) {
    const SqlValue values[] = {n++ % 1000, std::string_view("value")};
    f.db->exec("INSERT OR REPLACE INTO t VALUES(?, ?)", values, e);
    auto r = f.db->commit();
    benchmark::DoNotOptimize(r.payload.get());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SqlInsertAndCommit);

void SqlSelectOne(benchmark::State& state) {
  Fixture f;
  StorageError e;
  f.db->exec("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES(1,'x')", {}, e);
  f.db->commit();
  std::vector<SqlValue> row;
  for (auto _ : state) {
    const SqlValue values[] = {int64_t{1}};
    auto c = f.db->exec("SELECT v FROM t WHERE id = ?", values, e);
    c->next(row, e);
  }
}
BENCHMARK(SqlSelectOne);

void OpenFirstPutCommitClose(benchmark::State& state) {
  Fixture f;
  for (auto _ : state) {
    auto o = ObjectDatabase::open(*f.hosts.at(0, 1).process(), "Cart/43", 1, {});
    if (state.range(0)) {
      o.database->put("k", bytes("value"));
      o.database->commit();
    }
  }
}
BENCHMARK(OpenFirstPutCommitClose)->Arg(0)->Arg(1);

}  // namespace
}  // namespace orrery::durable
