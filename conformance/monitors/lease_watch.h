// Watches who may act for an object: grants, leases, recoveries. Rules DO-LEASE, DO-SI-1 (grants), DO-DUR-1,
// DO-REP-4 and 5, DO-DIR-1.
//
// A host's lease is reckoned from the renewals that reached directory members: an upper bound by the time they
// were under way, or that a member between two views refused, never too short. Clocks are read where the events happen.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "conformance/monitors/ledger.h"
#include "conformance/monitors/objects.h"
#include "platform/durable/directory/events.h"
#include "platform/durable/directory/messages.h"
#include "platform/durable/replication/events.h"
#include "sim/host/events.h"
#include "sim/host/host.h"
#include "sim/net/events.h"

namespace orrery::monitors {

class LeaseWatch {
 public:
  LeaseWatch(Ledger& ledger, Objects& objects, host::Hosts& hosts)
      : ledger_(ledger), objects_(objects), hosts_(hosts) {}

  // An instance delivered an event or let something out.
  void acts(Object& object, const Epoch& epoch, const char* what, const EventContext& at);

  void on(const durable::Granted& e, const EventContext& at);
  void on(const durable::FollowerChange& e, const EventContext& at);
  void on(const durable::SessionRevoked& e, const EventContext& at);
  void on(const durable::ViewChanged& e, const EventContext& at);
  void on(const host::ClockChanged& e, const EventContext& at);
  void on(const net::Delivered& e, const EventContext& at);
  void on(const durable::Recovered& e, const EventContext& at);
  void on(const durable::EntryAppended& e, const EventContext& at);

 private:
  static constexpr Instant kNoLease{INT64_MIN};
  // A session in one view of the directory: three members of the same view make a lease.
  struct Votes {
    Ref<const durable::View> view;
    // By member: what the holder's clock showed when the member heard of the renewal.
    std::array<Instant, durable::kDirectoryMembers> heard;
    std::array<bool, durable::kDirectoryMembers> revoked{};
  };
  struct Lease {
    durable::SessionId session = 0;
    std::vector<Votes> views;  // the last few: renewals in a former one may still arrive
    Instant until = kNoLease;
  };
  struct HostState {
    std::vector<Lease> leases;  // the last few sessions: renewals of a former one may still arrive
    Instant stepped_at{INT64_MIN};
    Duration stepped_back;
  };
  HostState& state_of(host::HostId host);
  Lease* find_lease(host::HostId host, durable::SessionId session);
  Lease& lease_of(host::HostId host, durable::SessionId session);
  static Votes& votes_of(Lease& lease, const Ref<const durable::View>& view);
  void renewal(const durable::RenewRequest& renew, host::HostId member, const EventContext& at);

  Ledger& ledger_;
  Objects& objects_;
  host::Hosts& hosts_;
  std::vector<HostState> states_;  // by host
  std::map<uint64_t, durable::View::Members> views_;  // by number
  bool clocks_trusted_ = true;
};

}  // namespace orrery::monitors
