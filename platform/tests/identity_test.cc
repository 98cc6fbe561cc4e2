// Where objects are: jurisdictions, location hints, home (durable-objects.md 4 IDs, platform.md section 3).
#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/object_host.h"
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

using rig::geography;

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  who() { return `${this.ctx.id.name} ${this.ctx.id.jurisdiction}`; }
  set(ms) { return this.ctx.storage.setAlarm(Date.now() + ms); }
  alarm() { console.log(`alarm ${this.ctx.id.name} ${this.ctx.id.jurisdiction}`); }
}
const cases = {
  hint: (env, T, o) => { const [hint, name] = o.split(":"); return T.getByName(name, { locationHint: hint }).who(); },
  plain: (env, T, o) => T.getByName(o).who(),
  within: (env, T, o) => { const [where, name] = o.split(":"); return T.jurisdiction(where).getByName(name).who(); },
  both: (env, T, o) => {
    const [where, hint, name] = o.split(":");
    return T.jurisdiction(where).getByName(name, { locationHint: hint }).who();
  },
  alarm: (env, T, o) => { const [where, name] = o.split(":"); return T.jurisdiction(where).getByName(name).set(60000); },
  ids: async (env, T) => {
    const E = T.jurisdiction("eu"), plain = T.idFromName("a"), eu = E.idFromName("a");
    const unique = T.newUniqueId({ jurisdiction: "fedramp" });
    return (await Promise.all([
      () => plain.equals(eu), () => `${eu.jurisdiction} ${plain.jurisdiction} ${unique.jurisdiction}`,
      () => E.newUniqueId().jurisdiction, () => E.jurisdiction(null).idFromName("a").equals(plain),
      () => T.idFromString(`${eu}`).jurisdiction, () => E.idFromString(`${plain}`).jurisdiction,
      () => T.get(eu).who(), () => T.get(T.idFromString(`${unique}`)).who(),
      () => E.get(plain), () => T.jurisdiction("us").get(eu), () => T.jurisdiction("mars"),
      () => T.newUniqueId({ jurisdiction: "mars" }), () => env.OTHER.idFromString(`${eu}`),
    ].map((f) => saw(f)))).join("\n");
  },
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

CloudOptions three_cities() {
  CloudOptions options;
  options.pops = {"FRA", "IAD", "SYD"};
  return options;
}

const net::Pop& place_of(Rig& rig, const std::string& name) {
  durable::Actor* actor = rig.object(name);
  ORRERY_CHECK(actor != nullptr);
  return geography().at(actor->object_host().process().host().pop());
}

TEST(Jurisdictions, MakeOtherIdsOfTheSameNameThatKeepThem) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("ids"),
            "false\neu undefined fedramp\neu\ntrue\neu\n"
            "\n"
            "a eu\nundefined fedramp\n"
            "TypeError: get called on jurisdictional subnamespace with an ID from a different jurisdiction\n"
            "TypeError: get called on jurisdictional subnamespace with an ID from a different jurisdiction\n"
            "TypeError: \"mars\" is not a jurisdiction: there are eu, fedramp, fedramp-high and us\n"
            "TypeError: \"mars\" is not a jurisdiction: there are eu, fedramp, fedramp-high and us\n"
            "TypeError: Durable Object ID is not valid for this namespace.");
}

// The object and all its followers are inside, whoever asks and from wherever.
TEST(Jurisdictions, HoldTheObjectAndItsFollowers) {
  Rig rig(app(), three_cities());
  client::Client& sydney = rig.add_client("SYD");
  for (const auto& [where, jurisdiction] : {std::pair{"eu", worker::Jurisdiction::kEu},
                                            {"us", worker::Jurisdiction::kUs},
                                            {"fedramp", worker::Jurisdiction::kFedramp},
                                            {"fedramp-high", worker::Jurisdiction::kFedrampHigh}}) {
    const std::string name = std::string("held in ") + where;
    ASSERT_EQ(rig.ask(sydney, "within?o=" + std::string(where) + ":held"), "held " + std::string(where));
    EXPECT_TRUE(worker::within(place_of(rig, name), jurisdiction)) << place_of(rig, name).iata;
    for (host::HostId follower : rig.object(name)->followers())
      EXPECT_TRUE(worker::within(geography().at(rig.cloud().hosts().by_id(follower).pop()), jurisdiction));
  }
  ASSERT_EQ(rig.ask(sydney, "plain?o=free"), "free undefined");
  EXPECT_EQ(place_of(rig, "free").iata, "SYD");
}

