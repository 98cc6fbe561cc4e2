// What one durable write of an object costs: messages and bytes between owner and followers, syncs and bytes on disks,
// alone and when many writes share what they can. And how much of the pages that travel has changed at all, for the
// choice between whole pages, smaller ones and change sets. Counters, not times: they are the same on every machine.
#include <benchmark/benchmark.h>

#include <map>

#include "platform/bench/bench_world.h"
#include "platform/channels.h"
#include "platform/durable/replication/messages.h"
#include "sim/disk/events.h"
#include "sim/net/events.h"

namespace orrery {
namespace {

constexpr const char* kWorker = R"js(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
export class Keeper extends DurableObject {
  n = 0;
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, what TEXT, at INTEGER)");
  }
  put() { (meter[0] -= 20) < 0 && trip(); this.ctx.storage.kv.put("counter", ++this.n); }
  insert() {
    (meter[0] -= 20) < 0 && trip();
    this.ctx.storage.sql.exec("INSERT INTO lines (what, at) VALUES (?, ?)", "a line of text", Date.now());
  }
}
export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    const path = request.url.slice(request.url.lastIndexOf("/") + 1);
    const keeper = env.OBJECTS.get(env.OBJECTS.idFromName(path));
    await (path[0] === "p" ? keeper.put() : keeper.insert());
    return new Response("ok");
  },
};
)js";

const worker::Deployment& deployment() {
  static const auto made = bench::deploy(kWorker, "Keeper");
  return *made;
}

// Counts what owners, followers and their disks do.
struct Cost {
  explicit Cost(World& world) {
    world.observers().subscribe<net::Delivered>([this](const net::Delivered& e, const EventContext&) {
      if (e.channel != kFollowerChannel.index && e.channel != kReplicationChannel.index) return;
      ++messages;
      bytes += e.message.bytes();
      if (&e.message.kind() != &durable::AppendMessage::kKind) return;
      // One of the five is enough to see what changed.
      const auto& append = e.message.as<durable::AppendMessage>();
      if (append.index <= last) return;
      last = append.index;
      ++entries;
      for (const durable::PageFrame& frame : append.payload->frames) compare(pages[frame.page], frame.bytes);
    });
    world.observers().subscribe<disk::Synced>([this](const disk::Synced& e, const EventContext&) {
      if (!e.file.starts_with("follower/")) return;
      ++syncs;
      written += e.bytes;
    });
  }
  void compare(Ref<Buffer>& before, const Ref<Buffer>& after) {
    ++frames;
    for (uint32_t quarter = 0; quarter < 4; ++quarter) {
      uint64_t differ = 0;
      for (uint32_t i = quarter * 1024; i < (quarter + 1) * 1024; ++i)
        differ += !before || before->data()[i] != after->data()[i];
      changed += differ;
      kilobytes += differ > 0;
    }
    before = after;
  }
  uint64_t messages = 0, bytes = 0, syncs = 0, written = 0;
  uint64_t last = 0, entries = 0, frames = 0, kilobytes = 0, changed = 0;
  std::map<uint32_t, Ref<Buffer>> pages;
};

void cost(benchmark::State& state, const char* prefix, int clients) {
  constexpr uint64_t kWrites = 1000;
  Cloud cloud(rig::geography(), deployment(), {.pops = {"FRA"}});
  bench::ClosedLoop loop(cloud, clients, prefix, 1);
  loop.run(200);
  Cost cost(cloud.world());
  uint64_t writes = 0;
  for (auto _ : state) {
    loop.run(kWrites);
    writes += kWrites;
  }
  if (loop.wrong()) state.SkipWithError("a request failed");
  auto each = [&](uint64_t n) { return static_cast<double>(n) / static_cast<double>(writes); };
  state.counters["messages"] = each(cost.messages);
  state.counters["bytes"] = each(cost.bytes);
  state.counters["syncs"] = each(cost.syncs);
  state.counters["disk_bytes"] = each(cost.written);
  state.counters["entries"] = each(cost.entries);
  state.counters["pages"] = each(cost.frames);
  state.counters["changed_1k"] = each(cost.kilobytes);
  state.counters["changed_bytes"] = each(cost.changed);
}

// Always the same number of writes, so that the counters are, too.
BENCHMARK_CAPTURE(cost, put_alone, "p", 1)->Name("BM_WriteCost/put_alone")->Iterations(4);
BENCHMARK_CAPTURE(cost, put_of_64, "p", 64)->Name("BM_WriteCost/put_of_64")->Iterations(4);
BENCHMARK_CAPTURE(cost, insert_alone, "s", 1)->Name("BM_WriteCost/insert_alone")->Iterations(4);
BENCHMARK_CAPTURE(cost, insert_of_64, "s", 64)->Name("BM_WriteCost/insert_of_64")->Iterations(4);

}  // namespace
}  // namespace orrery
