// Goal: whatever breaks, a read of Workers KV is at most as stale as the largest cacheTtl used plus the delays
// the world declared plus the time that faults may keep the back ends apart; and when all is quiet every city
// reads the last write. Method: each key has one writer, who waits for each answer, so that its writes are in
// one order; readers in several cities with drawn cacheTtl; drawn faults, delays of propagation among them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "conformance/properties/faults.h"
#include "conformance/properties/rig.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

constexpr std::string_view kModule = R"js(
async function atEdge({ op, key, value, cacheTtl }, env) {
  (meter[0] -= 20) < 0 && trip();
  switch (op) {
    case "get": {
      const found = await env.FLAGS.get(key, { cacheTtl });
      return found === null ? null : Number(found);
    }
    case "put": return env.FLAGS.put(key, `${value}`);
    case "delete": return env.FLAGS.delete(key);
  }
}
export class Thing extends DurableObject {}
)js";

const std::vector<std::string> kPops = {"FRA", "LHR", "IAD", "SIN"};
constexpr int kKeys = 2;
constexpr int kTtls[] = {30, 60, 120};
// Back ends ask each other every second; a lost answer costs them three, their disks half a one.
constexpr Duration kReconciled = seconds(8);
constexpr Site kWait{"property.kv.wait"};

struct Write {
  bool deletes;
  int after_ms;
};
struct Read {
  int key;
  int ttl;  // index
  int after_ms;
};
struct Program {
  std::vector<std::vector<Write>> writers;  // by key
  std::vector<std::vector<Read>> readers;   // by city
};

void showValue(const Program& p, std::ostream& os) {
  for (size_t k = 0; k < p.writers.size(); ++k) {
    os << "\nkey k" << k << ":";
    for (const Write& w : p.writers[k]) os << " +" << w.after_ms << "ms " << (w.deletes ? "delete" : "put");
  }
  for (size_t c = 0; c < p.readers.size(); ++c) {
    os << "\n" << kPops[c] << ":";
    for (const Read& r : p.readers[c]) os << " +" << r.after_ms << "ms get k" << r.key << " ttl " << kTtls[r.ttl];
  }
}

