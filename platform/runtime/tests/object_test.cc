// Durable Objects on the JavaScript side: namespaces, ids, stubs, construction, events, critical sections.
#include <gtest/gtest.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

constexpr char kWorker[] = R"(
import { DurableObject } from 'cloudflare:workers';
export class Counter extends DurableObject {
  n = 0;
  constructor(ctx, env) { super(ctx, env); if (env.FAIL) throw new Error('constructor ' + ctx.id.name); }
  fetch(request) { this.n++; return new Response(this.ctx.id.name + ' ' + this.n + ' ' + request.url); }
  add(a, b) { if (b === undefined) throw new RangeError('two'); return { sum: a + b, list: [a, b] }; }
  async block() { const v = await this.ctx.blockConcurrencyWhile(async () => { await null; this.n = 100; return 'v'; }); return v + this.n; }
  async blockFails() { await this.ctx.blockConcurrencyWhile(() => { throw new Error('inside'); }); }
  abort() { try { this.ctx.abort('enough'); } finally { this.n = -1; } }
  alarm(info) { this.n = info.retryCount + (info.isRetry ? 10 : 0) + info.scheduledTime; }
  count() { return this.n; }
}
export class Plain { fetch() { return new Response('plain'); } }
export default { async fetch(request, env) {
  const url = new URL(request.url);
  const ns = env.COUNTER, stub = ns.get(ns.idFromName('room'));
  switch (url.pathname) {
    case '/fetch': return stub.fetch('https://do/x', { method: 'POST', body: 'b' });
    case '/rpc': return Response.json(await stub.add(1, 2));
    case '/fails': try { await stub.add(1); } catch (e) { return new Response([e.name, e.message, e.remote].join()); }
    case '/ids': { const id = ns.idFromName('a'); const u = ns.newUniqueId(); return new Response([String(id).length, id.equals(ns.idFromName('a')), id.equals(u), ns.idFromString(u.toString()).equals(u), id.name, u.name].join()); }
    case '/bad': try { ns.idFromString('xyz'); } catch (e) { return new Response(e.name + ': ' + e.message); }
    case '/get': try { ns.get('xyz'); } catch (e) { return new Response(e.name); }
    case '/await': return new Response(String((await stub) === stub));
  }
} };
)";

Ref<AppCode> worker(bool fail = false) {
  Ref<AppCode> app = test_app(kWorker);
  app->bindings.push_back({.name = "COUNTER", .kind = BindingKind::kDurableObject, .class_name = "Counter"});
  if (fail) app->bindings.push_back({.name = "FAIL", .kind = BindingKind::kText, .value = "1"});
  return app;
}

struct ObjectRig : Rig {
  explicit ObjectRig(std::string class_name = "Counter", bool fail = false) : Rig(worker(fail)) {
    actor = isolate.open_context(ContextKind::kActor);
    const std::string name = "room";
    constructed = isolate.construct_actor(actor, class_name, host.id_from_name(0, name), &name, 0, 1);
  }
  Ref<Buffer> pack(const char* json) {
    v8::Isolate* i = isolate.v8_isolate();
    v8::Isolate::Scope scope(i);
    v8::HandleScope handles(i);
    v8::Local<v8::Context> c = v8::Context::New(i);
    v8::Context::Scope entered(c);
    return serialize(i, c, v8::JSON::Parse(c, v8::String::NewFromUtf8(i, json).ToLocalChecked()).ToLocalChecked());
  }
  std::string unpack(const Ref<Buffer>& bytes) {
    if (!bytes) return "null buffer";
    v8::Isolate* i = isolate.v8_isolate();
    v8::Isolate::Scope scope(i);
    v8::HandleScope handles(i);
    v8::Local<v8::Context> c = v8::Context::New(i);
    v8::Context::Scope entered(c);
    v8::Local<v8::Value> value = deserialize(i, c, bytes->bytes()).ToLocalChecked();
    return *v8::String::Utf8Value(i, v8::JSON::Stringify(c, value).ToLocalChecked());
  }
  std::string call(const char* method, const char* arguments) {
    const EventId event = ++last_event;
    const TurnResult turn = isolate.dispatch_actor_rpc(actor, event, method, pack(arguments));
    if (!turn) return "turn: " + turn.error->text();
    if (host.errors.contains(event)) return "error: " + host.errors[event].text();
    return host.values.contains(event) ? unpack(host.values[event]) : "no answer";
  }
  ContextId actor;
  TurnResult constructed;
};

TEST(Objects, KeepTheirStateBetweenEvents) {
  ObjectRig rig;
  ASSERT_TRUE(rig.constructed) << rig.constructed.error->stack;
  HttpRequest request;
  request.url = "https://do/p";
  ASSERT_TRUE(rig.isolate.dispatch_actor_fetch(rig.actor, 1, request));
  ASSERT_TRUE(rig.isolate.dispatch_actor_fetch(rig.actor, 2, request));
  EXPECT_EQ(rig.text(2), "room 2 https://do/p");
}

TEST(Objects, TellWhatTheirConstructorThrew) {
  ObjectRig rig("Counter", true);
  ASSERT_EQ(rig.constructed.kind, TurnKind::kException);
  EXPECT_EQ(rig.constructed.error->text(), "Error: constructor room");
}

TEST(Objects, NeedAClassThatIsExported) {
  ObjectRig rig("Absent");
  ASSERT_EQ(rig.constructed.kind, TurnKind::kException);
  EXPECT_EQ(rig.constructed.error->name, "TypeError");
}

