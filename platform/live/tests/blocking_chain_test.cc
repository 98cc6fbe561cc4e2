// Goal: a chain names what really holds a request up, and looking changes nothing. Method: a whole cloud in a few
// cities, made to wait by hand: by a cut, by JavaScript that awaits for ever, by two objects that wait for each other.
#include "platform/live/blocking_chain.h"
#include "platform/tests/deploy.h"

#include <gtest/gtest.h>


namespace orrery::live {
namespace {

constexpr const char* kWorker = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  async fetch(request) {
    (meter[0] -= 20) < 0 && trip();
    const [, what, other] = new URL(request.url).pathname.split("/");
    if (what === "forever") await new Promise(() => {});
    if (what === "later") await new Promise((done) => setTimeout(done, 30_000));
    if (what === "embrace") await this.ctx.blockConcurrencyWhile(async () => {
      await new Promise((done) => setTimeout(done, 1_000));
      await this.env.COUNTER.get(this.env.COUNTER.idFromName(other)).fetch("https://x/put");
    });
    // Another value each time: the same one again changes no page, so there is nothing to wait for.
    await this.ctx.storage.put("n", ((await this.ctx.storage.get("n")) ?? 0) + 1);
    return new Response("put");
  }
}

export default {
  async fetch(request, env) {
    (meter[0] -= 20) < 0 && trip();
    const name = new URL(request.url).searchParams.get("name") ?? "one";
    return env.COUNTER.get(env.COUNTER.idFromName(name)).fetch(request);
  },
};
)";

const worker::Deployment& deployment() {
  static const auto made = rig::deploy("waiting", kWorker, {rig::object("COUNTER", "Counter")}, {"Counter"});
  return made;
}

constexpr const char* kGateway = R"(
import { meter, trip } from "orrery:meter";
export default {
  async fetch(request, env) { (meter[0] -= 20) < 0 && trip(); return env.BACK.fetch(request); },
};
)";

// A Worker that hands everything to `deployment()`.
const worker::Deployment& gateway() {
  static const auto made = rig::deploy("gateway", kGateway, {rig::service("BACK", "waiting")});
  return made;
}

CloudOptions three_cities() {
  CloudOptions options;
  options.pops = {"FRA", "AMS", "CDG"};
  return options;
}

class Rig {
 public:
  explicit Rig(worker::Application application = worker::Application({&deployment()}))
      : cloud_(rig::geography(), std::move(application), three_cities()),
        client_(cloud_.add_client(*rig::geography().find("FRA"), "client/1")),
        tasks_(cloud_.world().loop()) {}

  Cloud& cloud() { return cloud_; }
  void run_for(Duration time) { cloud_.world().loop().run_until(cloud_.world().now() + time); }
  void send(const char* url) { tasks_.spawn(fetch(url)); }
  durable::Actor& object() { return *cloud_.find_object("do:Counter/one"); }
  // Of the oldest request that is open.
  Chain chain() {
    if (client_.open_requests().empty()) return {};
    return BlockingChain(cloud_).of_request(client_, *client_.open_requests().front());
  }
  std::string story() {
    std::string out;
    for (const Link& link : chain().links) out += link.text() + "\n";
    return out;
  }

 private:
  Task<void> fetch(const char* url) {
    auto request = make_ref<runtime::HttpRequest>();
    request->method = "POST";
    request->url = url;
    co_await client_.fetch(std::move(request));
  }

  Cloud cloud_;
  client::Client& client_;
  TaskScope tasks_;
};

bool says(const std::string& story, const std::string& part) {
  return story.find(part) != std::string::npos;
}

TEST(BlockingChain, NamesTheFollowersThatACutKeepsFromAWrite) {
  Rig rig;
  rig.send("/put");
  rig.run_for(seconds(3));
  ASSERT_TRUE(rig.chain().links.empty()) << rig.story();
  host::Host& owner = rig.object().object_host().process().host();
  std::vector<std::string> far;
  for (size_t i = 0; i < 3; ++i)
    far.push_back(rig.cloud().hosts().by_id(rig.object().followers()[i]).name());
  rig.cloud().network().partition("q0", {.names = {owner.name()}}, {.names = far});
  rig.send("/put");
  rig.run_for(seconds(2));
  const std::string story = rig.story();
  EXPECT_TRUE(says(story, "do:Counter/one waits for its output gate, and that for log entry 2: "
                          "2 of 3 followers have acknowledged it")) << story;
  for (const std::string& name : far)
    EXPECT_TRUE(says(story, name + " (cut off by q0) has 1")) << story;
  EXPECT_EQ(rig.chain().end, End::kMoving);
  rig.cloud().network().heal("q0");
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.story(), "");
}

TEST(BlockingChain, EndsWithNobodyWhereJavaScriptAwaitsForEver) {
  Rig rig;
  rig.send("/forever");
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.chain().end, End::kNobody) << rig.story();
  EXPECT_TRUE(says(rig.story(), "do:Counter/one waits for nothing that could still come")) << rig.story();
}

TEST(BlockingChain, GoesThroughACallOfAnotherWorker) {
  runtime::start_v8();
  Rig rig(worker::Application({&gateway(), &deployment()}));
  rig.send("/forever");
  rig.run_for(seconds(3));
  EXPECT_EQ(rig.chain().end, End::kNobody) << rig.story();
  EXPECT_TRUE(says(rig.story(), "waits for the Worker waiting: a call through a service binding")) << rig.story();
  EXPECT_TRUE(says(rig.story(), "the Worker waiting waits for do:Counter/one")) << rig.story();
}

TEST(BlockingChain, CallsATimerOfTheObjectsOwnMoving) {
  Rig rig;
  rig.send("/later");
  rig.run_for(seconds(10));
  EXPECT_EQ(rig.chain().end, End::kMoving) << rig.story();
  EXPECT_TRUE(says(rig.story(), "do:Counter/one waits for a timer of its own")) << rig.story();
}

TEST(BlockingChain, ComesRoundWhereTwoObjectsWaitForEachOther) {
  Rig rig;
  rig.send("/put?name=one");
  rig.send("/put?name=two");
  rig.run_for(seconds(3));
  rig.send("/embrace/two?name=one");
  rig.send("/embrace/one?name=two");
  rig.run_for(seconds(5));
  EXPECT_EQ(rig.chain().end, End::kCycle) << rig.story();
  EXPECT_TRUE(says(rig.story(), "held by blockConcurrencyWhile #1 of do:Counter/one")) << rig.story();
  EXPECT_TRUE(says(rig.story(), "held by blockConcurrencyWhile #1 of do:Counter/two")) << rig.story();
}

TEST(BlockingChain, SaysWhichMembersOfTheDirectoryAreMissing) {
  Rig rig;
  for (size_t i = 0; i < 3; ++i)
    rig.cloud().hosts().crash(*rig.cloud().hosts().by_name(rig.cloud().directory_hosts()[i]));
  rig.send("/put");
  rig.run_for(seconds(5));
  const std::string story = rig.story();
  EXPECT_TRUE(says(story, "2 of 5 members of the directory can be reached")) << story;
  EXPECT_TRUE(says(story, rig.cloud().directory_hosts()[0] + " (down)")) << story;
}

TEST(BlockingChain, LookingChangesNothing) {
  uint64_t hashes[2];
  for (int looks : {0, 1}) {
    Rig rig;
    rig.send("/put");
    rig.send("/embrace/two?name=one");
    rig.send("/later");
    for (int i = 0; i < 200; ++i) {
      rig.run_for(millis(50));
      if (looks) rig.story();
    }
    hashes[looks] = rig.cloud().world().trace().hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace orrery::live
