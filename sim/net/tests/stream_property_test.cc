// Goal: order and no silent loss, whatever the faults. Method: three hosts post numbered messages
// under random delays, partitions, crashes and pauses; each receiver's record is checked against
// the laws.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/net/tests/fixture.h"

namespace orrery::net {
namespace {

const char* const kNames[] = {"host:FRA/1", "host:SIN/1", "host:AMS/1"};

struct Run {
  Fixture f;
  int64_t next = 0;
  uint64_t crashes = 0;
  // By (from, to): what a receiver has heard, in all its incarnations.
  std::map<std::pair<host::HostId, host::HostId>, std::vector<int64_t>> heard;
  std::map<std::pair<host::HostId, host::HostId>, std::vector<int64_t>> sent;
  explicit Run(uint64_t seed) : f(seed, DecisionBase::kSeed) {
    for (const char* n : kNames) f.host(n);
  }
  void collect(host::Host& h) {
    for (auto& [from, n] : f.echo(h).heard) heard[{from, h.id()}].push_back(n);
    f.echo(h).heard.clear();
  }
  void step(int what, int a, int b, int64_t wait) {
    host::Host &x = f.host(kNames[a]), &y = f.host(kNames[b]);
    switch (what) {
      case 0:
        f.network->partition("p" + std::to_string(a), {{x.name()}, {}}, {{y.name()}, {}});
        break;
      case 1: f.network->partition("q" + std::to_string(a), {{x.name()}, {}}, {}, true); break;
      case 2: f.network->heal_all(); break;
      case 3: {
        LinkFault fault;
        fault.loss = Ratio{1, 5};
        fault.tail = Ratio{1, 3};
        fault.tail_delay = millis(400);
        f.network->degrade("l" + std::to_string(b), {{x.name()}, {}}, {}, false, fault);
        break;
      }
      case 4: f.hosts.pause(x, millis(300)); break;
      case 5:
        if (x.up()) {
          collect(x);
          f.hosts.crash(x);
          ++crashes;
        } else {
          f.hosts.restart(x);
        }
        break;
      default:
        if (x.up()) {
          f.network->post(*x.process(), y.id(), kEcho, number(next));
          sent[{x.id(), y.id()}].push_back(next++);
        }
    }
    f.run_for(micros(wait));
  }
  void finish() {
    f.network->heal_all();
    for (const char* n : kNames) f.hosts.restart(f.host(n));
    f.run_for(seconds(60));
    for (const char* n : kNames) collect(f.host(n));
  }
};

RC_GTEST_PROP(Streams, DeliverInOrderAndAtMostOnceUnderAnyFaults, ()) {
  Run run(*rc::gen::inRange<uint64_t>(1, 1000));
  int steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i)
    run.step(*rc::gen::inRange(0, 14), *rc::gen::inRange(0, 3), *rc::gen::inRange(0, 3),
             *rc::gen::element<int64_t>(0, 100, 5'000, 80'000, 16'000'000));
  run.finish();
  for (auto& [pair, list] : run.heard)
    for (size_t i = 1; i < list.size(); ++i) RC_ASSERT(list[i - 1] < list[i]);
  RC_ASSERT(run.f.network->statistics().in_flight == 0u);
}

RC_GTEST_PROP(Streams, LoseNothingWithoutABreak, ()) {
  Run run(*rc::gen::inRange<uint64_t>(1, 1000));
  int steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    int what = *rc::gen::inRange(0, 14);
    run.step(what == 5 ? 9 : what, *rc::gen::inRange(0, 3), *rc::gen::inRange(0, 3),
             *rc::gen::element<int64_t>(0, 100, 5'000, 100'000));  // 12 s at most: no timeout
  }
  run.finish();
  RC_ASSERT(run.heard == run.sent);
  RC_ASSERT(run.f.network->statistics().broken == 0u);
}

// Every call ends, exactly once, and what was answered or refused is as the callee saw it.
RC_GTEST_PROP(Calls, EndTruthfullyUnderAnyFaults, ()) {
  Run run(*rc::gen::inRange<uint64_t>(1, 1000));
  std::vector<std::pair<Outcome*, std::pair<host::HostId, uint32_t>>> calls;
  std::map<int64_t, int> handled;
  int steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    int a = *rc::gen::inRange(0, 3), b = *rc::gen::inRange(0, 3);
    int what = *rc::gen::inRange(0, 14);
    int64_t wait = *rc::gen::element<int64_t>(0, 100, 5'000, 80'000, 6'000'000);
    host::Host &x = run.f.host(kNames[a]), &y = run.f.host(kNames[b]);
    if (what > 5 && x.up()) {
      // None at all included: every loss must be followed by news of it.
      Duration timeout = *rc::gen::element(Duration{0}, seconds(1), seconds(4), seconds(20));
      calls.push_back({&run.f.call(x, y, static_cast<int64_t>(calls.size()), timeout),
                       {x.id(), x.incarnations()}});
      run.f.run_for(micros(wait));
    } else {
      run.step(what > 5 ? 5 : what, a, b, wait);
    }
  }
  run.finish();
  for (auto& [pair, list] : run.heard)
    for (int64_t n : list) ++handled[n];
  for (size_t i = 0; i < calls.size(); ++i) {
    const Outcome& o = *calls[i].first;
    int times = handled[static_cast<int64_t>(i)];
    RC_ASSERT(times <= 1);
    host::Host& caller = run.f.hosts.by_id(calls[i].second.first);
    if (caller.incarnations() == calls[i].second.second) RC_ASSERT(o.done);
    if (o.done && o.reply.ok()) {
      RC_ASSERT(times == 1);
      RC_ASSERT(o.reply.message->as<Number>().value == static_cast<int64_t>(i));
    }
    if (o.done && !o.reply.ok() && o.reply.error == CallError::kUnreachable) RC_ASSERT(times == 0);
  }
  RC_ASSERT(run.f.network->statistics().calls_open == 0u);
}

RC_GTEST_PROP(Streams, TheSameSeedGivesTheSameHash, ()) {
  uint64_t seed = *rc::gen::inRange<uint64_t>(1, 1000);
  std::vector<std::array<int64_t, 4>> plan;
  for (int i = 0; i < 60; ++i)
    plan.push_back({*rc::gen::inRange(0, 14), *rc::gen::inRange(0, 3), *rc::gen::inRange(0, 3),
                    *rc::gen::element<int64_t>(0, 100, 5'000, 80'000, 6'000'000)});
  uint64_t hash[2];
  for (uint64_t& h : hash) {
    Run run(seed);
    for (auto& s : plan) run.step(int(s[0]), int(s[1]), int(s[2]), s[3]);
    run.finish();
    h = run.f.world.trace().hash();
  }
  RC_ASSERT(hash[0] == hash[1]);
}

}  // namespace
}  // namespace orrery::net
