#include "platform/durable/actor/actor.h"

#include "platform/durable/actor/actor_outputs.h"
#include "platform/durable/actor/actor_replica.h"
#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/replication/follower_choice.h"
#include "platform/worker/rpc_hub.h"

namespace orrery::durable {

inline constexpr Site kColdStartSite{"object.cold_start"};
inline constexpr Site kIdle{"object.idle"};
inline constexpr Site kLeaseWait{"object.lease_wait"};

Actor::Actor(ObjectHost& host, worker::WorkerIsolate& worker, const worker::Application::Class& object_class,
             Ref<const ObjectInfo> info, const worker::ObjectMessage& first, uint32_t number,
             worker::Jurisdiction jurisdiction, std::optional<Region> replica_in)
    : host_(host),
      worker_(worker),
      tasks_(host.world().loop()),
      info_(std::move(info)),
      class_(object_class),
      class_name_(object_class.name),
      class_label_(first.class_name),
      id_(first.id),
      name_(first.name),
      number_(number),
      jurisdiction_(jurisdiction),
      input_gate_(make_ref<InputGate>(static_cast<InputGate::Observer&>(*this))) {
  lane_ = info_->lane;
  input_gate_->open_early(host_.options().weaken.sections_open);
  input_gate_->last_first(host_.options().weaken.gate_lifo);
  if (replica_in) replica_ = std::make_unique<Replica>(*this, *replica_in);
}

Actor::~Actor() {
  input_gate_->detach();
  Loop& loop = world().loop();
  if (move_) loop.cancel(move_->patience);
  for (EventHandle* h : {&idle_timer_, &lost_timer_, &lease_timer_, &durability_timer_, &commit_event_, &stop_timer_}) loop.cancel(*h);
  for (auto& [id, section] : sections_) loop.cancel(section.timeout);
  while (works_) delete works_;
  current_lock_.release();
}

World& Actor::world() { return host_.world(); }

Actor::Alarms& Actor::alarms() {
  if (!alarms_) alarms_ = std::make_unique<Alarms>(*this);
  return *alarms_;
}

// ---- becoming the instance ----

Task<void> Actor::acquire() {
  if (replica_) co_return co_await become_replica();
  if (const host::HostId to = host_.moved_to(id_); to != host::kNoHost) [[unlikely]] {
    const bool elsewhere = co_await lives_elsewhere();
    if (elsewhere) {
      ORRERY_SOMETIMES(world(), true, "an event goes to where an object lived before it moved");
      refuse_all(worker::AnswerMessage::not_here(to));
      co_return end(connection_lost(), kMoveEnd);
    }
  }
  ClaimOptions claim_options;
  claim_options.followers =
      choose_followers(host_.process().hosts(), host_.process().network().geography(),
                       host_.process().host().pop(), info_->key, host_.options().hosts_per_pop, jurisdiction_);
  claim_options.home_pop = host_.process().host().pop();
  Claim claim = co_await host_.directory().claim(info_, claim_options);
  if (claim.status == Claim::Status::kHeld) {
    refuse_all(worker::AnswerMessage::not_here(claim.placement.owner));
    co_return end(connection_lost(), "another host owns it");
  }
  if (claim.status != Claim::Status::kGranted)
    co_return end(connection_lost(), "no quorum of the directory");
  epoch_ = claim.placement.epoch;
  stage_ = "its recovery from three of its followers";
  followers_ = claim.placement.followers;

  const FollowerArea area{host_.options().hosts_per_pop, jurisdiction_};
  Recovery recovery = co_await host_.replication().open(info_, claim.placement, area, kRecoveryPatience);
  if (recovery.status == Recovery::Status::kDeposed) {
    refuse_all(worker::AnswerMessage::not_here(host::kNoHost));
    co_return end(connection_lost(), "a newer owner exists");
  }
  if (recovery.status != Recovery::Status::kOk)
    co_return end(storage_internal(), "no quorum of its followers");
  if (state_ == State::kEnded) co_return;
  if (!worker_.warm()) {
    stage_ = "its isolate's start";
    co_await sleep(world().loop(), kColdStartSite, kColdStart);
    if (state_ == State::kEnded) co_return;
  }
  // What was left of the lease may be over by now, and then another host may have started the object.
  if (!lease_valid()) {
    ORRERY_SOMETIMES(world(), true, "a host's lease runs out while an object is recovered");
    const Instant deadline = world().now() + kRecoveryPatience;
    const bool leased = co_await host_.directory().ensure_lease(deadline);
    if (state_ == State::kEnded) co_return;
    if (!leased) co_return end(connection_lost(), "no quorum of the directory");
  }
  // The session that claimed the object may have ended while it was recovered.
  if (host_.directory().session() != claim.placement.session)
    co_return end(connection_lost(), "its host's session ended");
  log_ = std::move(recovery.log);
  if (recovery.image) image_.pages = recovery.image->pages;
  log_->set_listener(this);
  log_->set_image_source(this);

  auto opened = ObjectDatabase::open(host_.process(), info_->name, epoch_, image_.pages);
  if (!opened.ok()) co_return end(storage_internal(), "its database cannot be opened");
  database_ = std::move(opened.database);
  bool restored = false;
  if (archive::Client* archive = host_.archive()) {
    history_ = std::make_unique<History>(host_.process(), *archive, *log_, recovery,
                                          static_cast<History::Listener&>(*this));
    StorageError error;
    if (database_->restore(error)) {
      stage_ = "its past, from the archive";
      restored = co_await restore_past();
      if (state_ == State::kEnded) co_return;
      if (!restored) co_return end(storage_internal(), "its past cannot be reached");
    }
  }
  // Another version may have become the object's meanwhile: whoever asked asks again, and finds that one.
  if (!host_.fits(*this)) {
    ORRERY_SOMETIMES(world(), true, "an object's version changes while it is recovered");
    refuse_all(worker::AnswerMessage::not_here(host::kNoHost));
    co_return end(connection_lost(), kUpdateEnd);
  }
  if (const runtime::ErrorInfo* error = worker_.ensure_started())
    co_return end(reset_because(*error), "the Worker cannot start");
  has_sql_ = class_.sqlite;
  if (may_replicate()) have_replicas();
  state_ = State::kRunning;
  worker_.open(*this, runtime::ContextKind::kActor, info_->lane);
  world().announce(ObjectStarted{info_->lane, epoch_, host_.process().host_id(),
                                 host_.process().host().name()});
  if (worker_.application().uploads() > 0) {
    const worker::Rollout& rollout = worker_.application().rollout(class_.worker);
    world().announce(ObjectVersion{info_->lane, epoch_, worker_.deployment().label(), rollout.number,
                                   worker_.slot() == rollout.to});
  }
  // The scheduler knows the alarm of another time.
  if (restored) alarms().restored();
  // The constructor takes the gate first; whoever came meanwhile queues behind it (0.8).
  const bool late = host_.options().weaken.constructor_late;
  if (!late) input_gate_->wait(*new ConstructWork(*this));
  auto waiting = std::move(before_start_);
  before_start_.clear();
  for (auto& [caller, message] : waiting)
    enter(caller, message);
  if (late) input_gate_->wait(*new ConstructWork(*this));
}

bool Actor::take(const net::Caller& caller, const worker::ObjectMessage& message) {
  const auto refused = queue_.take(world().now(), message.bytes(), host_.options().overload);
  if (!refused) return true;
  ORRERY_SOMETIMES(world(), *refused == Overload::kRate, "an object is sent too many requests in ten seconds");
  ORRERY_SOMETIMES(world(), *refused != Overload::kRate, "an object's queue is full");
  runtime::ErrorInfo error = overloaded(*refused);
  error.durable_object_id = worker::hex_of(id_);
  caller.reply(worker::AnswerMessage::of_error(std::move(error)));
  return false;
}

void Actor::deliver(const net::Caller& caller, Ref<const worker::ObjectMessage> message) {
  using Event = worker::ObjectMessage::Event;
  if (message->event == Event::kRequest && state_ != State::kEnded && !take(caller, *message)) return;
  enter(caller, std::move(message));
}

void Actor::enter(const net::Caller& caller, Ref<const worker::ObjectMessage> message) {
  switch (state_) {
    case State::kAcquiring:
      before_start_.emplace_back(caller, std::move(message));
      return;
    case State::kRunning:
      if (move_) [[unlikely]] {
        before_start_.emplace_back(caller, std::move(message));
        return;
      }
      if (idle_timer_.slot != UINT32_MAX) world().loop().cancel(idle_timer_);
      leaving_ = false;
      if (message->event == worker::ObjectMessage::Event::kProbe)
        return input_gate_->wait(*new ProbeWork(*this, caller));
      if (message->event != worker::ObjectMessage::Event::kRequest)
        return alarms().arrived(caller, *message);
      take_scope(*message, caller.from())->wait(*new EventWork(*this, caller, std::move(message)));
      return;
    case State::kEnded:
      if (lingering_) {
        before_start_.emplace_back(caller, std::move(message));
        return;
      }
      caller.reply(end_answer(false));
  }
}

void Actor::refuse_all(const Ref<worker::AnswerMessage>& answer) {
  for (auto& [caller, message] : before_start_) caller.reply(answer);
  before_start_.clear();
}

// ---- the end of the instance ----

Ref<worker::AnswerMessage> Actor::end_answer(bool fetch) const {
  auto answer = worker::AnswerMessage::of_error(end_error_);
  answer->error.remote |= fetch;
  answer->broke = true;
  return answer;
}

void Actor::end(const runtime::ErrorInfo& error, std::string_view why) {
  if (lingering_ && !error.durable_object_reset) return linger_over();
  if (state_ == State::kEnded) return;
  bool was_running = state_ == State::kRunning;
  state_ = State::kEnded;
  end_error_ = error;
  end_error_.durable_object_id = worker::hex_of(id_);
  world().announce(ObjectEnded{info_->lane, epoch_, why});
  if (was_running && given() > 0) worker_.rpc().fail_streams(worker_, *this, end_answer(true)->error);
  if (was_running && why != kIdleEnd && why != kMoveEnd && !replica_) host_.note_reset(id_, epoch_, end_error_);
  if (was_running) worker_.close(*this);
  if (!move_) {
    for (auto& [caller, message] : before_start_) caller.reply(end_answer(bool(message->request)));
    before_start_.clear();
  }
  if (alarms_) alarms_->object_ended();
  for (InFlight& e : in_flight_) {
    if (e.open) e.caller.reply(end_answer(e.fetch));
    e.open = false;
  }
  output_gate_.break_gate(end_error_);
  if (log_) log_->set_listener(nullptr);
  input_gate_->break_gate(end_error_);
  for (Work* w = works_; w; w = w->next()) w->lost();
  // Commits of turns that are over stay when it is reset, those too that wait for the alarm scheduler.
  lingering_ = was_running && error.durable_object_reset && !storage_failed_ && alarms_ && alarms_->holding();
  if (lingering_) return;
  if (replica_) {
    replica_->copy.leave();
    return host_.bury_replica(*this);
  }
  // Nothing that was not acknowledged may be seen again: the next instance recovers from followers
  // under a new epoch. Giving the object up spares it the wait for this host's lease.
  host_.bury(*this, epoch_ != 0 && why != "another host owns it");
}

void Actor::linger_over() {
  ORRERY_SOMETIMES(world(), true, "an object that was reset still tells the scheduler of its alarm");
  lingering_ = false;
  auto waiting = std::move(before_start_);
  before_start_.clear();
  host_.bury(*this, true);
  for (auto& [caller, message] : waiting) host_.on_call(caller, message);
}

void Actor::on_input_gate_broken(const runtime::ErrorInfo& error) {
  end(error, "its input gate broke: " + error.message);
}

void Actor::on_deposed(uint64_t) { end(connection_lost(), "a newer owner exists"); }

void Actor::aborted(const runtime::ErrorInfo& reason) {
  if (host_.options().weaken.abort_commits) commit();
  end(reset_because(reason), "abort()");
}

void Actor::isolate_lost(worker::IsolateEnd why) {
  switch (why) {
    case worker::IsolateEnd::kMemory:
      return end(memory_exceeded(), "its isolate went over the memory limit");
    case worker::IsolateEnd::kCpu:
      return end(cpu_exceeded(), "an object in its isolate used up its CPU time");
    case worker::IsolateEnd::kCodeUpdated: return end(code_updated(), kUpdateEnd);
  }
}

bool Actor::passes(const host::Step& step) {
  if (host_.process().passes(step, info_->lane)) [[likely]] return true;
  if (in_turn_) worker_.crash_at_host_call(1, context_id(), [] {});
  crashed();
  return false;
}

// ---- turns ----

void Actor::make_ready(Work& work, GateLock lock) {
  work.lock = std::move(lock);
  ready_.push_back(&work);
  pump();
}

void Actor::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (!ready_.empty() && state_ == State::kRunning) {
    if (!lease_valid()) {
      wait_for_lease();
      break;
    }
    std::unique_ptr<Work> work(ready_.front());
    ready_.pop_front();
    granted_before_ = ready_.size();
    hop_ = std::max(hop_, work->hop);
    current_lock_ = std::move(work->lock);
    work->run();
    work.reset();
    GateLock done = std::move(current_lock_);
    // Dropping the lock may grant the next waiter, which joins `ready_`.
    done.release();
    end_sections();
  }
  pumping_ = false;
  if (!sections_.empty()) find_deadlock();
  look_for_lost();
  maybe_idle();
}

