// Events that can never be answered (durable-objects.md 0.5): when the object has been still for as long as it takes to
// be evicted, its isolate looks which of them await what nothing can settle (runtime/lost_events.cc), and those fail.
// What a later event may still settle, such as a promise whose resolver is kept in `this`, goes on waiting; it is looked
// at again after the next turn. An object with no such event, or with anything under way, never comes here.
#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/object_host.h"

namespace orrery::durable {

inline constexpr Site kLost{"object.lost_events"};

struct Actor::LostWork final : Work {
  using Work::Work;
  void run() override {
    if (!actor.is_still()) return;
    ORRERY_SOMETIMES(actor.world(), true, "an object is asked for events that can never be answered");
    actor.turn("lost events", [&](runtime::Isolate& isolate) {
      return isolate.settle_lost_events(actor.context_id());
    });
    actor.looked_at_turn_ = actor.turns_;
  }
};

// Events wait for an answer, and nothing under way could lead to one: only another event could.
bool Actor::is_still() const {
  if (state_ != State::kRunning || in_turn_ || !ready_.empty() || !sections_.empty()) return false;
  if (open_events_ == 0 && !(alarms_ && alarms_->handling())) return false;
  return given() == 0 && given_results() == 0 && timers_ == 0 && !worker_.listens(*this) &&
         worker_.isolate().pending_operations(context_id()) == 0;
}

void Actor::look_for_lost() {
  if (looked_at_turn_ == turns_ || works_ || !is_still()) return;
  if (lost_timer_.slot != UINT32_MAX) {
    if (still_since_turn_ == turns_) return;
    world().loop().cancel(lost_timer_);
  }
  still_since_turn_ = turns_;
  lost_timer_ = world().loop().schedule_in(
      host_.options().idle_before_eviction, kLost, host_.process().owner(), [this] {
        lost_timer_ = {};
        if (still_since_turn_ == turns_ && !works_ && is_still()) input_gate_->wait(*new LostWork(*this));
      });
}

}  // namespace orrery::durable
