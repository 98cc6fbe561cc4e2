// A small world with Workers KV and nothing else: back ends in Chicago and Frankfurt, and whatever edge hosts a
// test names. Operations run as tasks of their host; `run_for` moves time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "platform/kv/cache.h"
#include "platform/kv/central.h"
#include "platform/kv/service.h"
#include "sim/disk/disk.h"

namespace orrery::kv {

struct Rig {
  explicit Rig(uint64_t seed = 1, DecisionBase base = DecisionBase::kDefault)
      : world(World::Options{{seed, base, {}}, false}),
        layout(geography()),
        hosts(world, geography(), [this](host::Process& p) { boot(p); }),
        network(net::make_network(world, hosts, geography())) {
    layout.hosts_per_pop = 1;
    layout.back_ends = {0, 1};
    layout.by_binding.push_back({"flags-id", "FLAGS"});
    for (const char* name : {"host:ORD/9", "host:FRA/9"}) back_ends.push_back(hosts.by_name(name));
  }
  void boot(host::Process& p) {
    if (p.host_id() < kBackEnds) {
      p.add<CentralStore>(p, layout, p.host_id() + 1);
      return;
    }
    p.add<CacheServer>(p, layout);
    p.add<KvService>(p, layout);
  }
  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }

  struct Write {
    bool done = false;
    WriteResult result;
  };
  struct Read {
    bool done = false;
    Fetched got;
    bool found = false;
    std::string value;
  };

  Ref<const Key> key(std::string_view name) {
    return layout.key(world, layout.by_binding[0], name);
  }
  KvService& service(std::string_view pop) {
    return *hosts.by_name("host:" + std::string(pop) + "/1")->process()->find<KvService>();
  }
  TaskScope& tasks(std::string_view pop) {
    return hosts.by_name("host:" + std::string(pop) + "/1")->process()->tasks();
  }
  std::shared_ptr<Write> start_write(std::string_view pop, std::string_view name,
                                     std::string_view value, bool deleted = false,
                                     int64_t expiration_s = 0) {
    auto out = std::make_shared<Write>();
    auto record = make_ref<Record>();
    record->key = key(name);
    record->value = Buffer::copy(value);
    record->deleted = deleted;
    record->expiration_s = expiration_s;
    tasks(pop).spawn(do_write(service(pop), std::move(record), out));
    return out;
  }
  std::shared_ptr<Read> start_read(std::string_view pop, Ref<const Key> k, Duration ttl) {
    auto out = std::make_shared<Read>();
    tasks(pop).spawn(do_read(service(pop), std::move(k), ttl, out));
    return out;
  }
  // The same, waited for; a second and a half passes.
  WriteResult put(std::string_view pop, std::string_view name, std::string_view value) {
    auto out = start_write(pop, name, value);
    run_for(millis(1'500));
    EXPECT_TRUE(out->done);
    return out->result;
  }
  WriteResult remove(std::string_view pop, std::string_view name) {
    auto out = start_write(pop, name, "", true);
    run_for(millis(1'500));
    EXPECT_TRUE(out->done);
    return out->result;
  }
  // What a reader gets: the value, or "null", or "unavailable".
  std::string get(std::string_view pop, std::string_view name, Duration ttl = seconds(60)) {
    auto out = start_read(pop, key(name), ttl);
    Instant end = world.now() + seconds(20);
    while (!out->done && world.now() < end) run_for(millis(1));
    if (!out->done || !out->got.available) return "unavailable";
    return out->found ? out->value : "null";
  }
  std::string list(std::string_view pop, ListQuery query, std::string* after = nullptr) {
    auto k = make_ref<const Key>(world, "flags-id", "FLAGS", query);
    auto out = start_read(pop, k, seconds(60));
    run_for(seconds(1));
    std::string names;
    for (const auto& r : out->got.page->records) names += r->key->name + " ";
    if (!out->got.page->complete) names += "...";
    if (after) *after = out->got.page->last;
    return names;
  }

  static Task<void> do_write(KvService& service, Ref<Record> record, std::shared_ptr<Write> out) {
    out->result = co_await service.write(std::move(record));
    out->done = true;
  }
  static Task<void> do_read(KvService& service, Ref<const Key> key, Duration ttl,
                            std::shared_ptr<Read> out) {
    out->got = co_await service.read(key, ttl);
    out->found = service.seen(out->got.record);
    if (out->found) out->value = out->got.record->value->text();
    out->done = true;
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }
  CentralStore* central(uint32_t i) {
    return back_ends[i]->up() ? back_ends[i]->process()->find<CentralStore>() : nullptr;
  }
  // What a back end holds: the value, or "none".
  std::string held(uint32_t i, std::string_view name) {
    auto record = central(i)->newest("flags-id", name);
    return !record ? "none" : record->deleted ? "deleted" : std::string(record->value->text());
  }

  World world;
  Layout layout;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  std::vector<host::Host*> back_ends;
};

}  // namespace orrery::kv