void Actor::ConstructWork::run() {
  runtime::ErrorInfo error;
  bool failed = false;
  actor.in_turn_ = true;
  runtime::TurnResult result =
      actor.worker_.turn(actor, "constructor", [&](runtime::Isolate& isolate) {
        return isolate.construct_actor(actor.context_id(), actor.class_name_, actor.id_,
                                       actor.name_.empty() ? nullptr : &actor.name_,
                                       static_cast<uint32_t>(actor.jurisdiction_), actor.number_);
      });
  actor.in_turn_ = false;
  if (result.kind == runtime::TurnKind::kCrashed) return actor.crashed();
  if (result.kind == runtime::TurnKind::kTerminatedCpu) {
    actor.worker_.give_up_isolate(worker::IsolateEnd::kCpu);
    error = cpu_exceeded();
    failed = true;
  } else if (result.kind == runtime::TurnKind::kException) {
    error = reset_because(*result.error);
    actor.worker_.report_failure(actor.lane(), worker::EventFailed::Why::kException,
                                        *result.error);
    failed = true;
  }
  if (failed) actor.end(error, "its constructor failed");
}

void Actor::EventWork::run() {
  bool fetch = static_cast<bool>(message->request);
  World& world = actor.world();
  world.announce(ObjectEvent{actor.info_->lane, actor.epoch_, caller.from(),
                             message->caller_context, message->number, fetch ? message->request->method : "call",
                             fetch ? message->request->url : message->method,
                             actor.current_section() != nullptr});
  actor.depth_ = message->depth;
  actor.subrequests_ = 0;
  if (actor.replica_) [[unlikely]] {
    actor.refresh();
    if (actor.state_ != State::kRunning) return;
  }
  runtime::EventId event = actor.open_event(caller, *message);
  begun = true;
  actor.queue_.begun();
  if (!fetch && message->rpc && !message->rpc->plain()) {
    runtime::RpcEvent call;
    call.on = runtime::RpcEvent::On::kActor;
    call.message = message->arguments;
    return actor.turn("call", [&](runtime::Isolate&) {
      return worker::dispatch_rpc(actor.worker_, actor, event, call, *message->rpc, message->method,
                                  caller.from());
    });
  }
  actor.turn(fetch ? "fetch" : "call", [&](runtime::Isolate& isolate) {
    return fetch ? isolate.dispatch_actor_fetch(actor.context_id(), event,
                                                *actor.worker_.taken(actor, message->request, message->rpc))
                 : isolate.dispatch_actor_rpc(actor.context_id(), event, message->method,
                                              message->arguments);
  });
}

