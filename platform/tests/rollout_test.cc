// Versions of a Worker and migrations while a world runs.
//
// Method: one Worker in several versions, each of which says its name from the edge and from an object; what requests,
// objects and uploads answer.
#include <set>

#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

using worker::Deployment;
using worker::Migration;

// /add?o=a counts in object a, /slow keeps it for eight seconds, /self tells its id; each answers with the versions of edge and object.
std::string source(const std::string& version, const std::string& classes) {
  std::string text = R"(
import { DurableObject } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
class Base extends DurableObject {
  async add() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return `VERSION ${n}`;
  }
  async slow() { await wait(8000); return "VERSION slow"; }
  async self() { return this.ctx.id.toString(); }
  async alarmed() { await this.ctx.storage.setAlarm(Date.now() + 3600_000); return "set"; }
  async alarm() { console.log("the alarm rings"); }
}
CLASSES
export default {
  async fetch(request, env) {
    const url = new URL(request.url), what = url.pathname.slice(1);
    if (what === "edge") return new Response("VERSION");
    if (what === "wait") { await wait(8000); return new Response("VERSION"); }
    try {
      const space = env[url.searchParams.get("in") ?? "THINGS"];
      return new Response(await space.getByName(url.searchParams.get("o") ?? "o")[what]());
    } catch (error) { return new Response(String(error)); }
  },
};
)";
  const auto put = [&text](std::string_view key, const std::string& value) {
    for (size_t at; (at = text.find(key)) != text.npos;) text.replace(at, key.size(), value);
  };
  put("CLASSES", classes);
  put("VERSION", version);
  return text;
}

// A migration that does one thing.
Migration migration(const char* tag) {
  Migration m;
  m.tag = tag;
  return m;
}
Migration makes(const char* tag, const std::vector<std::string>& names) {
  Migration m = migration(tag);
  for (const std::string& name : names) m.made.push_back({name, true});
  return m;
}
Migration renames(const char* tag, const char* from, const char* to) {
  Migration m = migration(tag);
  m.renamed.push_back({from, to});
  return m;
}
Migration deletes(const char* tag, const char* name) {
  Migration m = migration(tag);
  m.deleted.push_back(name);
  return m;
}

// A version of the Worker "shop". `classes`: those that it exports.
Deployment version(const char* name, const std::vector<std::string>& classes, std::vector<runtime::Binding> bindings,
                   std::vector<Migration> later = {}) {
  std::string text;
  for (const std::string& c : classes) text += "export class " + c + " extends Base {}\n";
  Deployment made = rig::deploy("shop", source(name, text), std::move(bindings), classes, {}, name);
  later.insert(later.begin(), makes("1", {"Thing", "Other"}));
  made.set_migrations(std::move(later));
  std::vector<std::string> exports = classes;
  exports.push_back("default");
  made.set_exports(std::move(exports));
  return made;
}

std::vector<runtime::Binding> both(const char* things = "Thing", const char* others = "Other") {
  return {rig::object("THINGS", things), rig::object("OTHERS", others)};
}

const Deployment& v1() {
  static const Deployment made = version("v1", {"Thing", "Other"}, both());
  return made;
}
const Deployment& v2() {
  static const Deployment made = version("v2", {"Thing", "Other"}, both());
  return made;
}
const Deployment& v3() {
  static const Deployment made = version("v3", {"Thing", "Other"}, both());
  return made;
}

worker::Application shop(std::vector<const Deployment*> later) { return worker::Application({&v1()}, later); }

TEST(Rollout, NewCodeServesRequestsAndObjectsWithinSecondsAndObjectsKeepTheirData) {
  Rig rig(shop({&v2()}));
  EXPECT_EQ(rig.ask("add?o=a"), "v1 1");
  EXPECT_EQ(rig.deploy({{"app", "v2"}}), "");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.ask("edge"), "v2");
  EXPECT_EQ(rig.ends(), "its code was updated\n");
  EXPECT_EQ(rig.ask("add?o=a"), "v2 2");
}

TEST(Rollout, AnObjectThatStartsRunsTheNewVersionBeforeItsHostHasTheNews) {
  Rig rig(shop({&v2()}));
  EXPECT_EQ(rig.ask("edge"), "v1");
  EXPECT_EQ(rig.deploy({{"app", "v2"}}), "");
  EXPECT_EQ(rig.ask("add?o=a"), "v2 1");
}

