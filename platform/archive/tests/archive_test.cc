// Goal: what the archive said it keeps is found again whatever one of its stores does. Method: three stores and a host
// that asks, crashes and faults in between.
#include <gtest/gtest.h>

#include <memory>

#include "platform/archive/client.h"
#include "platform/archive/store.h"
#include "sim/disk/disk.h"
#include "sim/net/network.h"

namespace orrery::archive {
namespace {

struct Archive : testing::Test {
  Archive() {
    for (const char* name : {"host:IAD/9", "host:AMS/9", "host:SIN/9"}) stores.push_back(hosts.by_name(name));
    asker = hosts.by_name("host:FRA/1");
  }
  void boot(host::Process& p) {
    if (p.host_id() < kStores) p.add<Store>(p);
    else p.add<Client>(p, std::array<host::HostId, kStores>{0, 1, 2});
  }
  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }
  Client& client() { return *asker->process()->find<Client>(); }
  template <class T>
  T wait(Task<T> task) {
    T out{};
    bool done = false;
    asker->process()->tasks().spawn([](Task<T> t, T& result, bool& over) -> Task<void> {
      result = co_await std::move(t);
      over = true;
    }(std::move(task), out, done));
    while (!done) world.loop().step();
    return out;
  }
  static Ref<const Blob> blob(std::initializer_list<std::string_view> parts) {
    auto made = make_ref<Blob>();
    for (std::string_view part : parts) made->parts.push_back(Buffer::copy(part));
    return made;
  }
  std::string text(const std::string& name) {
    const Client::Found found = wait(client().get(name));
    if (!found.known) return "not known";
    if (!found.blob) return "none";
    std::string out;
    for (const auto& part : found.blob->parts) out += std::string(part->text()) + "|";
    return out;
  }

  World world{World::Options{{1, DecisionBase::kSeed, {}}, false}};
  host::Hosts hosts{world, geography(), [this](host::Process& p) { boot(p); }};
  std::unique_ptr<net::Network> network = net::make_network(world, hosts, geography());
  std::vector<host::Host*> stores;
  host::Host* asker = nullptr;
};

TEST_F(Archive, KeepsPartsAsTheyWereAndListsNamesInOrder) {
  EXPECT_TRUE(wait(client().put("a/2", blob({"one", "", "three"}))));
  EXPECT_TRUE(wait(client().put("a/1", blob({"x"}))));
  EXPECT_TRUE(wait(client().put("b/1", blob({}))));
  EXPECT_EQ(text("a/2"), "one||three|");
  EXPECT_EQ(text("b/1"), "");
  EXPECT_EQ(text("c"), "none");
  const Client::Listed listed = wait(client().list("a/"));
  EXPECT_TRUE(listed.known);
  EXPECT_EQ(listed.names, (std::vector<std::string>{"a/1", "a/2"}));
}

TEST_F(Archive, FindsEverythingWithAnyStoreDown) {
  for (size_t down = 0; down < kStores; ++down) {
    const std::string name = "n" + std::to_string(down);
    hosts.crash(*stores[down]);
    EXPECT_TRUE(wait(client().put(name, blob({"kept"}))));
    hosts.restart(*stores[down]);
    hosts.crash(*stores[(down + 1) % kStores]);
    EXPECT_EQ(text(name), "kept|");
    EXPECT_EQ(wait(client().list("n")).names.size(), down + 1);
    hosts.restart(*stores[(down + 1) % kStores]);
  }
}

TEST_F(Archive, SaysThatItDoesNotKnowWithTwoStoresDown) {
  EXPECT_TRUE(wait(client().put("n", blob({"kept"}))));
  hosts.crash(*stores[0]);
  hosts.crash(*stores[1]);
  EXPECT_FALSE(wait(client().put("m", blob({"not"}))));
  EXPECT_FALSE(wait(client().list("")).known);
  EXPECT_EQ(text("none of that name"), "not known");
  EXPECT_EQ(text("n"), "kept|");
}

TEST_F(Archive, APutThatIsCutOffByACrashIsWholeOrNotThere) {
  auto big = make_ref<Blob>();
  for (int i = 0; i < 50; ++i) big->parts.push_back(Buffer::copy(std::string(4096, static_cast<char>('a' + i % 26))));
  for (int moment = 1; moment < 40; ++moment) {
    const std::string name = "n" + std::to_string(moment);
    asker->process()->tasks().spawn([](Client& c, std::string n, Ref<const Blob> b) -> Task<void> {
      co_await c.put(n, b);
    }(client(), name, big));
    for (int i = 0; i < moment; ++i) world.loop().step();
    for (host::Host* store : stores) hosts.crash(*store);
    for (host::Host* store : stores) hosts.restart(*store);
    world.loop().run_until(world.now() + seconds(20));
    const Client::Found found = wait(client().get(name));
    ASSERT_TRUE(found.known);
    if (found.blob) {
      EXPECT_EQ(found.blob->parts.size(), 50u);
      EXPECT_EQ(found.blob->parts[3]->text(), std::string(4096, 'd'));
    }
  }
}

TEST_F(Archive, WhatIsRemovedIsGone) {
  EXPECT_TRUE(wait(client().put("n", blob({"kept"}))));
  asker->process()->tasks().spawn(client().remove("n"));
  world.loop().run_until(world.now() + seconds(5));
  EXPECT_EQ(text("n"), "none");
}

}  // namespace
}  // namespace orrery::archive