// Its host crashes and an alarm or a caller far away brings it back: still inside.
TEST(Jurisdictions, HoldItAfterACrashToo) {
  Rig rig(app(), three_cities());
  client::Client& sydney = rig.add_client("SYD");
  ASSERT_EQ(rig.ask(sydney, "alarm?o=eu:held"), "undefined");
  durable::Actor* actor = rig.object("held in eu");
  rig.cloud().hosts().crash(actor->object_host().process().host());
  rig.ask(sydney, "within?o=eu:held");  // may find out about the crash
  ASSERT_EQ(rig.ask(sydney, "within?o=eu:held"), "held eu");
  EXPECT_TRUE(worker::within(place_of(rig, "held in eu"), worker::Jurisdiction::kEu));
  rig.cloud().hosts().crash(rig.object("held in eu")->object_host().process().host());
  rig.run_for(minutes(3));
  EXPECT_EQ(rig.lines(), "alarm held eu\n");
}

// Every hint that is documented, for an object that does not exist yet; only the first get counts.
TEST(LocationHints, SayWhereANewObjectIsMade) {
  Rig rig(app(), three_cities());
  for (const char* hint : {"wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"}) {
    const std::string name = std::string("o-") + hint;
    ASSERT_EQ(rig.ask("hint?o=" + std::string(hint) + ":" + name), name + " undefined");
    EXPECT_EQ(place_of(rig, name).hint, hint);
  }
  rig.ask("hint?o=apac-ne:north");
  EXPECT_EQ(place_of(rig, "north").hint, "apac");
  rig.ask("hint?o=apac-se:south");
  EXPECT_NE(place_of(rig, "south").iata, place_of(rig, "north").iata);
  rig.ask("hint?o=weur:o-oc");
  EXPECT_EQ(place_of(rig, "o-oc").hint, "oc");
  rig.ask("hint?o=nowhere:o");
  EXPECT_EQ(place_of(rig, "o").iata, "FRA");
}

TEST(LocationHints, GiveWayToTheJurisdiction) {
  Rig rig(app(), three_cities());
  ASSERT_EQ(rig.ask("both?o=us:wnam:o"), "o us");
  EXPECT_EQ(place_of(rig, "o in us").cca2, "US");
  EXPECT_EQ(place_of(rig, "o in us").hint, "wnam");
  ASSERT_EQ(rig.ask("both?o=eu:oc:p"), "p eu");
  EXPECT_TRUE(worker::within(place_of(rig, "p in eu"), worker::Jurisdiction::kEu));
}

// Near whoever asked first; it is put to sleep, and wakes there for a caller from elsewhere.
TEST(Home, StaysWhereTheObjectWasMade) {
  Rig rig(app(), three_cities());
  client::Client& sydney = rig.add_client("SYD");
  rig.ask("plain?o=o");
  EXPECT_EQ(place_of(rig, "o").iata, "FRA");
  rig.run_for(seconds(20));
  ASSERT_EQ(rig.object("o"), nullptr);
  rig.ask(sydney, "plain?o=o");
  EXPECT_EQ(place_of(rig, "o").iata, "FRA");
  // Another one takes over where it cannot be.
  rig.run_for(seconds(20));
  for (uint32_t number = 1; number <= 3; ++number)
    rig.cloud().hosts().crash(rig.cloud().hosts().at(*geography().find("FRA"), number));
  rig.ask(sydney, "plain?o=o");
  ASSERT_EQ(rig.ask(sydney, "plain?o=o"), "o undefined");
  EXPECT_NE(place_of(rig, "o").iata, "FRA");
}

}  // namespace
}  // namespace orrery::objects