TEST(Rollout, RequestsUnderWayEndInTheVersionThatTheyBeganWith) {
  Rig rig(shop({&v2()}));
  rig.send("wait");
  rig.send("slow?o=a");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.deploy({{"app", "shop"}, {"version", "v2"}}), "");
  rig.run_for(seconds(10));
  ASSERT_EQ(rig.answers().size(), 2u);
  EXPECT_EQ(rig.answers()[0], "Error: Durable Object reset because its code was updated.");
  EXPECT_EQ(rig.answers()[1], "v1");
}

TEST(Rollout, AShareOfTheRequestsGoesToTheNewVersion) {
  Rig rig(shop({&v2()}));
  EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", 300'000}}), "");
  rig.run_for(seconds(6));
  int newer = 0;
  for (int i = 0; i < 400; ++i) newer += rig.ask("edge") == "v2";
  EXPECT_GT(newer, 80);
  EXPECT_LT(newer, 160);
}

TEST(Rollout, AnObjectChangesOverOnceWhileTheShareGrows) {
  Rig rig(shop({&v2()}));
  std::vector<std::string> last(40, "v1");
  const auto look = [&] {
    int newer = 0;
    for (size_t i = 0; i < last.size(); ++i) {
      const std::string now = rig.ask("add?o=" + std::to_string(i)).substr(0, 2);
      EXPECT_GE(now, last[i]) << i;
      last[i] = now;
      newer += now == "v2";
    }
    return newer;
  };
  EXPECT_EQ(look(), 0);
  std::vector<int> newer;
  for (int share : {200'000, 600'000, 1'000'000}) {
    EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", share}}), "");
    rig.run_for(seconds(6));
    newer.push_back(look());
    for (int i = 0; i < 40; i += 7)
      if (auto* actor = rig.object(std::to_string(i))) actor->object_host().evict(*actor, "a test");
    EXPECT_EQ(look(), newer.back());
  }
  EXPECT_GT(newer[0], 0);
  EXPECT_LT(newer[0], newer[1]);
  EXPECT_LT(newer[1], newer[2]);
  EXPECT_EQ(newer[2], 40);
}

TEST(Rollout, ARolledBackVersionIsLeftByAll) {
  Rig rig(shop({&v2()}));
  EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", 500'000}}), "");
  rig.run_for(seconds(6));
  for (int i = 0; i < 8; ++i) rig.ask("add?o=" + std::to_string(i));
  EXPECT_EQ(rig.deploy({{"app", "v1"}}), "");
  rig.run_for(seconds(40));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(rig.ask("add?o=" + std::to_string(i)), "v1 2");
}

