#include "platform/worker/worker_isolate.h"

#include <algorithm>

#include "platform/worker/rpc_hub.h"
#include "sim/core/check.h"
#include "sim/net/network.h"

namespace orrery::worker {

inline constexpr Site kSpent{"worker.isolate_spent"};
inline constexpr Site kCrash{"worker.crash_in_turn"};
inline constexpr Site kSocketFrame{"worker.socket_frame"};

namespace {
// How long events under way may go on with replaced code. Source: platform.md 4.1.
constexpr Duration kOldCodePatience = seconds(30);
}  // namespace

WorkerIsolate::WorkerIsolate(host::Process& process, const Application& application,
                             uint32_t slot, Outbound& outbound, const runtime::Weaken& weaken)
    : process_(process),
      application_(application),
      slot_(slot),
      deployment_(application.version(slot)),
      outbound_(outbound),
      weaken_(weaken) {
  std::string name = "isolate:" + process.host().name().substr(5) + "/" + deployment_.label();
  lane_ = world().trace().lane(name, "isolate", process.lane());
}

WorkerIsolate::~WorkerIsolate() {
  for (auto& [id, timer] : timers_) world().loop().cancel(timer.event);  // tidy: cancelling has no order
  world().loop().cancel(outdated_limit_);
}

const runtime::ErrorInfo* WorkerIsolate::ensure_started() {
  if (isolate_) return nullptr;
  if (startup_error_) return startup_error_.get();
  runtime::Isolate::Options options = deployment_.isolate_options();
  options.first_generation = isolates_made_++ << 24;
  options.weaken = weaken_;
  options.covered = application_.covered(slot_).data();
  isolate_ = std::make_unique<runtime::Isolate>(deployment_.snapshot(), deployment_.code(),
                                                static_cast<runtime::IsolateHost&>(*this), options);
  in_turn_ = true;
  runtime::TurnResult result = isolate_->start();
  in_turn_ = false;
  if (result) return nullptr;
  startup_error_ = result.error ? std::move(result.error) : std::make_unique<runtime::ErrorInfo>();
  isolate_.reset();
  report_failure(lane_, EventFailed::Why::kStartup, *startup_error_);
  return startup_error_.get();
}

void WorkerIsolate::open(EventContext& context, runtime::ContextKind kind, LaneId lane) {
  context.context_id_ = isolate_->open_context(kind, &context);
  context.lane_ = lane;
  context.served_stubs_.clear();
  context.broken_stubs_.clear();
  contexts_[context.context_id_] = &context;
}

void WorkerIsolate::close(EventContext& context) {
  if (contexts_.erase(context.context_id_) == 0) return;
  drop_sockets(context);
  if (context.has_references_) rpc_->context_closed(*this, context);
  if (isolate_) isolate_->close_context(context.context_id_);  // defers itself within a turn
  if (outdated_ && contexts_.empty()) give_up_isolate(IsolateEnd::kCodeUpdated);
}

EventContext* WorkerIsolate::find(runtime::ContextId id) {
  auto it = contexts_.find(id);
  return it == contexts_.end() ? nullptr : it->second;
}

void WorkerIsolate::begin_turn() {
  ORRERY_CHECK(!in_turn_ && isolate_);
  in_turn_ = true;
  calls_of_turn_.clear();
  if (world().sweep().kind == Sweep::Kind::kHostCall) [[unlikely]] sweep_turn();
}

// Host calls are counted over all isolates of the world, turn by turn: each turn is told how many are left.
void WorkerIsolate::sweep_turn() {
  Sweep& sweep = world().sweep();
  if (sweep.fired || sweep.count >= sweep.n) return;
  const host::HostId host = process_.host_id();
  host::Hosts& hosts = process_.hosts();
  sweeping_ = static_cast<uint32_t>(sweep.n - sweep.count);
  crash_at_host_call(sweeping_, runtime::kNoContext, [&hosts, host] { hosts.crash_for(hosts.by_id(host), Sweep::kDown); });
}

void WorkerIsolate::swept_turn(EventContext& context, const char* why, bool crashed) {
  Sweep& sweep = world().sweep();
  sweep.count += std::exchange(sweeping_, 0) - (crashed ? 0 : isolate_->host_calls_left());
  if (!crashed) return crash_at_host_call(0, runtime::kNoContext, nullptr);
  sweep.fire(world().now(), std::string("host call in a turn (") + why + ") of " +
                                world().trace().lane_at(context.lane()).name + " on " + process_.host().name());
}

void WorkerIsolate::end_turn(EventContext& context, const char* why,
                             const runtime::TurnResult& result) {
  in_turn_ = false;
  if (sweeping_) [[unlikely]] swept_turn(context, why, result.kind == runtime::TurnKind::kCrashed);
  world().announce(TurnEnded{context.lane(), why, result.meter_units, result.clock_reads,
                             result.clock_moved_ms});
  static const runtime::ErrorInfo kNoDetail;
  const runtime::ErrorInfo& error = result.error ? *result.error : kNoDetail;
  if (result.kind == runtime::TurnKind::kTerminatedCpu)
    report_failure(context.lane(), EventFailed::Why::kCpu, error);
  if (result.kind == runtime::TurnKind::kCrashed)
    world().loop().schedule(world().now(), kCrash, kWorldOwner, std::exchange(crash_, nullptr));
  if (result.kind == runtime::TurnKind::kTerminatedMemory && !spent_) {
    report_failure(context.lane(), EventFailed::Why::kMemory, error);
    give_up_isolate(IsolateEnd::kMemory);
  }
}

void WorkerIsolate::crash_at_host_call(uint32_t calls, runtime::ContextId context, std::function<void()> crash) {
  if (!isolate_) return;
  crash_ = std::move(crash);
  isolate_->crash_at_host_call(calls, context);
}

void WorkerIsolate::give_up_isolate(IsolateEnd why) {
  if (spent_ || !isolate_) return;
  spent_ = true;
  // Not from within a turn's caller: that still holds its context.
  world().loop().schedule(world().now(), kSpent, process_.owner(), [this, why] { dispose_isolate(why); });
}

void WorkerIsolate::code_updated() {
  startup_error_.reset();
  if (!isolate_ || spent_ || outdated_) return;
  ORRERY_SOMETIMES(world(), !contexts_.empty(), "new code is deployed while an event of the old one is under way");
  outdated_ = true;
  if (contexts_.empty()) give_up_isolate(IsolateEnd::kCodeUpdated);
  outdated_limit_ = world().loop().schedule_in(kOldCodePatience, kSpent, process_.owner(), [this] {
    outdated_limit_ = {};
    if (outdated_) give_up_isolate(IsolateEnd::kCodeUpdated);
  });
}

void WorkerIsolate::code_kept() {
  if (!outdated_ || spent_) return;
  outdated_ = false;
  world().loop().cancel(outdated_limit_);
}

void WorkerIsolate::dispose_isolate(IsolateEnd why) {
  // An event came in the meantime: it has its time too.
  if (why == IsolateEnd::kCodeUpdated && !contexts_.empty() && outdated_limit_.slot != UINT32_MAX) {
    spent_ = false;
    return;
  }
  std::vector<std::pair<runtime::ContextId, EventContext*>> lost;
  for (auto& entry : contexts_) lost.emplace_back(entry);  // tidy: sorted by id below
  std::sort(lost.begin(), lost.end());
  contexts_.clear();
  for (auto& [id, context] : lost) {
    drop_sockets(*context);
    if (context->has_references_) rpc_->context_closed(*this, *context);
  }
  for (auto& [id, timer] : timers_) world().loop().cancel(timer.event);  // tidy: has no order
  timers_.clear();
  isolate_.reset();
  spent_ = outdated_ = false;
  world().loop().cancel(outdated_limit_);
  for (auto& [id, context] : lost) context->isolate_lost(why);
}

void WorkerIsolate::deliver_answer(runtime::ContextId id, runtime::OperationId operation,
                                   Ref<const AnswerMessage> answer, uint32_t stub) {
  EventContext* context = find(id);
  if (context && stub && answer->epoch) context->note_served(stub, answer->epoch);
  if (rpc_) rpc_->answered(*this, operation, *answer, context != nullptr);
  if (context) context->settle(operation, std::move(answer));
  else if (answer->socket.end) sockets_->refuse(answer->socket);
}

void WorkerIsolate::answer_later(const Site& site, runtime::ContextId id, runtime::OperationId operation,
                                 Ref<const AnswerMessage> answer) {
  world().loop().schedule(world().now(), site, process_.owner(),
                          [this, id, operation, answer = std::move(answer)] {
                            deliver_answer(id, operation, answer);
                          });
}

std::vector<uint32_t> WorkerIsolate::take(EventContext& context, const std::vector<Capability>& capabilities) {
  std::vector<uint32_t> numbers;
  for (const Capability& c : capabilities) numbers.push_back(rpc_->take(*this, context, c));
  return numbers;
}

void WorkerIsolate::report_failure(LaneId lane, EventFailed::Why why,
                                   const runtime::ErrorInfo& error) {
  world().announce(EventFailed{lane, why, error});
}

EventContext& WorkerIsolate::current() {
  auto* context = static_cast<EventContext*>(isolate_->current_context_data());
  ORRERY_CHECK(context);
  return *context;
}

void WorkerIsolate::stub_broke(runtime::ContextId id, uint32_t stub, const runtime::ErrorInfo& error) {
  EventContext* context = find(id);
  if (!context || stub == 0) return;
  auto [broken, first] = context->broken_stubs_.emplace(stub, error);
  broken->second.remote = false;
}

std::optional<Instant> WorkerIsolate::next_timer(runtime::ContextId context) const {
  std::optional<Instant> next;
  for (const auto& [id, timer] : timers_)  // tidy: the least has no order
    if (timer.context == context && (!next || timer.due < *next)) next = timer.due;
  return next;
}

// ---- WebSockets ----

// In an event of its own: it may have been sent in a turn.
void WorkerIsolate::socket_readable(runtime::ContextId id, uint32_t end) {
  world().loop().schedule(world().now(), kSocketFrame, process_.owner(), [this, id, end] {
    if (EventContext* context = find(id)) context->socket_readable(end);
  });
}

runtime::TurnResult WorkerIsolate::read_socket(EventContext& context, uint32_t end) {
  const runtime::ContextId id = context.context_id();
  runtime::TurnResult result;
  if (Ref<const runtime::SocketFrame> frame = sockets_->next(end)) result = isolate_->socket_frame(id, end, *frame);
  sockets_->read_on(end);
  if (!sockets_->open(end)) std::erase(context.sockets_, end);
  return result;
}

bool WorkerIsolate::listens(const EventContext& context) const {
  return std::any_of(context.sockets_.begin(), context.sockets_.end(),
                     [this](uint32_t end) { return sockets_->listens(end); });
}

bool WorkerIsolate::serves_socket(const EventContext& context) const {
  return std::any_of(context.sockets_.begin(), context.sockets_.end(),
                     [this](uint32_t end) { return sockets_->serves(end); });
}

void WorkerIsolate::drop_sockets(EventContext& context) {
  for (uint32_t end : std::exchange(context.sockets_, {})) sockets_->drop(end);
}

Ref<const runtime::HttpResponse> WorkerIsolate::taken(EventContext& context, const AnswerMessage& answer) {
  if (!answer.socket.end) [[likely]] return taken(context, answer.response, answer.capabilities);
  context.sockets_.push_back(sockets_->take(answer.socket));
  return runtime::with_socket(*answer.response, context.sockets_.back());
}

}  // namespace orrery::worker
