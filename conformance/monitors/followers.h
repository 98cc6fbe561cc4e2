// The hosts that follow an object: five, or two fives while one host takes the place of another. A host keeps its slot
// while it is remembered, so that what is known of its disk can stand in an array.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "platform/durable/directory/placement.h"
#include "sim/core/trace.h"

namespace orrery::monitors {

class Followers {
 public:
  // Hosts that are remembered: those of now, and of the ones that left those that did so last.
  static constexpr size_t kSlots = 12;
  using Have = std::array<uint64_t, kSlots>;
  using Hosts = std::array<host::HostId, durable::kFollowers>;

  Followers() { hosts_.fill(host::kNoHost); }
  // kSlots for a host that is not remembered.
  size_t slot_of(host::HostId host) const;
  size_t slot_on(LaneId lane) const;
  LaneId lane_of(size_t slot) const { return lanes_[slot]; }
  // The host's slot, made if need be. Nothing that was known of the slot before is about this host, if `fresh`.
  struct Slot {
    size_t slot;
    bool fresh;
  };
  Slot remember(host::HostId host, LaneId lane);

  // These five, whose slots are remembered.
  void set(const Hosts& hosts);
  // From here on `joins` in the place of `left`, too, until `set` or `settle`.
  void joint(host::HostId left, host::HostId joins);
  void settle(host::HostId left, host::HostId joins);
  // Whether these may be the five that the directory has now.
  bool may_be(const Hosts& hosts) const;
  bool known() const { return hosts_[now_[0]] != host::kNoHost; }

  // What a quorum has, of either five while there are two.
  uint64_t on_quorum(const Have& have) const;
  // How many of the five have `index`.
  int with(const Have& have, uint64_t index) const;

 private:
  using Five = std::array<uint8_t, durable::kFollowers>;
  bool is(const Five& five, const Hosts& hosts) const;
  Five with_change(host::HostId left, host::HostId joins) const;

  std::array<host::HostId, kSlots> hosts_;
  std::array<LaneId, kSlots> lanes_{};
  Five now_{};
  std::optional<Five> next_;
  uint8_t oldest_ = 0;  // where to look first for a slot to take
};

}  // namespace orrery::monitors