TEST(Rollout, RefusesWhatIsNoShareOfTwoVersions) {
  Rig rig(shop({&v2(), &v3()}));
  EXPECT_EQ(rig.deploy({{"app", "v9"}}),
            "deploy: there is no Worker \"v9\", and there is no version \"v9\" here (there is shop@v1, shop@v2, shop@v3)");
  EXPECT_EQ(rig.deploy({{"app", "shop"}, {"version", "v9"}}),
            "deploy: there is no version \"v9\" of the Worker \"shop\" here (there is v1, v2, v3)");
  EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", 0}}), "deploy: a share is more than nothing and at most the whole");
  EXPECT_EQ(rig.deploy({{"app", "v1"}, {"share_ppm", 5}}), "version v1 of the Worker \"shop\" serves everything already");
  EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", 125'000}}), "");
  EXPECT_EQ(rig.deploy({{"app", "v2"}, {"share_ppm", 100'000}}),
            "version v2 of the Worker \"shop\" has a share of 12.5 %, which can only grow; deploy v1 to go back");
  EXPECT_EQ(rig.deploy({{"app", "v3"}, {"share_ppm", 100'000}}),
            "v1 and v2 of the Worker \"shop\" share it already: a third version can take its place only as a whole");
}

TEST(Migrations, ARenamedClassKeepsItsObjectsTheirDataAndIds) {
  static const Deployment renamed =
      version("v2", {"Basket", "Other"}, both("Basket"), {renames("2", "Thing", "Basket")});
  Rig rig(shop({&renamed}));
  EXPECT_EQ(rig.ask("add?o=a"), "v1 1");
  const std::string id = rig.ask("self?o=a");
  EXPECT_EQ(id.size(), 64u) << id;
  EXPECT_EQ(rig.deploy({{"app", "v2"}}), "");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.ask("add?o=a"), "v2 2");
  EXPECT_EQ(rig.ask("self?o=a"), id);
  EXPECT_EQ(rig.cloud().objects("Basket").size(), 1u);
  EXPECT_NE(rig.cloud().find_object("do:Basket/a"), nullptr);
}

TEST(Migrations, ADeletedClassIsGoneAndOneMadeAgainIsEmpty) {
  static const Deployment again = version("v2", {"Thing", "Other"}, both(),
                                          {deletes("2", "Thing"), makes("3", {"Thing"})});
  Rig rig(shop({&again}));
  EXPECT_EQ(rig.ask("add?o=a"), "v1 1");
  EXPECT_EQ(rig.ask("alarmed?o=a"), "set");
  const std::string id = rig.ask("self?o=a");
  EXPECT_EQ(id.size(), 64u) << id;
  EXPECT_EQ(rig.deploy({{"app", "v2"}}), "");
  // This host has not heard of it yet, so this is the old version's binding.
  EXPECT_EQ(rig.ask("add?o=b"), "Error: The Durable Object class 'Thing' was deleted by a migration, and all its objects with it.");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.ask("add?o=a"), "v2 1");
  EXPECT_NE(rig.ask("self?o=a"), id);
  rig.run_for(seconds(4000));
  EXPECT_EQ(rig.lines(), "");
}

TEST(Migrations, ATransferredClassRunsTheCodeOfItsNewWorker) {
  static const Deployment other = [] {
    auto made = rig::deploy("depot", "export default { async fetch() { return new Response('depot'); } };");
    return made;
  }();
  static const Deployment takes = [] {
    std::string text = source("depot2", "export class Stored extends Base {}\n");
    auto made = rig::deploy("depot", text, {rig::object("THINGS", "Stored")}, {"Stored"}, {}, "v2");
    Migration moves = migration("1");
    moves.transferred.push_back({"Thing", "shop", "Stored"});
    made.set_migrations({moves});
    return made;
  }();
  Rig rig(worker::Application({&v1(), &other}, {&takes}));
  EXPECT_EQ(rig.ask("add?o=a"), "v1 1");
  EXPECT_EQ(rig.deploy({{"app", "depot"}, {"version", "v2"}}), "");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.ask("add?o=a"), "depot2 2");  // by the binding of the shop's old code
}

TEST(Migrations, AreRefusedWithTheTextsOfThePlatformAndThenNothingHasChanged) {
  static const Deployment lacks = version("lacks", {"Thing"}, {rig::object("THINGS", "Thing")});
  static const Deployment unbound =
      version("unbound", {"Thing", "Other"}, {rig::object("THINGS", "Nothing")}, {makes("2", {"New"})});
  static const Deployment more =
      version("more", {"Thing", "Other", "New"}, both(), {makes("2", {"New"})});
  static const Deployment wrong = version("wrong", {"Thing", "Other"}, both(), {deletes("2", "Nothing")});
  Rig rig(shop({&lacks, &unbound, &more, &wrong, &v2()}));
  EXPECT_EQ(rig.deploy({{"app", "lacks"}}),
            "New version of script does not export class 'Other' which is depended on by existing Durable Objects. If you want to "
            "delete the class's Durable Objects, provide a \"delete-class\" migration. [code: 10064]");
  EXPECT_EQ(rig.deploy({{"app", "unbound"}}),
            "Cannot create binding for class 'Nothing' because it is not currently configured to implement Durable Objects. "
            "[code: 10061]");
  EXPECT_EQ(rig.deploy({{"app", "wrong"}}),
            "migration 2 of version wrong of the Worker \"shop\" deletes the class Nothing, which does not exist");
  EXPECT_EQ(rig.deploy({{"app", "more"}, {"share_ppm", 500'000}}),
            "version more of the Worker \"shop\" contains a migration, so it cannot be rolled out gradually: deploy it without a share");
  rig.run_for(seconds(6));
  EXPECT_EQ(rig.ask("add?o=a"), "v1 1");
  EXPECT_EQ(rig.deploy({{"app", "more"}}), "");
  EXPECT_EQ(rig.deploy({{"app", "v2"}}), "version v2 of the Worker \"shop\" lacks the migration 2, which is applied already");
}

}  // namespace
}  // namespace orrery::objects
