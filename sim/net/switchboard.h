// The network's inside: links, records in flight, calls.
//
// A *link* is one direction between two hosts, made at first use with its opposite. It holds the
// list of records under way, in sending order; each has one loop event at its arrival, or none
// while the link is blocked ("held"). A link's *epoch* numbers the connections as its sender sees
// them. Every record carries its sender's epoch: a receiver that sees a newer one knows that the
// old connection is gone, and drops records of an older one (a reset is on its way to their
// sender). So nothing passes from one connection or incarnation to the next, and every loss is
// followed by news of it:
//   - a crash raises both sides above any epoch in use and sends a reset to the survivor;
//   - a sender without progress raises its own and leaves a reset for the other side.
//
// Events of a record belong to the receiving process, so a pause holds them; at the end of a
// process its records are taken out by hand.
//
// switchboard.cc carries messages, calls.cc requests and replies, breaks.cc faults and breaks.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "sim/net/events.h"
#include "sim/net/link_faults.h"
#include "sim/net/network.h"

namespace orrery::net {

inline constexpr uint32_t kNone = UINT32_MAX;

class Switchboard final : public Network, public host::ProcessWatcher {
 public:
  Switchboard(World& world, host::Hosts& hosts, const Geography& geography);
  ~Switchboard() override;

  void serve(host::Process& process, const Channel& channel, Handler& handler) override;
  void post(host::Process& from, host::HostId to, const Channel& channel,
            Ref<const Message> message) override;
  Task<Reply> call(host::Process& from, host::HostId to, const Channel& channel,
                   Ref<const Message> message, Duration timeout) override;
  PendingCall request(host::Process& from, host::HostId to, const Channel& channel,
                      Ref<const Message> message, Duration timeout, ReplySink& sink,
                      uint64_t token) override;
  void forget(PendingCall& call) override;
  void partition(std::string_view name, Endpoints a, Endpoints b, bool one_way) override;
  void degrade(std::string_view name, Endpoints a, Endpoints b, bool one_way,
               const LinkFault& fault) override;
  bool heal(std::string_view name) override;
  void heal_all() override;
  void reset(host::HostId host) override;
  bool connected(host::HostId from, host::HostId to) const override;
  std::vector<std::string> blocked_by(host::HostId from, host::HostId to) const override;
  const Geography& geography() const override { return geography_; }
  std::string explain_endpoint(std::string_view name) const override {
    return faults_.explain_endpoint(name);
  }
  Statistics statistics() const override;
  void process_started(host::HostId host) override;
  void process_ended(host::HostId host) override;

 protected:
  void answer(const Caller& caller, Ref<const Message> message) override;

 private:
  struct Record {
    Ref<const Message> message;  // null for refusals and resets
    uint64_t cause;              // the record's own id, for draws made after it was sent
    uint64_t call;               // requests, replies, refusals: the call's packed handle
    uint32_t link;
    uint32_t epoch;
    uint32_t previous, next;  // in the link's list, or the free list
    EventHandle event;        // none while held
    Carriage carriage;
    uint8_t channel;
    uint16_t released;  // how often it was sent again after a partition
  };
  struct Link {
    host::HostId from, to;
    uint32_t reverse;
    uint64_t name_hash = 0;  // of both names: the same in every run
    uint32_t epoch = 0;
    uint32_t channels_used = 0;  // bits; in either direction, since the last break
    bool established = false;    // something of this epoch was delivered, in either direction
    bool stuck = false;          // waiting without a way through since `stuck_timer` was set
    bool degraded = false;       // `state` is not clear
    bool jitters = true;         // false for a host to itself
    int64_t base_us = 0;
    int64_t jitter_us = 0;  // median
    LinkState state;
    std::array<uint32_t, 7> loss_weights{};          // of 0, 1, ... 6 losses in a row
    uint32_t first = kNone, last = kNone;            // records
    uint32_t first_call = kNone, last_call = kNone;  // calls of `from` to `to`, oldest first
    EventHandle stuck_timer;
    std::array<int64_t, kMaxChannels> last_at{};  // no arrival before the previous one
  };
  struct Node {
    std::vector<uint32_t> link_to;  // by host id; kNone where none
    std::vector<uint32_t> links;    // in order of making
    std::array<Handler*, kMaxChannels> handlers{};
    int64_t egress_free_us = 0;
  };
  struct Call {
    ReplySink* sink = nullptr;
    uint64_t token = 0;
    uint64_t cause = 0;
    int64_t deadline_us = 0;
    uint32_t generation = 0;
    uint32_t link = kNone;    // kNone: the slot is free
    uint32_t record = kNone;  // the request while it is under way
    uint32_t epoch = 0;
    uint32_t previous = kNone, next = kNone;                // in the link's list, or the free list
    uint32_t bucket_previous = kNone, bucket_next = kNone;  // in the deadline bucket
    uint32_t bucket = kNone;
    uint8_t channel = 0;
    bool answered = false;
    EventHandle timer;
  };
  // Deadlines wait in coarse buckets, for nearly every call ends long before; those left when their
  // bucket begins get an exact event each.
  struct Bucket {
    uint32_t first = kNone, last = kNone;
    bool armed = false;
  };
  static constexpr int64_t kBucketShift = 16;  // 65.5 ms
  static constexpr int64_t kBuckets = 1024;

