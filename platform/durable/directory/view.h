// Who the directory is: views 1, 2, ... of five members each. A member is a host together with the birth of its
// disk, the incarnation in which that began empty: a host that lost its disk is another member than before, and
// nothing meant for the one reaches the other.
//
// Invariant: of each number there is one view (DO-DIR-1); it is chosen by three members of the view before.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/durable/directory/limits.h"
#include "sim/core/ref.h"
#include "sim/host/host.h"

namespace orrery::durable {

struct ViewMember {
  host::HostId host = host::kNoHost;
  uint32_t birth = 1;
  bool operator==(const ViewMember&) const = default;
};

struct View : RefCounted {
  using Members = std::array<ViewMember, kDirectoryMembers>;
  View(uint64_t n, const Members& m) : number(n), members(m) {}
  // View 1: these hosts, with the disks they first booted with.
  explicit View(const std::array<host::HostId, kDirectoryMembers>& first) : View(1, at_birth(first)) {}

  bool lists(const ViewMember& member) const { return std::ranges::count(members, member) > 0; }
  bool has(host::HostId host) const { return place_of(host) < kDirectoryMembers; }
  // 0 .. 4, or kDirectoryMembers if this host is not among them.
  uint32_t place_of(host::HostId host) const {
    uint32_t i = 0;
    while (i < kDirectoryMembers && members[i].host != host) ++i;
    return i;
  }
  std::vector<host::HostId> hosts() const {
    std::vector<host::HostId> all;
    for (const ViewMember& m : members) all.push_back(m.host);
    return all;
  }

  const uint64_t number;
  const Members members;

 private:
  static Members at_birth(const std::array<host::HostId, kDirectoryMembers>& hosts) {
    Members all;
    for (uint32_t i = 0; i < kDirectoryMembers; ++i) all[i].host = hosts[i];
    return all;
  }
};

}  // namespace orrery::durable
