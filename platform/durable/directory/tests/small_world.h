// Five members, two spares and three clients in a small world, and one object to quarrel about.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/durable/directory/directory_member.h"
#include "platform/durable/directory/events.h"
#include "sim/disk/disk.h"
#include "sim/net/geography.h"

namespace orrery::durable {

struct SmallWorld {
  explicit SmallWorld(uint64_t seed = 1, DecisionBase base = DecisionBase::kDefault, Weaken weaken = {})
      : world(World::Options{{seed, base, {}}, false}),
        hosts(world, geography(),
              [this](host::Process& p) {
                const bool spare = std::ranges::count(options.spares, p.host().name()) > 0;
                if (p.host_id() < kDirectoryMembers || spare) p.add<DirectoryMember>(p, options);
                if (!spare) p.add<DirectoryClient>(p, options);
              }),
        network(net::make_network(world, hosts, geography())) {
    for (uint32_t i = 0; i < kDirectoryMembers; ++i) options.members[i] = i;
    options.spares = {"host:PRG/1", "host:VIE/1"};
    options.weaken = weaken;
    world.observers().subscribe<Granted>([this](const Granted& g, const EventContext&) {
      twice += !epochs.emplace(std::pair(g.lane, g.epoch), g.owner).second;
    });
    world.observers().subscribe<ViewChanged>([this](const ViewChanged& v, const EventContext&) {
      const View::Members& known = views.emplace(v.number, v.members).first->second;
      quarrels += known != v.members;
    });
    for (const char* name : {"host:FRA/1", "host:AMS/1", "host:LHR/1", "host:CDG/1", "host:MAD/1"})
      members.push_back(hosts.by_name(name));
    for (const char* name : {"host:ARN/1", "host:HEL/1", "host:DUB/1"})
      clients.push_back(hosts.by_name(name));
    object = make_ref<const ObjectInfo>(world, "do:Cart/42");
  }
  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }
  struct Outcome {
    bool done = false;
    Claim claim;
    Lookup lookup;
    bool released = false;
  };
  DirectoryClient& client(size_t i) { return *clients[i]->process()->find<DirectoryClient>(); }
  DirectoryMember& member(host::Host& host) { return *host.process()->find<DirectoryMember>(); }
  DirectoryMember& member(size_t i) { return member(*members[i]); }
  std::shared_ptr<Outcome> claim(size_t i, Duration patience = seconds(20)) {
    auto out = std::make_shared<Outcome>();
    ClaimOptions o;
    o.patience = patience;
    if (clients[i]->up())
      clients[i]->process()->tasks().spawn(run_claim(client(i), object, o, out));
    return out;
  }
  std::shared_ptr<Outcome> lookup(size_t i) {
    auto out = std::make_shared<Outcome>();
    clients[i]->process()->tasks().spawn(run_lookup(client(i), object, out));
    run_for(seconds(3));
    return out;
  }
  std::shared_ptr<Outcome> release(size_t i, uint64_t epoch) {
    auto out = begin_release(i, epoch);
    run_for(seconds(3));
    return out;
  }
  std::shared_ptr<Outcome> begin_release(size_t i, uint64_t epoch) {
    auto out = std::make_shared<Outcome>();
    clients[i]->process()->tasks().spawn(run_release(client(i), object, epoch, out));
    return out;
  }
  static Task<void> run_claim(DirectoryClient& d, Ref<const ObjectInfo> o, ClaimOptions options,
                              std::shared_ptr<Outcome> out) {
    out->claim = co_await d.claim(o, options);
    out->done = true;
  }
  static Task<void> run_lookup(DirectoryClient& d, Ref<const ObjectInfo> o,
                               std::shared_ptr<Outcome> out) {
    out->lookup = co_await d.lookup(o);
    out->done = true;
  }
  static Task<void> run_release(DirectoryClient& d, Ref<const ObjectInfo> o, uint64_t epoch,
                                std::shared_ptr<Outcome> out) {
    out->released = co_await d.release(o, epoch);
    out->done = true;
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }
  void restart(host::Host& host) {
    hosts.crash(host);
    hosts.restart(host);
  }
  void lose_disk(host::Host& host) {
    hosts.crash(host);
    host.disk().wipe();
    hosts.restart(host);
  }
  void cut(const std::string& name, std::vector<host::Host*> side, std::vector<host::Host*> other = {}) {
    net::Endpoints a, b;
    for (host::Host* h : side) a.names.push_back(h->name());
    for (host::Host* h : other) b.names.push_back(h->name());
    network->partition(name, a, b);
  }
  // Every member of the newest view that is up serves it, with the disk it has.
  bool whole() {
    Ref<const View> newest = client(0).view();
    for (host::Host* h : members)
      if (h->up() && member(*h).newest()->number > newest->number) newest = member(*h).newest();
    for (host::HostId id : newest->hosts()) {
      host::Host& h = hosts.by_id(id);
      if (!h.up() || !member(h).serving() || member(h).newest()->number != newest->number) return false;
    }
    return true;
  }
  bool seen(const char* probe) {
    const std::vector<std::string> all = world.sometimes().seen();
    return std::ranges::count(all, probe) > 0;
  }

  DirectoryOptions options;
  World world;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  std::vector<host::Host*> members, clients;
  Ref<const ObjectInfo> object;
  std::map<std::pair<LaneId, uint64_t>, host::HostId> epochs;
  std::map<uint64_t, View::Members> views;
  uint64_t twice = 0, quarrels = 0;
};

}  // namespace orrery::durable