void Actor::SettleWork::run() {
  actor.turn("answer", [&](runtime::Isolate&) {
    return worker::settle_operation(actor.worker_, actor, operation, *answer);
  });
}

void Actor::SocketWork::run() {
  actor.world().announce(ObjectMessage{actor.info_->lane, actor.epoch_, actor.current_section() != nullptr});
  actor.subrequests_ = 0;
  actor.turn("socket", [&](runtime::Isolate&) { return actor.worker_.read_socket(actor, end); });
}

void Actor::ReleasedWork::run() {
  actor.turn("release", [&](runtime::Isolate& isolate) {
    return isolate.rpc_released(actor.context_id(), number, is_result);
  });
}

void Actor::TimerWork::run() {
  actor.turn("timer", [&](runtime::Isolate& isolate) {
    return isolate.fire_timer(actor.context_id(), timer);
  });
}

runtime::EventId Actor::open_event(const net::Caller& caller, const worker::ObjectMessage& message) {
  runtime::EventId event;
  if (free_events_.empty()) {
    event = static_cast<runtime::EventId>(in_flight_.size());
    in_flight_.emplace_back();
  } else {
    event = free_events_.back();
    free_events_.pop_back();
  }
  in_flight_[event] = {caller, true, static_cast<bool>(message.request), message.replicas, &message};
  ++open_events_;
  return event;
}

