// What flows out of an object's turns and back: answers, calls, critical sections, commits, durability.
#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/actor_outputs.h"
#include "platform/durable/actor/actor_replica.h"
#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/steps.h"
#include "platform/worker/rpc_hub.h"

namespace orrery::durable {

inline constexpr Site kDurability{"object.durability_timeout"};
inline constexpr Site kSectionLimit{"object.section_timeout"};
inline constexpr Site kCommit{"object.commit"};
inline constexpr Site kSyncHop{"object.sync"};
inline constexpr Site kNextTurn{"object.next_turn"};

// ---- answers ----

void Actor::respond(runtime::EventId event, Ref<const runtime::HttpResponse> response) {
  reply(event, worker::AnswerMessage::of(std::move(response)), true);
}

void Actor::respond_value(runtime::EventId event, Ref<Buffer> value) {
  // A class without alarm() answers with a value.
  if (event == Alarms::kEvent) {
    if (!value) world().announce(AlarmHandlerEnded{info_->lane, epoch_, true});
    return alarms().handler_ended(!value);
  }
  reply(event, worker::AnswerMessage::of_value(std::move(value)), true);
}

void Actor::respond_error(runtime::EventId event, const runtime::ErrorInfo& error) {
  if (event == Alarms::kEvent) {
    world().announce(AlarmHandlerEnded{info_->lane, epoch_, false});
    return alarms().handler_failed();
  }
  runtime::ErrorInfo e = error;
  e.remote = true;
  e.durable_object_reset = false;  // what it caught elsewhere says nothing about this object
  e.durable_object_id = worker::hex_of(id_);
  // The error of a fetch handler waits for the gate, that of a method does not (2.4).
  bool fetch = event < in_flight_.size() && in_flight_[event].fetch;
  reply(event, worker::AnswerMessage::of_error(std::move(e)), fetch);
}

void Actor::respond_rpc(runtime::EventId event, Ref<worker::AnswerMessage> answer) {
  reply(event, std::move(answer), true);
}

void Actor::rpc_arrived(const net::Caller& caller, Ref<const worker::ObjectMessage> message) {
  deliver(caller, std::move(message));
}

void Actor::rpc_released(uint32_t number, bool is_result) {
  if (!is_result) given_sections_.erase(number);
  if (state_ == State::kRunning) input_gate_->wait(*new ReleasedWork(*this, number, is_result));
}

void Actor::reply(runtime::EventId event, Ref<worker::AnswerMessage> answer, bool gated) {
  if (event >= in_flight_.size() || !in_flight_[event].open || state_ == State::kEnded) return;
  net::Caller caller = in_flight_[event].caller;
  in_flight_[event].open = false;
  free_events_.push_back(event);
  --open_events_;
  if (!keeping_.empty()) worker_.rpc().stamp(worker_, *this, event, *answer);
  answer->epoch = epoch_;
  if (!lease_valid()) {
    wait_for_lease();
    if (state_ == State::kEnded) return caller.reply(end_answer(true));
  }
  if (replicas_ && in_flight_[event].replicas) [[unlikely]] answer->replica = replicas_->host_for(caller.from());
  if (replica_) [[unlikely]] {
    answer->epoch = 0;
    copy_waited_for();
  }
  Batch needs = gated ? output_gate_.locked_up_to() : 0;
  const bool weak = host_.options().weaken.answers_early;
  if (!gated || weak || output_gate_.open()) return send_reply(caller, answer, needs, 0, gated);
  const uint64_t output = hold_output();
  output_gate_.pass(std::make_unique<ReplyOutput>(*this, caller, std::move(answer), needs, output));
}

void Actor::send_reply(const net::Caller& caller, const Ref<worker::AnswerMessage>& answer,
                       Batch needs, uint64_t output, bool gated) {
  using What = worker::AnswerMessage::What;
  int status = answer->what == What::kResponse ? answer->response->status
               : answer->what == What::kValue  ? 0
                                               : -1;
  std::string_view text = answer->what == What::kResponse ? answer->response->body.text()
                          : answer->what == What::kError  ? std::string_view(answer->error.message)
                                                          : std::string_view();
  world().announce(ObjectReplied{info_->lane, epoch_, needs, output, gated, status, text});
  caller.reply(answer);
}

uint64_t Actor::hold_output() {
  world().announce(ObjectOutputHeld{info_->lane, epoch_, ++last_output_});
  return last_output_;
}

// ---- calls and their answers ----

void Actor::call(worker::OutgoingCall call) {
  if (state_ == State::kEnded) return;
  operation_started(call.operation);
  if (!lease_valid()) wait_for_lease();
  if (!call.gated)  // reads of KV do not wait (2.4)
    return worker_.outbound().send(worker_, context_id(), std::move(call));
  const bool weak = host_.options().weaken.calls_early;
  if (weak || output_gate_.open()) return send_call(std::move(call), 0);
  const uint64_t output = hold_output();
  output_gate_.pass(std::make_unique<CallOutput>(*this, std::move(call), output));
}

void Actor::send_call(worker::OutgoingCall call, uint64_t output) {
  world().announce(ObjectCalled{info_->lane, epoch_, output,
                                call.request ? call.request->method : "call",
                                call.request ? call.request->url : call.method});
  worker_.outbound().send(worker_, context_id(), std::move(call));
}

void Actor::stream(runtime::OperationId operation, Ref<const worker::StreamMessage> message) {
  if (state_ == State::kEnded) return;
  if (operation) operation_started(operation);
  if (!lease_valid()) wait_for_lease();
  const bool weak = host_.options().weaken.streams_early;
  if (weak || output_gate_.open()) return send_chunk(operation, std::move(message), 0);
  const uint64_t output = hold_output();
  ORRERY_SOMETIMES(world(), true, "a part of a stream waits for the output gate");
  output_gate_.pass(std::make_unique<StreamOutput>(*this, operation, std::move(message), output));
}

void Actor::send_chunk(runtime::OperationId operation, Ref<const worker::StreamMessage> message, uint64_t output) {
  world().announce(ObjectStreamed{info_->lane, epoch_, output, message->chunk.size()});
  worker_.rpc().send_stream(worker_, operation, std::move(message));
}

// ---- WebSockets ----

void Actor::send_frame(uint32_t end, Ref<const runtime::SocketFrame> frame) {
  if (state_ == State::kEnded) return;
  if (!lease_valid()) wait_for_lease();
  const Weaken& weaken = host_.options().weaken;
  const bool weak = weaken.frames_early || (weaken.frames_overtake && output_gate_.waiting() > 0);
  if (weak || output_gate_.open()) return send_frame(end, frame, 0);
  const uint64_t output = hold_output();
  ORRERY_SOMETIMES(world(), true, "a WebSocket message waits for the output gate");
  output_gate_.pass(std::make_unique<FrameOutput>(*this, end, std::move(frame), output));
}

void Actor::send_frame(uint32_t end, const Ref<const runtime::SocketFrame>& frame, uint64_t output) {
  world().announce(ObjectStreamed{info_->lane, epoch_, output, frame->size(), true});
  worker_.sockets().send(end, frame);
}

void Actor::socket_accepted(uint32_t end) {
  if (CriticalSection* section = current_section()) socket_sections_[end] = Ref<CriticalSection>(section);
}

void Actor::socket_readable(uint32_t end) {
  if (state_ != State::kRunning) return;
  auto it = socket_sections_.find(end);
  GateScope& scope = it == socket_sections_.end() ? static_cast<GateScope&>(*input_gate_) : *it->second;
  scope.wait(*new SocketWork(*this, end));
}

void Actor::settle(runtime::OperationId operation, Ref<const worker::AnswerMessage> answer) {
  if (state_ != State::kRunning) return;
  take_scope(operation_sections_, operation)
      ->wait(*new SettleWork(*this, operation, std::move(answer)));
}

void Actor::operation_started(runtime::OperationId operation) {
  if (CriticalSection* section = current_section())
    operation_sections_[operation] = Ref<CriticalSection>(section);
}

void Actor::timer_started(runtime::TimerId timer) {
  if (CriticalSection* section = current_section())
    timer_sections_[timer] = Ref<CriticalSection>(section);
}

void Actor::timer_due(runtime::TimerId timer) {
  if (state_ != State::kRunning) return;
  take_scope(timer_sections_, timer)->wait(*new TimerWork(*this, timer));
}

// ---- critical sections ----

runtime::SectionId Actor::begin_section() {
  auto section = CriticalSection::make(*input_gate_, current_lock_);
  if (!section) return 0;  // nested too deeply: JavaScript throws (1.10)
  runtime::SectionId id = ++last_section_;
  EventHandle timeout = world().loop().schedule_in(
      host_.options().section_timeout, kSectionLimit, host_.process().owner(), [this, id] {
        auto it = sections_.find(id);
        if (it == sections_.end()) return;
        it->second.timeout = {};
        Ref<CriticalSection> late = it->second.section;
        late->fail(section_timeout());
      });
  sections_[id] = {section, timeout};
  section->start(*new EnterSectionWork(*this, id));
  return id;
}

void Actor::EnterSectionWork::run() {
  // By now the turns before have committed, as they would have before any other turn: what they wrote stays when
  // the section fails (3.1).
  if (!actor.commit_now()) return;
  const int depth = actor.current_section() ? actor.current_section()->open_depth() : 0;
  actor.world().announce(SectionBegan{actor.info_->lane, actor.epoch_, section, depth});
  actor.turn("blockConcurrencyWhile", [&](runtime::Isolate& isolate) {
    return isolate.enter_section(actor.context_id(), section);
  });
}

void Actor::end_section(runtime::SectionId id, const runtime::ErrorInfo* error) {
  ending_.push_back({id, error ? std::optional(*error) : std::nullopt});
}

// After the turn: its microtasks still belong to the section, and who was waiting for its lock goes with it.
void Actor::end_sections() {
  while (!ending_.empty() && state_ == State::kRunning) {
    const EndingSection ending = std::move(ending_.front());
    ending_.pop_front();
    end_section_now(ending.id, ending.error ? &*ending.error : nullptr);
  }
}

void Actor::end_section_now(runtime::SectionId id, const runtime::ErrorInfo* error) {
  auto it = sections_.find(id);
  if (it == sections_.end()) return;
  Section ended = it->second;
  sections_.erase(it);
  world().announce(SectionEnded{info_->lane, epoch_, id});
  world().loop().cancel(ended.timeout);
  if (error && !host_.options().weaken.failed_sections_pass) return ended.section->fail(reset_because(*error));
  // The parent's lock goes straight to the turn that resumes the caller (1.6). A section that was asked for within this one
  // gets its lock then, and takes longer to be entered than its parent's parent to be left.
  auto* work = new LeaveSectionWork(*this, id);
  work->lock = ended.section->succeed();
  work->hop = hop_ + kLeaveHops;
  for (size_t i = granted_before_; i < ready_.size(); ++i)
    if (ready_[i]->hop != 0) ready_[i]->hop = work->hop + kEnterHops;
  auto at = ready_.begin();
  while (at != ready_.end() && (*at)->hop != 0 && (*at)->hop <= work->hop) ++at;
  ready_.insert(at, work);
}

// Nothing is under way but sections, and in the innermost nobody runs or waits: only an event could go on, and events
// wait for its end. The real runtime finds that out when garbage is collected, or ends it after 30 seconds; a task begun
// outside it always takes to the 30 seconds, and so does this.
void Actor::find_deadlock() {
  if (state_ != State::kRunning || in_turn_ || !ready_.empty()) return;
  if (worker_.isolate().pending_operations(context_id()) != static_cast<int>(sections_.size())) return;
  if (worker_.listens(*this)) return;
  for (auto& [id, open] : sections_) {
    if (!open.section->running() || !open.section->quiet()) continue;
    ORRERY_SOMETIMES(world(), true, "a critical section waits for what cannot come before it ends");
    Ref<CriticalSection> stuck = open.section;
    return stuck->fail(section_deadlock());
  }
}

void Actor::LeaveSectionWork::run() {
  if (!actor.commit_now()) return;
  actor.turn("blockConcurrencyWhile done", [&](runtime::Isolate& isolate) {
    return isolate.leave_section(actor.context_id(), section);
  });
}

// ---- storage seen from natives ----

StorageError Actor::savepoint(Savepoint what) {
  const bool begins = what == Savepoint::kSync || what == Savepoint::kTransaction;
  // What earlier turns wrote is no part of a transaction (5.1).
  if (what == Savepoint::kTransaction && !commit_now())
    return {StorageError::Kind::kError, end_error_.message};
  StorageError error = begins ? database_->begin_savepoint()
                       : what == Savepoint::kRelease || host_.options().weaken.rollback_kept ||
                               (savepoints_ > 1 && host_.options().weaken.inner_rollback_kept)
                           ? database_->release_savepoint()
                           : database_->rollback_savepoint(
                                 !host_.options().weaken.rollback_keeps_alarm);
  if (database_->broken()) {
    // Nothing is left to close: the commit that comes ends the object.
    savepoints_ = 0;
    explicit_ = false;
    confirmed_within_.clear();
    begin_batch();
    if (commit_event_.slot == UINT32_MAX) schedule_commit();
  }
  if (error || database_->broken()) return error;
  if (begins) {
    if (savepoints_++ == 0) explicit_ = what == Savepoint::kTransaction;
    if (explicit_) confirmed_within_.push_back(false);
    world().announce(SavepointBegan{info_->lane, epoch_});
  } else {
    --savepoints_;
    const Batch locked = explicit_ ? close_explicit(what == Savepoint::kRelease) : 0;
    world().announce(SavepointEnded{info_->lane, epoch_, what == Savepoint::kRollBack, locked});
  }
  if (alarms_) alarms_->savepoint(what);
  if (database_->in_transaction()) begin_batch();
  if (savepoints_ == 0) transaction_ended();
  return {};
}

// Confirmed writes of a transaction lock the output gate when the outermost one commits (3.4, 5.3), unless
// they are rolled back (5.5). Gives the batch that is locked now, or 0.
Batch Actor::close_explicit(bool kept) {
  const bool confirmed = confirmed_within_.back() && kept;
  confirmed_within_.pop_back();
  if (savepoints_ > 0) {
    if (confirmed) confirmed_within_.back() = true;
    return 0;
  }
  explicit_ = false;
  if (!confirmed || !open_batch_) return 0;
  if (!host_.options().weaken.transactions_unlocked) output_gate_.lock(open_batch_);
  return open_batch_;
}

void Actor::transaction_ended() {
  // A commit that came due meanwhile was put off.
  if (savepoints_ > 0) return;
  if (open_batch_ && commit_event_.slot == UINT32_MAX) schedule_commit();
  if (alarms_) alarms_->transaction_ended();
}

void Actor::sync(runtime::OperationId operation) {
  operation_started(operation);
  // Everything written before, confirmed or not; of a transaction that has not ended nothing (3.4, 3.8).
  const Batch written = explicit_ && open_batch_ ? open_batch_ - 1 : last_batch_;
  if (written > output_gate_.locked_up_to() && !host_.options().weaken.sync_early) output_gate_.lock(written);
  // Never within the turn that asks: with nothing to wait for it still costs one hop (3.8).
  world().loop().schedule(world().now(), kSyncHop, host_.process().owner(),
                          [&worker = worker_, id = context_id(), operation] {
                            auto* actor = dynamic_cast<Actor*>(worker.find(id));
                            if (actor)
                              actor->output_gate_.pass(
                                  std::make_unique<SyncOutput>(*actor, operation));
                          });
}

void Actor::next_turn(runtime::OperationId operation) {
  auto* work = new SettleWork(*this, operation, worker::AnswerMessage::of_value(nullptr));
  work->lock = current_lock_;
  world().loop().schedule(world().now(), kNextTurn, host_.process().owner(),
                          [&worker = worker_, id = context_id(), work] {
                            auto* actor = dynamic_cast<Actor*>(worker.find(id));
                            if (!actor || actor->state_ != State::kRunning) return;
                            actor->ready_.push_back(work);
                            actor->pump();
                          });
}

uint32_t Actor::keep_cursor(std::unique_ptr<SqlCursor> cursor) {
  constexpr size_t kMostCursors = 256;
  cursors_[++last_cursor_] = std::move(cursor);
  if (cursors_.size() > kMostCursors) cursors_.erase(cursors_.begin());
  return last_cursor_;
}

SqlCursor* Actor::cursor(uint32_t number) {
  auto it = cursors_.find(number);
  return it == cursors_.end() ? nullptr : it->second.get();
}

// ---- commits ----

void Actor::begin_batch() {
  if (open_batch_) return;
  open_batch_ = ++last_batch_;
  schedule_commit();
}

void Actor::schedule_commit() {
  commit_event_ = world().loop().schedule(world().now(), kCommit, host_.process().owner(),
                                          [this] { commit(); });
}

void Actor::wrote(const char* operation, std::string_view key, bool confirmed) {
  begin_batch();
  if (explicit_) {
    if (confirmed) confirmed_within_.back() = true;
    confirmed = false;
  }
  if (confirmed && !host_.options().weaken.writes_unlocked) output_gate_.lock(open_batch_);
  std::string source;
  if (world().trace().positions())
    source = worker_.isolate().current_position().text();
  world().announce(ObjectWrite{info_->lane, epoch_, open_batch_, confirmed, operation, key, source});
  if (host_.options().weaken.turns_split) commit();
}

bool Actor::commit_now() {
  if (!open_batch_ || savepoints_ > 0) return true;
  world().loop().cancel(commit_event_);
  commit();
  return state_ == State::kRunning;
}

void Actor::commit() {
  commit_event_ = {};
  if (state_ != State::kRunning || !open_batch_ || savepoints_ > 0) return;
  if (!passes(steps::kCommitBegins)) return;
  Batch batch = open_batch_;
  open_batch_ = 0;
  CommitResult result = database_->commit();
  if (!result.ok()) {
    runtime::ErrorInfo error;
    error.message = result.error.message;
    storage_failed_ = true;
    return end(reset_because(error), "its storage broke: " + error.message);
  }
  if (!passes(steps::kCommittedHere)) return;
  // One that moves the alarm earlier waits for the scheduler, and others behind it (6.3).
  if (alarms_ && alarms_->keep_back(batch, result.payload)) return;
  log_batch(batch, std::move(result.payload));
}

void Actor::log_batch(Batch batch, Ref<LogPayload> payload) {
  if (replica_) [[unlikely]] {
    // A transaction that only read.
    ORRERY_CHECK(!payload, "a replica writes nothing");
    output_gate_.durable(batch);
    return maybe_idle();
  }
  const bool sent = bool(payload);
  const uint64_t index = payload ? append(std::move(payload)) : log_->last_index();
  world().announce(ObjectCommitted{info_->lane, epoch_, batch, index});
  if (sent && !passes(steps::kEntrySent)) return;
  if (!bookmarks_.empty()) [[unlikely]] give_bookmarks(batch);
  if (index <= log_->durable_index() && undurable_.empty()) {
    if (alarms_) alarms_->durable(batch);
    output_gate_.durable(batch);
    return maybe_idle();
  }
  undurable_.push_back({batch, index, world().now()});
  if (durability_timer_.slot == UINT32_MAX) check_durability_timeout();
}

uint64_t Actor::append(Ref<LogPayload> payload) {
  image_.apply(*payload);
  const uint64_t index = log_->append(std::move(payload));
  if (replicas_) [[unlikely]] replicas_->appended();
  if (history_) history_->appended();
  return index;
}

void Actor::on_durable(uint64_t index) {
  if (history_) history_->durable(index);
  if (replicas_) [[unlikely]] replicas_->durable(index);
  if (durable_wait_ && index >= durable_wait_->index) durable_wait_->reached->set(true);
  if (state_ != State::kRunning) return;
  if (!lease_valid()) wait_for_lease();
  while (!undurable_.empty() && undurable_.front().index <= index) {
    Batch batch = undurable_.front().batch;
    if (!passes(steps::kDurable)) return;
    undurable_.pop_front();
    if (alarms_) alarms_->durable(batch);
    if (state_ != State::kRunning) return;
    output_gate_.durable(batch);
    if (state_ != State::kRunning || !passes(steps::kFulfilled)) return;
  }
  maybe_idle();
}

// The oldest batch that is not durable after the limit breaks the gate (2.3). One timer serves all.
void Actor::check_durability_timeout() {
  durability_timer_ = {};
  if (state_ != State::kRunning || undurable_.empty()) return;
  Duration limit = host_.options().durability_timeout;
  Instant due = undurable_.front().at + limit;
  if (due <= world().now()) {
    storage_failed_ = true;
    return end(durability_timeout(), "a write was not durable in time");
  }
  durability_timer_ = world().loop().schedule(due, kDurability, host_.process().owner(),
                                              [this] { check_durability_timeout(); });
}

Ref<const PageImage> Actor::current_image() {
  auto copy = make_ref<PageImage>();
  copy->pages = image_.pages;
  return copy;
}

}  // namespace orrery::durable
