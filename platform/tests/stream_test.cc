// Streams that leave an object while it goes on: each part waits for the writes before it and for no later one
// (durable-objects.md 2.4, 2.5); what a lost host, a reset and an idle reader do to them; bodies at clients and origins.
// What JavaScript sees of them otherwise is in conformance/probes (streams).
#include "platform/client/origin.h"
#include "platform/tests/object_rig.h"
#include "platform/worker/byte_streams.h"

namespace orrery::objects {
namespace {

constexpr std::string_view kSource = R"(
const bytes = (text) => new TextEncoder().encode(text);
const textOf = (chunk) => new TextDecoder().decode(chunk);
const parts = (...steps) => new ReadableStream({
  async pull(c) {
    const step = steps.shift();
    if (step === undefined) return c.close();
    const part = await step();
    if (part !== undefined) c.enqueue(bytes(part));
  },
});
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  n = 0;
  hi() { return "hi"; }
  put(confirmed = true) { this.ctx.storage.put("n", ++this.n, { allowUnconfirmed: !confirmed }); }
  sent() { return this.count; }
  fetch(request) {
    const put = () => this.put();
    switch (new URL(request.url).pathname) {
      case "/writesBetween": return new Response(parts(() => "a", async () => { await wait(100); put(); return "b"; }, () => wait(100), () => "c"));
      case "/writesAfter": return new Response(parts(() => "a", async () => { await wait(100); return "b"; }, async () => { put(); await wait(1); }));
      case "/unconfirmed": return new Response(parts(() => "a", async () => { await wait(100); this.put(false); return "b"; }));
      case "/slow": return new Response(parts(() => "a", () => wait(20000).then(() => "b")));
      case "/aborts": return new Response(parts(() => "a", () => wait(1000).then(() => this.ctx.abort("enough"))));
      case "/endless": this.count = 0; return new Response(new ReadableStream({ pull: (c) => { ++this.count; c.enqueue(new Uint8Array(1024)); } }));
      case "/large": return new Response(parts(...Array.from({ length: 100 }, (_, i) => () => String(i % 10).repeat(10000))));
    }
  }
}
const at = (T, o) => T.get(T.idFromName(o));
// When each part came, in seconds after the first, and how it ended.
async function timed(T, o, path) {
  let start = 0;
  const seen = [];
  try {
    for await (const part of (await at(T, o).fetch(`https://o/${path}`)).body) {
      start ||= Date.now();
      seen.push(`${textOf(part)} ${((Date.now() - start) / 1000).toFixed(1)}`);
    }
    seen.push(`end ${((Date.now() - start) / 1000).toFixed(1)}`);
  } catch (error) { seen.push(show(error)); }
  return seen.join(", ");
}
const cases = {
  hi: (env, T, o) => at(T, o).hi(),
  between: (env, T, o) => timed(T, o, "writesBetween"),
  after: (env, T, o) => timed(T, o, "writesAfter"),
  unconfirmed: (env, T, o) => timed(T, o, "unconfirmed"),
  slow: (env, T, o) => timed(T, o, "slow"),
  aborts: (env, T, o) => timed(T, o, "aborts"),
  unread: async (env, T, o) => { const held = await at(T, o).fetch("https://o/endless"); await wait(5000); return `${held.status} ${await at(T, o).sent()}`; },
  large: async (env, T, o) => { const text = await (await at(T, o).fetch("https://o/large")).text(); return `${text.length} ${text[9999]}${text[10000]}`; },
  upload: async () => (await fetch("https://origin.example.net/", { method: "POST", body: parts(() => "one ", () => wait(500), () => "two") })).text(),
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

TEST(Streams, EachPartWaitsForTheWritesBeforeItAndForNoLaterOne) {
  for (int delay : {0, 5, 20}) {
    Rig rig(app());
    rig.ask("hi");
    if (delay) rig.delay_followers("o", seconds(delay));
    // The body's second part was given after a write.
    const std::string late = delay ? std::to_string(delay) + "." : "0.";
    const std::string between = rig.ask("between");
    EXPECT_TRUE(between.starts_with("a 0.0, b " + late)) << between;
    EXPECT_TRUE(rig.ask("unconfirmed").starts_with("a 0.0, b 0.1, end 0.1")) << rig.answers().back();
    const std::string after = rig.ask("after");
    EXPECT_TRUE(after.starts_with("a 0.0, b 0.1, end " + late)) << after;
  }
}

TEST(Streams, OfAWriteThatIsNotDurableInTimeBreakOffWithTheReset) {
  Rig rig(app());
  rig.ask("hi");
  rig.delay_followers("o", seconds(45));
  EXPECT_EQ(rig.ask("between"),
            "a 0.0, Error: Durable Object storage operation exceeded timeout which caused object to be reset. "
            "overloaded=true remote=true durableObjectReset=true");
}

TEST(Streams, KeepTheirObjectFromEviction) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("slow"), "a 0.0, b 20.0, end 20.0");
  EXPECT_EQ(rig.ends(), "");
  rig.run_for(seconds(15));
  EXPECT_EQ(rig.ends(), "evicted after being idle\n");
}