rc::Gen<Program> programs() {
  auto write = rc::gen::build<Write>(
      rc::gen::set(&Write::deletes, rc::gen::weightedElement<bool>({{4, false}, {1, true}})),
      rc::gen::set(&Write::after_ms, number(1'100, 40'000)));
  auto read = rc::gen::build<Read>(
      rc::gen::set(&Read::key, number(0, kKeys)), rc::gen::set(&Read::ttl, number(0, 3)),
      rc::gen::set(&Read::after_ms, number(0, 30'000)));
  return rc::gen::build<Program>(
      rc::gen::set(&Program::writers,
                   rc::gen::container<std::vector<std::vector<Write>>>(
                       kKeys, rc::gen::resize(8, rc::gen::container<std::vector<Write>>(write)))),
      rc::gen::set(&Program::readers,
                   rc::gen::container<std::vector<std::vector<Read>>>(
                       kPops.size(), rc::gen::resize(20, rc::gen::container<std::vector<Read>>(read)))));
}

const App& app() {
  static const App made(kModule, true);
  return made;
}

class Experiment {
 public:
  Experiment(Rig& rig, const fault::FaultPlan& plan) : rig_(rig) {
    for (const fault::Fault& f : plan) {
      const Duration length = std::max(f.for_, f.restart_after);
      if (f.kind == fault::FaultKind::kKvDelay)
        delay_ = std::max(delay_, micros(f.fields.at("delay_us").get<int64_t>()));
      else
        disturbed_.push_back({f.at, f.at + length});
    }
    std::sort(disturbed_.begin(), disturbed_.end());
  }

  Task<void> write(client::Client& client, int key, const std::vector<Write>& writes) {
    ++running_;
    for (const Write& w : writes) {
      co_await sleep(rig_.world().loop(), kWait, millis(w.after_ms));
      const size_t i = done_[key].size();
      done_[key].push_back({w.deletes, {}, false});
      Json ask = {{"op", w.deletes ? "delete" : "put"}, {"key", name(key)}, {"value", i}};
      const Reply reply = co_await rig_.ask(client, "edge", std::move(ask));
      done_[key][i].acknowledged = reply.ok();
      done_[key][i].at = rig_.world().now() - Instant{};
    }
    --running_;
  }

  Task<void> read(client::Client& client, const std::vector<Read>& reads) {
    ++running_;
    for (const Read& r : reads) {
      co_await sleep(rig_.world().loop(), kWait, millis(r.after_ms));
      Json ask = {{"op", "get"}, {"key", name(r.key)}, {"cacheTtl", kTtls[r.ttl]}};
      const Reply reply = co_await rig_.ask(client, "edge", std::move(ask));
      if (reply.ok()) judge(r.key, reply.body, must_have(r.key, reply.sent - Instant{}), client.name());
    }
    --running_;
  }
  bool running() const { return running_ > 0; }

  // Every city shows the last write, or one after it whose end nobody knows.
  void judge_converged(client::Client& client) {
    for (int key = 0; key < kKeys; ++key) {
      Reply reply = rig_.insist(client, "edge", {{"op", "get"}, {"key", name(key)}, {"cacheTtl", 30}});
      RC_ASSERT(reply.ok());
      size_t must = 0;
      for (size_t i = 0; i < done_[key].size(); ++i)
        if (done_[key][i].acknowledged) must = i + 1;
      judge(key, reply.body, must, client.name() + " at the end");
    }
  }
  uint64_t reads() const { return reads_; }
  const std::string& stale() const { return stale_; }

 private:
  struct Done {
    bool deletes;
    Duration at;
    bool acknowledged;
  };
  static std::string name(int key) { return "k" + std::to_string(key); }

  // When both back ends surely have what one of them had at `at`: they had some seconds without faults.
  Duration reconciled(Duration at) const {
    for (const auto& [from, to] : disturbed_)
      if (from < at + kReconciled) at = std::max(at, to);
    return at + kReconciled;
  }

  // How many of the key's writes a read that begins at `at` must have seen.
  size_t must_have(int key, Duration at) const {
    size_t must = 0;
    for (size_t i = 0; i < done_[key].size(); ++i) {
      const Done& w = done_[key][i];
      if (w.acknowledged && reconciled(w.at) + delay_ + seconds(kTtls[2]) < at) must = i + 1;
    }
    return must;
  }

  void judge(int key, const Json& got, size_t must, const std::string& who) {
    ++reads_;
    const std::vector<Done>& all = done_[key];
    bool fine = must == 0 && got.is_null();
    for (size_t i = must == 0 ? 0 : must - 1; i < all.size(); ++i)
      fine = fine || (all[i].deletes ? got.is_null() : got == Json(i));
    if (!fine && stale_.empty())
      stale_ = who + " reads " + name(key) + " -> " + got.dump() + " at " +
               std::to_string(rig_.world().now().us) + " us, having to see the first " +
               std::to_string(must) + " writes";
  }

  Rig& rig_;
  Duration delay_{0};
  std::vector<std::pair<Duration, Duration>> disturbed_;
  std::vector<Done> done_[kKeys];
  size_t running_ = 0;
  uint64_t reads_ = 0;
  std::string stale_;
};

void reads_are_fresh_enough(kv::Weaken weaken, uint64_t* reads = nullptr) {
  const Program program = *programs();
  const fault::FaultPlan plan = *faults({.pops = kPops, .until = seconds(120), .kv = true});
  Rig rig(app(), {.seed = *number<uint64_t>(0, 1000), .pops = kPops, .kv_weaken = weaken});
  rig.plan(plan);
  Experiment experiment(rig, plan);
  for (int key = 0; key < kKeys; ++key)
    rig.tasks().spawn(experiment.write(rig.add_client(kPops[key]), key, program.writers[key]));
  for (size_t i = 0; i < program.readers.size(); ++i)
    rig.tasks().spawn(experiment.read(rig.add_client(kPops[i]), program.readers[i]));
  while (experiment.running()) rig.world().loop().step();
  rig.heal();
  rig.run_for(minutes(3));  // the largest cacheTtl, a delay, reconciliation
  for (const std::string& pop : kPops) experiment.judge_converged(rig.add_client(pop));
  if (!experiment.stale().empty()) RC_FAIL(experiment.stale());
  if (reads) *reads += experiment.reads();
}

TEST(KvStaleness, IsBoundedByCacheTtlAndDeclaredDelays) {
  uint64_t reads = 0;
  expect_holds(100, [&] { reads_are_fresh_enough({}, &reads); });
  std::printf("  %llu reads\n", static_cast<unsigned long long>(reads));
}

TEST(KvStaleness, AnAbsenceThatIsKeptForEverIsFound) {
  expect_found(50, [] { reads_are_fresh_enough({.negative_kept = true}); });
}

TEST(KvStaleness, AWriteThatArrivesLateAndWinsIsFound) {
  expect_found(100, [] { reads_are_fresh_enough({.last_arrival_wins = true}); });
}

}  // namespace
}  // namespace orrery::properties