TEST(Objects, AnswerRpcByValue) {
  ObjectRig rig;
  EXPECT_EQ(rig.call("add", "[1,2]"), "{\"sum\":3,\"list\":[1,2]}");
  EXPECT_EQ(rig.call("add", "[1]"), "error: RangeError: two");
  EXPECT_EQ(rig.call("absent", "[]"), "error: TypeError: The RPC receiver does not implement the method \"absent\".");
  EXPECT_EQ(rig.call("n", "[]"), "error: TypeError: The RPC receiver does not implement the method \"n\".");
  EXPECT_EQ(rig.call("toString", "[]"), "error: TypeError: The RPC receiver does not implement the method \"toString\".");
  EXPECT_EQ(rig.call("fetch", "[]"), "error: TypeError: 'fetch' is a reserved method and cannot be called over RPC.");
}

TEST(Objects, RefuseRpcWithoutTheBaseClass) {
  ObjectRig rig("Plain");
  ASSERT_TRUE(rig.constructed);
  EXPECT_TRUE(rig.call("x", "[]").starts_with("error: TypeError: The receiving Durable Object does not support RPC"));
}

TEST(Objects, RunACriticalSectionInTurnsOfItsOwn) {
  ObjectRig rig;
  const EventId event = rig.last_event + 1;
  EXPECT_EQ(rig.call("block", "[]"), "no answer");
  EXPECT_EQ(rig.host.sections_begun, 1u);
  EXPECT_EQ(rig.call("count", "[]"), "0") << "the callback does not run before the gate grants the section";
  ASSERT_TRUE(rig.isolate.enter_section(rig.actor, 1));
  ASSERT_EQ(rig.host.sections_ended.size(), 1u);
  EXPECT_EQ(rig.host.sections_ended[0].second, "ok");
  EXPECT_FALSE(rig.host.values.contains(event));
  ASSERT_TRUE(rig.isolate.leave_section(rig.actor, 1));
  ASSERT_TRUE(rig.host.values.contains(event));
  EXPECT_EQ(rig.unpack(rig.host.values[event]), "\"v100\"");
}

TEST(Objects, TellTheGateThatACriticalSectionFailed) {
  ObjectRig rig;
  EXPECT_EQ(rig.call("blockFails", "[]"), "no answer");
  ASSERT_TRUE(rig.isolate.enter_section(rig.actor, 1));
  EXPECT_EQ(rig.host.sections_ended[0].second, "Error: inside");
}

TEST(Objects, AbortRunsNoFinallyAndNothingAfter) {
  ObjectRig rig;
  EXPECT_EQ(rig.call("abort", "[]"), "turn: Error: enough");
  EXPECT_EQ(rig.host.aborted, std::vector<std::string>{"Error: enough"});
  EXPECT_EQ(rig.call("count", "[]"), "turn: Error: The execution context has ended.");
}

TEST(Objects, HandleAlarms) {
  ObjectRig rig;
  ASSERT_TRUE(rig.isolate.dispatch_alarm(rig.actor, 1, 1000, 2));
  EXPECT_TRUE(rig.host.values.contains(1));
  EXPECT_EQ(rig.call("count", "[]"), "1012");
}

TEST(Stubs, SendFetchesAndCallsToTheirObject) {
  ObjectRig rig;
  ASSERT_TRUE(rig.fetch(1, "https://example.com/fetch"));
  ASSERT_EQ(rig.host.fetches.size(), 1u) << rig.text(1);
  EXPECT_EQ(rig.host.fetches[0].target.kind, TargetKind::kDurableObject);
  EXPECT_EQ(rig.host.fetches[0].target.id, rig.host.id_from_name(0, "room"));
  EXPECT_EQ(rig.host.fetches[0].object_name, "room");
  HttpResponse response;
  response.status = 299;
  ASSERT_TRUE(rig.isolate.settle_fetch(rig.context, rig.host.fetches[0].operation, response));
  EXPECT_EQ(rig.host.responses[1]->status, 299);

  ASSERT_TRUE(rig.fetch(2, "https://example.com/rpc"));
  ASSERT_EQ(rig.host.rpcs.size(), 1u) << rig.text(2);
  EXPECT_EQ(rig.host.rpcs[0].method, "add");
  EXPECT_EQ(rig.unpack(rig.host.rpcs[0].arguments), "[1,2]");
  ASSERT_TRUE(rig.isolate.settle_rpc(rig.context, rig.host.rpcs[0].operation, rig.pack("{\"sum\":3}")));
  EXPECT_EQ(rig.text(2), "{\"sum\":3}");

  ASSERT_TRUE(rig.fetch(3, "https://example.com/fails"));
  ErrorInfo error{.name = "RangeError", .message = "two", .remote = true};
  ASSERT_TRUE(rig.isolate.fail(rig.context, rig.host.rpcs[1].operation, error));
  EXPECT_EQ(rig.text(3), "RangeError,two,true");
}

TEST(Stubs, MakeAndCompareIds) {
  ObjectRig rig;
  EXPECT_EQ(rig.get("https://example.com/ids"), "64,true,false,true,a,");
  EXPECT_EQ(rig.get("https://example.com/bad"), "TypeError: Invalid Durable Object ID: must be 64 hex digits");
  EXPECT_EQ(rig.get("https://example.com/get"), "TypeError");
  EXPECT_EQ(rig.get("https://example.com/await"), "true");
}

}  // namespace
}  // namespace orrery::runtime