TEST(Streams, BreakOffWithTheirObject) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("aborts"), "a 0.0, Error: enough remote=true durableObjectReset=true");
}

TEST(Streams, BreakOffWithTheirHost) {
  CloudOptions options;
  options.pops = {"FRA", "SYD"};
  Rig rig(app(), options);
  rig.ask("hi");
  client::Client& far = rig.add_client("SYD");
  rig.send(far, "slow");
  rig.run_for(seconds(5));
  rig.crash_owner("o");
  rig.run_for(seconds(20));
  EXPECT_EQ(rig.answers().back(), "a 0.0, Error: Network connection lost. retryable=true");
}

TEST(Streams, ThatNobodyReadsStopAtTheirWindow) {
  Rig rig(app());
  const std::string seen = rig.ask("unread");
  ASSERT_TRUE(seen.starts_with("200 ")) << seen;
  const int sent = std::stoi(seen.substr(4));
  EXPECT_GE(sent, worker::kStreamWindow / 1024);
  EXPECT_LE(sent, worker::kStreamWindow / 1024 + 3);
}

TEST(Streams, LargerThanTheirWindowArriveWhole) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("large"), "1000000 01");
}

TEST(Streams, ReachAnOriginAsOneRequest) {
  Rig rig(app());
  client::Origin& origin = rig.cloud().origin("origin.example.net");
  rig.send("upload");
  rig.run_for(seconds(2));
  auto requests = origin.take();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests.front().request->body.text(), "one two");
  auto response = make_ref<runtime::HttpResponse>();
  response->body = runtime::HttpBody::of("thanks");
  origin.reply(requests.front().id, std::move(response));
  rig.run_for(seconds(2));
  EXPECT_EQ(rig.answers().back(), "thanks");
}

// A Worker whose answer to its client is a stream.
constexpr const char* kStreaming = R"(
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
export default { fetch(request) {
  let n = 0;
  return new Response(new ReadableStream({ async pull(c) {
    await wait(1000);
    if (n === 3 && request.url.endsWith("/fails")) throw new Error("no more");
    n++ < 3 ? c.enqueue(`part ${n} `) : c.close();
  } }));
} };
)";

TEST(Streams, ReachAClientAsOneResponse) {
  static const auto made = rig::deploy("streaming", kStreaming);
  Cloud cloud(rig::geography(), made, one_city());
  client::Client& client = cloud.add_client(*rig::geography().find("FRA"), "client/1");
  TaskScope tasks(cloud.world().loop());
  std::vector<client::Exchange> seen;
  const auto ask = [&](const char* path) -> Task<void> {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = path;
    seen.push_back(co_await client.fetch(std::move(request)));
  };
  tasks.spawn(ask("/"));
  cloud.world().loop().run_until(cloud.world().now() + seconds(10));
  tasks.spawn(ask("/fails"));
  cloud.world().loop().run_until(cloud.world().now() + seconds(10));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].response->body.text(), "part 1 part 2 part 3 ");
  EXPECT_GT((seen[0].received - seen[0].sent).us, 4'000'000);
  EXPECT_FALSE(seen[1].response);
  EXPECT_EQ(seen[1].error, "the body broke off: no more");
  EXPECT_FALSE(seen[1].never_sent);
}

}  // namespace
}  // namespace orrery::objects
