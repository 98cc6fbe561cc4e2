// An instance as a read replica, and what a primary does for those it has (../replicas/README.md).
#include "platform/durable/actor/actor_replica.h"

#include <algorithm>
#include <utility>

#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/limits.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/history/bookmark.h"
#include "platform/durable/replicas/events.h"

namespace orrery::durable {

inline constexpr Site kColdReplica{"replica.cold_start"};
inline constexpr Site kHold{"replica.hold"};
inline constexpr Site kSilent{"object.replicas_silent"};
inline constexpr Site kWaited{"replica.waited"};

namespace {
constexpr const char* kNoConfigure = "Replica Durable Objects cannot call configureReadReplication().";
constexpr const char* kNoReplication = "This Durable Object's storage back-end does not support replication.";
constexpr const char* kForeignBookmark = "The bookmark is not one of this Durable Object.";
}  // namespace

Actor::Replica::Replica(Actor& a, Region region)
    : actor(a), copy(a.host_.process(), a.host_.directory(), a.info_, a.id_, region, *this) {}

Actor::Replica::~Replica() { actor.world().loop().cancel(hold); }

void Actor::Replica::copy_moved() { actor.copy_waited_for(); }

void Actor::Replica::copy_over(std::string_view why) { actor.end(connection_lost(), why); }

bool Actor::may_replicate() const { return worker_.deployment().has_replicas(); }

Task<void> Actor::become_replica() {
  stage_ = "its copy from the primary";
  const bool has_copy = co_await replica_->copy.begin();
  if (state_ == State::kEnded) co_return;
  if (!has_copy) {
    refuse_all(worker::AnswerMessage::not_here(replica_->copy.elsewhere()));
    co_return end(connection_lost(), "its primary has no copy for it");
  }
  if (!worker_.warm()) {
    stage_ = "its isolate's start";
    co_await sleep(world().loop(), kColdReplica, kColdStart);
    if (state_ == State::kEnded) co_return;
  }
  if (!host_.fits(*this)) {
    refuse_all(worker::AnswerMessage::not_here(host::kNoHost));
    co_return end(connection_lost(), kUpdateEnd);
  }
  if (const runtime::ErrorInfo* error = worker_.ensure_started())
    co_return end(reset_because(*error), "the Worker cannot start");
  has_sql_ = class_.sqlite;
  world().announce(ReplicaStarted{info_->lane, host_.lane_of(*this), host_.process().host_id(),
                                  host_.process().host().name()});
  refresh();
  if (state_ == State::kEnded) co_return;
  state_ = State::kRunning;
  worker_.open(*this, runtime::ContextKind::kActor, info_->lane);
  input_gate_->wait(*new ConstructWork(*this));
  auto waiting = std::move(before_start_);
  before_start_.clear();
  for (auto& [caller, message] : waiting) enter(caller, message);
}

void Actor::refresh(bool all_the_same) {
  ReplicaCopy& copy = replica_->copy;
  if (database_ && replica_->at == copy.position()) return;
  if (database_ && !all_the_same && open_events_ > replica_->waits.size()) return;
  if (open_batch_ || savepoints_ > 0) return;
  // A file of its own beside that of a primary on this host.
  database_.reset();
  auto opened = ObjectDatabase::open(host_.process(), info_->name + "@replica", ++replica_->opened, copy.image().pages);
  if (!opened.ok()) return end(storage_internal(), "its database cannot be opened");
  database_ = std::move(opened.database);
  database_->read_only();
  replica_->at = copy.position();
  world().announce(ReplicaReads{info_->lane, host_.lane_of(*this), host_.process().host_id(), replica_->at});
}

void Actor::wait_for_bookmark(runtime::OperationId operation, std::string_view text) {
  operation_started(operation);
  auto reached = [&] { worker_.answer_later(kWaited, context_id(), operation, worker::AnswerMessage::of_value(nullptr)); };
  if (!replica_) return reached();  // whatever it says: the primary has everything
  const auto bookmark = parse_bookmark(text, info_->key);
  if (!bookmark) return settle_error(operation, kForeignBookmark);
  if (replica_->at.index >= bookmark->index || host_.options().weaken.bookmark_ignored) {
    world().announce(ReplicaWaited{info_->lane, host_.process().host_id(), bookmark->index, replica_->at.index});
    return reached();
  }
  ORRERY_SOMETIMES(world(), replica_->copy.position().index < bookmark->index, "a replica lags behind a bookmark");
  replica_->waits.push_back({operation, bookmark->index, world().now()});
  // Not within the turn: the copy that it reads may be replaced.
  if (replica_->hold.slot == UINT32_MAX)
    replica_->hold = world().loop().schedule(world().now(), kHold, host_.process().owner(), [this] {
      replica_->hold = {};
      copy_waited_for();
    });
}

void Actor::copy_waited_for() {
  Replica& r = *replica_;
  if (state_ != State::kRunning || r.waits.empty() || in_turn_) return;
  const bool any = std::any_of(r.waits.begin(), r.waits.end(),
                               [&](const Replica::Wait& w) { return w.index <= r.copy.position().index; });
  if (!any) return;
  const Instant patience = r.waits.front().since + kReplicaHold;
  if (open_events_ > r.waits.size() && world().now() < patience) {
    if (r.hold.slot == UINT32_MAX)
      r.hold = world().loop().schedule(patience, kHold, host_.process().owner(), [this] {
        replica_->hold = {};
        copy_waited_for();
      });
    return;
  }
  // Those under way for long could keep it for ever: they see it move.
  ORRERY_SOMETIMES(world(), open_events_ > r.waits.size(), "a replica moves under events that take long");
  refresh(true);
  if (state_ != State::kRunning) return;
  std::erase_if(r.waits, [&](const Replica::Wait& w) {
    if (w.index > r.at.index) return false;
    world().announce(ReplicaWaited{info_->lane, host_.process().host_id(), w.index, r.at.index});
    worker_.answer_later(kWaited, context_id(), w.operation, worker::AnswerMessage::of_value(nullptr));
    return true;
  });
}

// ---- the primary ----

void Actor::have_replicas() {
  StorageError error;
  const auto configured = database_->replicas(error);
  // Never configured: no former instance had any.
  if (state_ != State::kRunning && configured) former_replicas_ = host_.process().clock().now() + kReplicaSurelyOver;
  if (!configured.value_or(0) || (replicas_ && !replicas_->stopped())) return;
  if (replicas_) former_replicas_ = std::max(former_replicas_, replicas_->silent_at());
  replicas_ = std::make_unique<ReplicaSet>(host_.process(), *log_, static_cast<ImageSource&>(*this), id_, jurisdiction_,
                                           former_replicas_);
}

void Actor::configure_replicas(runtime::OperationId operation, bool on) {
  operation_started(operation);
  if (replica_) return settle_error(operation, kNoConfigure);
  if (!has_sql_) return settle_error(operation, kNoReplication);
  if (StorageError error = database_->set_replicas(on ? 1 : 0)) return settle_error(operation, error.message);
  if (database_->in_transaction()) wrote("replicas", on ? "auto" : "disabled", true);
  if (on) {
    have_replicas();
    return sync(operation);
  }
  stops_.push_back(operation);
  if (replicas_ && !replicas_->stopped()) replicas_->stop();
  replicas_silent();
}

void Actor::replicas_silent() {
  const Instant now = host_.process().clock().now();
  const Instant at = std::max(former_replicas_, replicas_ ? replicas_->silent_at() : Instant{0});
  world().loop().cancel(stop_timer_);
  if (now < at) {
    stop_timer_ = world().loop().schedule_in(host_.process().clock().world_duration(at - now), kSilent,
                                             host_.process().owner(), [this] {
                                               stop_timer_ = {};
                                               if (state_ == State::kRunning && !stops_.empty()) replicas_silent();
                                             });
    return;
  }
  if (replicas_ && replicas_->stopped()) replicas_.reset();
  for (runtime::OperationId operation : std::exchange(stops_, {})) sync(operation);
}

void Actor::keep_replicas() {
  if (replicas_ && !replicas_->stopped()) database_->set_replicas(1);
}

void Actor::renew(const net::Caller& caller, const RenewMessage& message) {
  using Status = RenewReply::Status;
  if (state_ != State::kRunning || !lease_valid()) return caller.reply(make_ref<RenewReply>(Status::kNotPrimary));
  if (!replicas_) return caller.reply(make_ref<RenewReply>(Status::kDisabled));
  replicas_->renew(caller, message);
  if (!stops_.empty()) replicas_silent();
}

void Actor::fed(const FeedMessage& message) { replica_->copy.fed(message); }

void Actor::peer_lost(host::HostId host) { replica_->copy.peer_lost(host); }

}  // namespace orrery::durable
