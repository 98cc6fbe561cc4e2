#include "conformance/properties/rig.h"

#include <cstdio>
#include <cstdlib>

#include "platform/tests/deploy.h"
#include "sim/core/check.h"

namespace orrery::properties {

namespace {

// Around the class of a property.
constexpr std::string_view kBefore = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
)";
constexpr std::string_view kAfter = R"(
export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    try {
      const name = new URL(request.url).pathname.slice(1);
      if (name === "edge") return Response.json((await atEdge(await request.json(), env)) ?? null);
      const stub = env.THING.get(env.THING.idFromName(name));
      return Response.json((await stub.run(await request.json())) ?? null);
    } catch (error) {
      return new Response(`${error}`, { status: 500 });
    }
  },
};
)";

CloudOptions options_of(const Setup& setup) {
  CloudOptions options;
  options.pops = setup.pops;
  options.weaken = setup.weaken;
  options.kv_weaken = setup.kv_weaken;
  options.world.decisions.seed = setup.seed ? setup.seed : 1;
  options.world.record = std::getenv("ORRERY_STORY") != nullptr;
  options.world.decisions.base = setup.seed && !setup.overrides ? DecisionBase::kSeed : DecisionBase::kDefault;
  if (setup.overrides) options.world.decisions.overrides = *setup.overrides;
  options.world.list_decisions = setup.list_decisions;
  return options;
}

}  // namespace

std::string printable(std::string_view object) { return "do:Thing/" + std::string(object); }

App::App(std::string_view javascript, bool kv) {
  std::string text(kBefore);
  text.append(javascript).append(kAfter);
  std::vector<runtime::Binding> bindings{rig::object("THING", "Thing")};
  if (kv) bindings.push_back(rig::kv("FLAGS"));
  deployment_ = std::make_unique<worker::Deployment>(
      rig::deploy("property", text, std::move(bindings), {"Thing"}));
}

Rig::Rig(const App& app, const Setup& setup)
    : cloud_(rig::geography(), app.deployment(), options_of(setup)),
      scheduler_(explore::make_strategy(cloud_.world(), setup.schedule)),
      faults_(cloud_),
      injector_(cloud_.world(), cloud_.hosts(), cloud_.network(), &faults_),
      tasks_(std::make_unique<TaskScope>(cloud_.world().loop())) {
  world().loop().schedule_by(scheduler_.get());
}

Rig::~Rig() {
  tasks_.reset();
  world().loop().schedule_by(nullptr);
  // What objects, alarms, clients and faults did: not what disks, links and followers did.
  const Trace& trace = world().trace();
  for (const RecordedEvent& e : trace.recorded()) {
    const std::string& lane = trace.lane_at(e.lane).name;
    if (lane.starts_with("host:") || lane.starts_with("isolate:")) continue;
    std::fprintf(stderr, "%10.6f  %-16s %-16s %s\n", static_cast<double>(e.at.us) / 1e6, lane.c_str(),
                 e.kind, e.text.c_str());
  }
}

client::Client& Rig::add_client(std::string_view pop) {
  return cloud_.add_client(*rig::geography().find(pop), "client/" + std::to_string(++clients_));
}

void Rig::plan(const fault::FaultPlan& plan) {
  for (fault::Fault f : plan) {
    f.at += world().now() - Instant{};
    ORRERY_CHECK(injector_.add(std::move(f)).empty());
  }
}

bool Rig::crash_owner(std::string_view object) {
  durable::Actor* actor = cloud_.find_object(printable(object));
  if (!actor) return false;
  host::Host& host = actor->object_host().process().host();
  cloud_.hosts().crash(host);
  cloud_.hosts().restart(host);
  return true;
}

void Rig::evict(std::string_view object) {
  if (durable::Actor* actor = cloud_.find_object(printable(object)))
    actor->object_host().evict(*actor, "evicted by a test");
}

Task<Reply> Rig::ask(client::Client& client, std::string object, Json program, Duration timeout) {
  auto request = make_ref<runtime::HttpRequest>();
  request->method = "POST";
  request->url = "/" + object;
  request->body = runtime::HttpBody::of(program.dump());
  client::Exchange exchange = co_await client.fetch(std::move(request), timeout);
  Reply reply;
  reply.sent = exchange.sent;
  reply.received = world().now();
  reply.never_sent = exchange.never_sent;
  if (!exchange.response) {
    reply.error = exchange.error;
    co_return reply;
  }
  reply.status = exchange.response->status;
  const std::string text(exchange.response->body.text());
  if (reply.ok())
    reply.body = Json::parse(text, nullptr, false);
  else
    reply.error = text;
  co_return reply;
}

Task<void> Rig::call_into(client::Client& client, std::string object, Json program,
                          std::optional<Reply>* out) {
  *out = co_await ask(client, std::move(object), std::move(program));
}

Reply Rig::call(client::Client& client, const std::string& object, const Json& program) {
  std::optional<Reply> reply;
  CauseScope cause(world().cause(), mix64(hash_name("property.call"), ++requests_));
  tasks_->spawn(call_into(client, object, program, &reply));
  while (!reply) world().loop().step();
  return *std::move(reply);
}

Reply Rig::insist(client::Client& client, const std::string& object, const Json& program) {
  Reply reply;
  for (int i = 0; i < 120 && !reply.ok(); ++i) {
    if (i) run_for(seconds(1));
    reply = call(client, object, program);
  }
  return reply;
}

}  // namespace orrery::properties