  // switchboard.cc
  Node& node(host::HostId id);
  uint32_t link_between(host::HostId from, host::HostId to);
  uint32_t make_link(host::HostId from, host::HostId to);
  host::Process* process_of(host::HostId id) { return hosts_.by_id(id).process(); }
  uint32_t take_record();
  void unlink_record(uint32_t index);
  void free_record(uint32_t index);
  uint32_t transmit(uint32_t link, Carriage carriage, uint32_t channel, uint64_t call,
                    Ref<const Message> message);
  void schedule_delivery(Link& link, uint32_t record);
  int64_t delay_of(Link& link, const Record& record);
  void deliver(uint32_t record);
  void hand_over(Link& link, uint32_t index);
  void announce_delivery(const Link& link, Carriage carriage, uint8_t channel,
                         const Message& message);

  // calls.cc
  uint32_t take_call();
  Call* call_at(uint64_t packed);
  void free_call(uint32_t index);
  void finish_call(uint32_t index, Reply reply);
  void refuse(Link& back, uint8_t channel, uint64_t call);
  void file_deadline(uint32_t index);
  void leave_bucket(uint32_t index);
  void open_bucket(int64_t bucket);
  void set_timer(uint32_t index);
  void on_timeout(uint32_t index);

  // breaks.cc
  void refresh_all();
  void refresh(uint32_t link);
  void set_state(Link& link, const LinkState& state);
  void hold_all(Link& link);
  void release_all(Link& link);
  void watch_progress(uint32_t link);
  void stop_watching(Link& link);
  // Whether this link's sender has anything of the present epoch to lose.
  static bool in_use(const Link& link) {
    return link.established || link.channels_used || link.first_call != kNone;
  }
  void break_by_timeout(uint32_t link);
  // Counts a message; the stream of the one that a sweep is to fail breaks at once, and it never arrives.
  void sweep(uint32_t link, uint32_t record);
  void break_before(uint32_t link, uint64_t record_cause);
  void send_reset(uint32_t link);
  void lose_peer(uint32_t link, uint32_t epoch, bool by_timeout);
  void purge_held_before(Link& link, uint32_t epoch);

  static uint64_t pack(uint32_t index, uint32_t generation) {
    return uint64_t{generation} << 32 | index;
  }

  World& world_;
  // Whether each delay draws once more, for nothing: tests ask by an override whether such a change of the code leaves old
  // capsules' decisions where they are.
  bool draws_in_vain_;
  host::Hosts& hosts_;
  const Geography& geography_;
  LinkFaults faults_;
  std::map<std::string, LaneId, std::less<>> fault_lanes_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Record> records_;
  uint32_t free_record_ = kNone;
  std::vector<Call> calls_;
  uint32_t free_call_ = kNone;
  std::vector<Bucket> buckets_;
  Statistics statistics_;
};

}  // namespace orrery::net
