// A world in which nothing runs: tests announce events by hand, write followers' logs on real simulated disks,
// and look what the monitors make of it. Object "do:Cart/1", owner host 0 under epoch 1, followers hosts 1-5,
// directory members hosts 6-10.
#pragma once

#include <gtest/gtest.h>

#include "conformance/monitors/monitors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/directory/events.h"
#include "platform/durable/directory/messages.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/log_file.h"
#include "platform/worker/events.h"
#include "sim/host/events.h"
#include "sim/host/host.h"
#include "sim/net/events.h"
#include "sim/net/geography.h"
#include "sim/net/network.h"

namespace orrery::monitors {

struct Rig : testing::Test {
  Rig() {
    for (uint32_t i = 0; i < 11; ++i) hosts.at(i, 1);
    grant(1, 0);
  }

  void at(Duration t) { world.loop().run_until(Instant{t.us}); }
  void tell(const auto& event) { world.announce(event); }

  // ---- owners ----
  void grant(uint64_t epoch, host::HostId owner, durable::SessionId session = 77) {
    tell(durable::Granted{lane, epoch, owner, session, followers, hosts.by_id(owner).lane(),
                          info->key});
  }
  void start(uint64_t epoch, host::HostId owner = 0) {
    tell(durable::ObjectStarted{lane, epoch, owner, hosts.by_id(owner).name()});
    tell(worker::TurnEnded{lane, "constructor", 1, 0, 0});
  }
  void recovered(uint64_t epoch, durable::LogPosition from, host::HostId owner = 0) {
    tell(durable::Recovered{lane, epoch, from, owner});
  }
  // View 1 of the directory; tests that change it say which.
  Ref<const durable::View> view =
      make_ref<const durable::View>(std::array<host::HostId, durable::kDirectoryMembers>{6, 7, 8, 9, 10});
  void renewed(host::HostId member, host::HostId holder = 0, durable::SessionId session = 77) {
    auto message = make_ref<durable::RenewRequest>(view, holder, session);
    host::Host& to = hosts.by_id(member);
    tell(net::Delivered{to.lane(), net::Carriage::kRequest, 0, hosts.by_id(holder), to, *message});
  }

  // ---- turns ----
  void event(uint64_t number, uint64_t epoch = 1, uint64_t context = 9) {
    tell(durable::ObjectEvent{lane, epoch, 0, context, number, "POST", "/x"});
  }
  void turn_ends() { tell(worker::TurnEnded{lane, "fetch", 1, 0, 0}); }
  void write(uint64_t batch, bool confirmed = true, uint64_t epoch = 1) {
    tell(durable::ObjectWrite{lane, epoch, batch, confirmed, "put", "k", ""});
  }
  void commit(uint64_t batch, uint64_t index, uint64_t epoch = 1) {
    tell(durable::ObjectCommitted{lane, epoch, batch, index});
  }
  void reply(uint64_t output = 0, bool gated = true, uint64_t epoch = 1) {
    tell(durable::ObjectReplied{lane, epoch, 0, output, gated, 200, ""});
  }
  void held(uint64_t output) { tell(durable::ObjectOutputHeld{lane, 1, output}); }

  // ---- followers' disks ----
  std::shared_ptr<disk::File> log(uint32_t follower, uint32_t generation = 1) {
    return hosts.by_id(followers[follower])
        .disk()
        .open(durable::follower_folder(*info) + "log." + std::to_string(generation), true, nullptr);
  }
  Ref<durable::AppendMessage> entry(uint64_t epoch, uint64_t index, uint64_t previous) {
    auto message = make_ref<durable::AppendMessage>();
    message->object = info;
    message->epoch = message->sender_epoch = epoch;
    message->index = index;
    message->prev_epoch = previous;
    auto payload = make_ref<durable::LogPayload>();
    payload->db_pages = 1;
    payload->frames.push_back({1, Buffer::make(durable::kLogPageBytes)});
    message->payload = std::move(payload);
    message->record = durable::make_entry_record(*message);
    return message;
  }
  // The follower's first sync: an empty log under this promise.
  void begin_log(uint32_t follower, uint64_t promised = 0) {
    durable::LogContent content;
    content.promised = promised;
    auto file = log(follower);
    ASSERT_EQ(durable::write_log(*file, *info, content), disk::DiskError::kNone);
    ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  }
  void put(uint32_t follower, uint64_t epoch, uint64_t index, uint64_t previous, bool sync = true) {
    auto file = log(follower);
    if (file->size() == 0) begin_log(follower);
    ASSERT_EQ(durable::append_entry(*file, *entry(epoch, index, previous)), disk::DiskError::kNone);
    if (sync) {
      ASSERT_EQ(file->sync(), disk::DiskError::kNone);
    }
  }
  void promise(uint32_t follower, uint64_t epoch) {
    auto file = log(follower);
    ASSERT_EQ(durable::append_promise(*file, *info, epoch), disk::DiskError::kNone);
    ASSERT_EQ(file->sync(), disk::DiskError::kNone);
  }
  void put_on_three(uint64_t epoch, uint64_t index, uint64_t previous) {
    for (uint32_t f = 0; f < 3; ++f) put(f, epoch, index, previous);
  }

  // ---- what the monitors say ----
  uint64_t broken(RuleId rule) const {
    uint64_t n = 0;
    for (const Breach& b : monitors.breaches()) n += b.rule == rule;
    return n;
  }
  size_t all() const { return monitors.breaches().size(); }

  World world{World::Options{}};
  net::Geography geography;
  host::Hosts hosts{world, geography, [](host::Process&) {}};
  std::unique_ptr<net::Network> network = net::make_network(world, hosts, geography);
  Monitors monitors{world, hosts};
  Ref<const durable::ObjectInfo> info = make_ref<durable::ObjectInfo>(world, "do:Cart/1");
  LaneId lane = info->lane;
  std::array<host::HostId, durable::kFollowers> followers = {1, 2, 3, 4, 5};
};

}  // namespace orrery::monitors
