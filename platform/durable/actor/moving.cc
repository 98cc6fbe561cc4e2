// Migration on purpose: an object moves to another point of presence. Nothing of it is copied by hand: it ends where it
// is, its place in the directory is given up with another home, and the next instance recovers there from the followers,
// which then give their places to nearer ones (replication/follower_change.cc).
#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/object_host.h"

namespace orrery::durable {
namespace {

constexpr Site kPatience{"object.move.patience"};
constexpr Site kGiveAway{"object.move"};

}  // namespace

void Actor::move(uint32_t pop, host::HostId host) {
  if (state_ != State::kRunning || move_) return;
  Loop& loop = world().loop();
  move_ = Move{pop, host, {}};
  move_->patience = loop.schedule_in(kMovePatience, kPatience, host_.process().owner(), [this] {
    move_->patience = {};
    ORRERY_SOMETIMES(world(), true, "an object that is to move is cut off from what it still does");
    end(connection_lost(), kMoveEnd);
  });
  if (!active()) give_away();
}

Task<bool> Actor::lives_elsewhere() {
  Lookup found = co_await host_.directory().lookup(info_);
  co_return found.status == Lookup::Status::kFound && found.placement.home_pop != host_.process().host().pop();
}

// From the loop: a turn may be on the stack.
void Actor::give_away() {
  world().loop().cancel(idle_timer_);
  idle_timer_ = world().loop().schedule(world().now(), kGiveAway, host_.process().owner(), [this] {
    idle_timer_ = {};
    if (state_ == State::kRunning && !active()) end(connection_lost(), kMoveEnd);
  });
}

}  // namespace orrery::durable