// ---- lease, idleness ----

bool Actor::lease_valid() const {
  if (replica_) [[unlikely]] return replica_->copy.lease_valid();
  return host_.directory().lease_valid();
}

// Without a valid lease nothing is delivered and nothing leaves; either the lease is renewed, or the
// session ends and ObjectHost ends us.
void Actor::wait_for_lease() {
  if (replica_) [[unlikely]] return end(connection_lost(), "it lost its primary");
  ORRERY_SOMETIMES(world(), true, "an object waits for its host's lease to be renewed");
  output_gate_.hold(true);
  if (lease_timer_.slot != UINT32_MAX) return;
  lease_timer_ = world().loop().schedule_in(kLeasePoll, kLeaseWait, host_.process().owner(), [this] {
    lease_timer_ = {};
    if (state_ != State::kRunning) return;
    if (!lease_valid()) return wait_for_lease();
    output_gate_.hold(false);
    pump();
  });
}

bool Actor::at_work() const {
  const bool waits = wait_until_ > 0 || given() > 0 || timers_ > 0 ||
                     worker_.isolate().pending_operations(context_id()) > 0;
  return open_events_ > 0 || (waits && !host_.options().weaken.evicts_waiting) || works_ || !undurable_.empty() ||
         open_batch_ || output_gate_.waiting() > 0 || !sections_.empty() || (alarms_ && alarms_->busy());
}

void Actor::maybe_idle() {
  if (state_ != State::kRunning || active() || idle_timer_.slot != UINT32_MAX) return;
  if (move_) [[unlikely]] return give_away();
  idle_timer_ = world().loop().schedule_in(
      host_.options().idle_before_eviction, kIdle, host_.process().owner(), [this] {
        idle_timer_ = {};
        idle_over();
      });
}

}  // namespace orrery::durable
