// Goal: whatever happens to members and holders, an epoch is granted once, and while a lease is valid nobody else is
// granted; afterwards the directory is whole again. Method: drawn crashes, lost disks (never a third before the view is
// whole again), cuts and clocks that run wrong within the bound, with claims and releases going on.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "platform/durable/directory/tests/small_world.h"

namespace orrery::durable {
namespace {

constexpr Site kDraw{"test.directory"};

struct Nemesis : SmallWorld {
  explicit Nemesis(uint64_t seed) : SmallWorld(seed, DecisionBase::kSeed) {
    world.observers().subscribe<Granted>([this](const Granted& g, const EventContext&) {
      // Who hears of its grant late, when its lease is over and another was granted, is not the holder.
      if (g.epoch < newest_epoch) return;
      newest_epoch = g.epoch;
      for (host::Host* h : clients) {
        if (!h->up()) continue;
        auto& c = *h->process()->find<DirectoryClient>();
        const bool holds = holding.session != 0 && c.session() == holding.session && c.lease_valid();
        broken += holds && g.session != holding.session;
      }
      holding = {g.session, g.epoch};
    });
  }
  struct Holding {
    SessionId session = 0;
    uint64_t epoch = 0;
  } holding;
  uint64_t broken = 0, newest_epoch = 0;

  int64_t draw(int64_t n) { return world.decide().between(kDraw, 0, n - 1, 0); }
  host::Host& some_member() {
    Ref<const View> newest = client_view();
    return hosts.by_id(newest->members[static_cast<size_t>(draw(5))].host);
  }
  Ref<const View> client_view() {
    Ref<const View> newest = make_ref<const View>(options.members);
    for (host::HostId id = 0; id < hosts.count(); ++id) {
      host::Process* p = hosts.by_id(id).process();
      DirectoryMember* m = p ? p->find<DirectoryMember>() : nullptr;
      if (m && m->newest()->number > newest->number) newest = m->newest();
    }
    return newest;
  }
  void restart_all() {
    for (host::HostId id = 0; id < hosts.count(); ++id) hosts.restart(hosts.by_id(id));
    network->heal_all();
  }
  void release_held() {
    for (size_t i = 0; i < clients.size(); ++i) {
      if (!clients[i]->up() || client(i).session() != holding.session || !holding.session) continue;
      begin_release(i, holding.epoch);
      holding.session = 0;
    }
  }
  void step(int number) {
    const auto who = static_cast<size_t>(draw(3));
    switch (draw(10)) {
      case 0: case 1: case 2: claim(who); break;
      case 3: hosts.crash(some_member()); break;
      case 4: restart_all(); break;
      case 5: hosts.crash(*clients[who]); break;
      case 6: release_held(); break;
      case 7: case 8: {
        if (whole()) lost = 0;
        if (lost == 2) break;
        ++lost;
        host::Host& h = some_member();
        hosts.crash(h);
        h.disk().wipe();
        if (draw(2)) hosts.restart(h);
        break;
      }
      default: {
        net::Endpoints side;
        side.names = {some_member().name(), clients[who]->name()};
        if (draw(2)) side.names.push_back(some_member().name());
        network->partition("p" + std::to_string(number), side, {}, draw(2) == 0);
      }
    }
  }
  bool whole() { return clients[0]->up() ? SmallWorld::whole() : false; }
  int lost = 0;
};

RC_GTEST_PROP(Directory, KeepsItsPromisesAndBecomesWholeUnderDrawnFaults, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 1'000'000'000);
  Nemesis w(seed);
  CauseScope cause(w.world.cause(), seed);
  for (host::HostId id = 0; id < w.hosts.count(); ++id)
    w.hosts.drift_clock(w.hosts.by_id(id), w.draw(20'001) - 10'000);
  for (int step = 0; step < 40; ++step) {
    w.step(step);
    // Mostly in the middle of things, sometimes long enough for leases and silence.
    const int64_t pace = w.draw(20);
    w.run_for(pace == 0 ? seconds(70) : millis(w.draw(pace < 10 ? 200 : 5000)));
  }
  w.restart_all();
  // Who missed everything hears of it from clients.
  for (int i = 0; i < 40 && !w.whole(); ++i) (void)w.lookup(0);
  w.run_for(seconds(15));
  RC_ASSERT(w.twice == 0u);
  RC_ASSERT(w.broken == 0u);
  RC_ASSERT(w.quarrels == 0u);
  RC_ASSERT(w.whole());
  const Lookup found = w.lookup(0)->lookup;
  RC_ASSERT(found.status != Lookup::Status::kUnreachable);
  RC_ASSERT(found.placement.epoch >= w.newest_epoch);
  RC_CLASSIFY(w.views.size() > 1u, "views changed");
  RC_CLASSIFY(w.views.size() > 4u, "views changed more than three times");
  RC_CLASSIFY(w.seen("a spare takes part in the directory"), "a spare took part");
  RC_CLASSIFY(w.seen("a change of view takes up what another coordinator proposed"), "taken up");
  RC_CLASSIFY(w.seen("a claim waits for a session that part of a former view had ended"), "refused session");
}

}  // namespace
}  // namespace orrery::durable
