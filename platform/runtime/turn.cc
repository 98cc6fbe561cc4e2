// Turns: admission, the frozen clock, the CPU meter, microtasks, and how a terminated turn is told.
//
// The meter. Instrumented code counts meter[0] down and calls `trip` when it is used up. C++ hands the event's
// CPU time out in chunks that fit 32 bits; `trip` gives the next chunk or terminates the turn.
#include <algorithm>

#include "platform/runtime/isolate_state.h"
#include "platform/runtime/v8_process.h"
#include "sim/core/check.h"

namespace orrery::runtime {

// The largest chunk of meter units given at once.
constexpr int64_t kMeterChunk = 1 << 30;

Entry::Entry(Isolate::State& s)
    : isolate_scope_(s.isolate), handles_(s.isolate), context_scope_(s.local_context()) {}

bool Isolate::State::admit(ContextId id, TurnResult& refused) {
  ORRERY_CHECK(!in_turn, "turns never nest");
  ORRERY_CHECK(started, "start() comes first");
  if (spent) {
    refused.kind = TurnKind::kTerminatedMemory;
    refused.error = std::make_unique<ErrorInfo>();
    refused.error->message = "Worker exceeded memory limit.";
    return false;
  }
  const ContextState* context = find(id);
  if (context && context->open) return true;
  refused.kind = TurnKind::kAborted;
  refused.error = std::make_unique<ErrorInfo>();
  refused.error->message = "The execution context has ended.";
  return false;
}

void Isolate::State::begin_turn(uint32_t n) {
  in_turn = true;
  current_slot = n;
  ending = TurnKind::kOk;
  clock_us = n == 0 ? 0 : host->now_us();
  const auto here = reinterpret_cast<uintptr_t>(  // tidy: only the distance from here counts
      __builtin_frame_address(0));
  const uintptr_t limit = here - kStackBytes;
  if (limit != stack_limit) {
    stack_limit = limit;
    isolate->SetStackLimit(limit);
  }
  meter_used = 0;
  meter_given = static_cast<int32_t>(std::clamp<int64_t>(slot(n).budget_units, 0, kMeterChunk));
  meter[0] = meter_given;
  // Date.now() counts whole milliseconds.
  set_frozen_clock_ms(static_cast<double>(clock_us / 1000), options.weaken.clock_runs ? meter : nullptr);
}

int64_t Isolate::State::meter_spent() const {
  return meter_used + std::max<int64_t>(0, static_cast<int64_t>(meter_given) - meter[0]);
}

void Isolate::State::refill_or_terminate() {
  meter_used = meter_spent();
  const int64_t left = slot(current_slot).budget_units - meter_used;
  meter_given = static_cast<int32_t>(std::clamp<int64_t>(left, 0, kMeterChunk));
  meter[0] = meter_given;
  if (left <= 0) {
    const SourcePosition where = self->current_position();
    terminate(TurnKind::kTerminatedCpu, current_slot == 0 ? "Script startup exceeded CPU time limit."
                                                          : "Worker exceeded CPU time limit.");
    if (!where.file.empty() && ending_error.stack.empty())
      ending_error.stack = ending_error.text() + "\n    at " + where.text();
  }
}

void Isolate::State::terminate(TurnKind kind, std::string message) {
  if (ending == TurnKind::kOk) {
    ending = kind;
    ending_error = ErrorInfo{};
    ending_error.message = std::move(message);
  }
  isolate->TerminateExecution();
}

TurnResult Isolate::State::end_turn(v8::TryCatch& caught) {
  TurnResult result;
  if (caught.HasTerminated() && ending == TurnKind::kOk) {
    // Only the heap limit asks for it between turns.
    terminate(TurnKind::kTerminatedMemory, "Worker exceeded memory limit.");
  }
  if (caught.HasCaught() && !caught.HasTerminated() && ending == TurnKind::kOk) {
    result.kind = TurnKind::kException;
    result.error = std::make_unique<ErrorInfo>(describe(caught));
    caught.Reset();
  }
  if (ending == TurnKind::kOk) isolate->PerformMicrotaskCheckpoint();
  if (ending == TurnKind::kOk) {
    run_posted_tasks(isolate);
    isolate->PerformMicrotaskCheckpoint();
    if (!rejections.empty()) report_rejections();
  }
  result.meter_units = meter_spent();
  result.clock_reads = clock_reads().count;
  if (clock_reads().moved) [[unlikely]]
    result.clock_moved_ms = static_cast<int64_t>(clock_reads().last_ms - clock_reads().first_ms);
  set_frozen_clock_ms(static_cast<double>(clock_us / 1000));
  slot(current_slot).budget_units -= result.meter_units;
  if (ending != TurnKind::kOk) [[unlikely]] {
    // What the terminated code left behind must never run, its microtasks least of all in another context's turn: V8
    // drops them all when it is told to end while it runs them.
    isolate->CancelTerminateExecution();
    isolate->TerminateExecution();
    isolate->PerformMicrotaskCheckpoint();
    isolate->CancelTerminateExecution();
    caught.Reset();
    rejections.clear();
    slot(current_slot).open = false;
    if (ending == TurnKind::kTerminatedMemory) spent = true;
    result.kind = ending;
    result.error = std::make_unique<ErrorInfo>(std::move(ending_error));
  }
  in_turn = false;
  current_slot = 0;
  while (!closing_slots.empty()) {
    const uint32_t n = closing_slots.back();
    closing_slots.pop_back();
    forget_slot(n);
  }
  return result;
}

void Isolate::State::report_rejections() {
  // Reporting runs getters of the errors, which may reject more: those wait for the next turn's end.
  std::vector<Rejection> now;
  now.swap(rejections);
  for (Rejection& rejection : now) {
    const ErrorInfo error = describe(rejection.reason.Get(isolate));
    host->console(current_id(), ConsoleLevel::kWarn,
                  "Uncaught (in promise) " + (error.stack.empty() ? error.text() : error.stack), {});
    if (ending != TurnKind::kOk) return;
  }
}

bool Isolate::charge(int64_t meter_units) {
  State& s = *state_;
  s.meter_used += meter_units;
  const int64_t left = s.slot(s.current_slot).budget_units - s.meter_used - s.meter_given + s.meter[0];
  if (left <= 0) {
    s.refill_or_terminate();
  } else if (s.meter[0] > left) {
    s.meter_given -= s.meter[0] - static_cast<int32_t>(left);
    s.meter[0] = static_cast<int32_t>(left);
  }
  return s.ending == TurnKind::kOk;
}

void Isolate::abort_current_turn() {
  ORRERY_CHECK(state_->in_turn);
  state_->terminate(TurnKind::kAborted, "The execution context was aborted.");
}

}  // namespace orrery::runtime
