#include "conformance/monitors/object_watch.h"

#include <algorithm>
#include <cstring>

#include "platform/durable/actor/limits.h"

namespace orrery::monitors {

void ObjectWatch::on(const durable::ObjectStarted& e, const EventContext& at) {
  Object& object = objects_.at(e.lane);
  ledger_.exercise(RuleId::kSingleEpoch);
  if (e.epoch <= object.newest_started)
    ledger_.breach(RuleId::kSingleEpoch, at, {e.lane}, [&] {
      return ledger_.name(e.lane) + " started on " + std::string(e.host_name) + " at " +
             show(at.at) + " under epoch " + std::to_string(e.epoch) + ", but epoch " +
             std::to_string(object.newest_started) + " had started before";
    });
  object.newest_started = std::max(object.newest_started, e.epoch);
  Epoch& epoch = object.epoch(e.epoch);
  epoch.started = true;
  epoch.host = e.host;
  epoch.last_active = at.at;
  object.constructing = &epoch;
}

void ObjectWatch::on(const durable::ObjectVersion& e, const EventContext& at) {
  Object& object = objects_.at(e.lane);
  ledger_.exercise(RuleId::kVersionKept);
  if (e.rollout < object.rollout || (e.rollout == object.rollout && object.newer_version && !e.newer))
    ledger_.breach(RuleId::kVersionKept, at, {e.lane}, [&] {
      return ledger_.name(e.lane) + " started at " + show(at.at) + " as " + std::string(e.version) +
             ", but had run a newer version of the same rollout before";
    });
  object.rollout = e.rollout;
  object.newer_version = e.newer;
}

void ObjectWatch::on(const durable::ObjectEnded& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch || !epoch->started) return;
  epoch->ended = true;
  epoch->sections.clear();
  epoch->held.clear();
  if (object->constructing == epoch) object->constructing = nullptr;
  if (e.why != durable::kIdleEnd) return;
  ledger_.exercise(RuleId::kIdleEviction);
  if (at.at - epoch->last_active < durable::kIdleBeforeEviction)
    ledger_.breach(RuleId::kIdleEviction, at, {e.lane}, [&] {
      return ledger_.name(e.lane) + " was evicted as idle at " + show(at.at) +
             ", but was active at " + show(epoch->last_active);
    });
}

void ObjectWatch::check_alive(Object& object, const Epoch& epoch, const char* what,
                              const EventContext& at) {
  ledger_.exercise(RuleId::kNothingAfterEnd);
  if (epoch.ended)
    ledger_.breach(RuleId::kNothingAfterEnd, at, {object.lane}, [&] {
      return "the instance of " + ledger_.name(object.lane) + " under epoch " +
             std::to_string(epoch.number) + " had ended, yet " + what + " at " + show(at.at);
    });
}

void ObjectWatch::check_order(Object& object, const durable::ObjectEvent& e,
                              const EventContext& at) {
  const uint64_t caller = mix64(e.caller_context ^ (e.number >> 40) << 48, e.caller);
  Object::Call& last = object.calls[caller % object.calls.size()];
  if (last.caller == caller) {
    const RuleId rule = e.number == last.number ? RuleId::kDeliveredOnce : RuleId::kStubOrder;
    ledger_.exercise(RuleId::kStubOrder);
    ledger_.exercise(RuleId::kDeliveredOnce);
    if (e.number <= last.number)
      ledger_.breach(rule, at, {object.lane}, [&] {
        return std::string(e.method) + " " + std::string(e.what) + " was delivered to " +
               ledger_.name(object.lane) + " at " + show(at.at) +
               (rule == RuleId::kStubOrder ? " after a later call of the same caller"
                                           : " a second time");
      });
    if (e.number < last.number) return;
  }
  last = {caller, e.number};
}

void ObjectWatch::entered(Object& object, Epoch& epoch, std::string_view what, std::string_view of, bool within,
                          const EventContext& at) {
  const auto delivered = [&] {
    return std::string(what) + " " + std::string(of) + " was delivered to " + ledger_.name(object.lane) + " at " + show(at.at);
  };
  check_alive(object, epoch, "an event was delivered", at);
  ledger_.exercise(RuleId::kConstructorFirst);
  if (!epoch.constructed)
    ledger_.breach(RuleId::kConstructorFirst, at, {object.lane},
                   [&] { return delivered() + " before its constructor had run"; });
  if (!epoch.sections.empty() && !within) {
    ledger_.exercise(RuleId::kInputGateSection);
    ledger_.breach(RuleId::kInputGateSection, at, {object.lane}, [&] {
      return delivered() + " while critical section " + std::to_string(epoch.sections.back()) + " was running";
    });
  }
  ledger_.exercise(RuleId::kInputGateTurn);
  if (object.in_turn)
    ledger_.breach(RuleId::kInputGateTurn, at, {object.lane}, [&] {
      return "two turns of " + ledger_.name(object.lane) + " ran at once at " + show(at.at);
    });
  object.in_turn = true;
  epoch.last_active = at.at;
  leases_.acts(object, epoch, "delivered an event", at);
}

void ObjectWatch::on(const durable::ObjectEvent& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  entered(*object, *epoch, e.method, e.what, e.within, at);
  check_order(*object, e, at);
}

void ObjectWatch::on(const durable::ObjectMessage& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (epoch) entered(*object, *epoch, "a message", "of a WebSocket", e.within, at);
}

void ObjectWatch::on(const worker::TurnEnded& e, const EventContext& at) {
  if (e.clock_reads > 1) {
    ledger_.exercise(RuleId::kClockFrozen);
    if (e.clock_moved_ms != 0)
      ledger_.breach(RuleId::kClockFrozen, at, {e.lane}, [&] {
        return "the clock moved by " + std::to_string(e.clock_moved_ms) + " ms within one turn (" +
               e.why + ") of " + ledger_.name(e.lane) + " at " + show(at.at);
      });
  }
  Object* object = objects_.find(e.lane);
  if (!object) return;
  object->in_turn = false;
  object->turn_batch = 0;
  if (object->constructing && std::strcmp(e.why, "constructor") == 0) {
    object->constructing->constructed = true;
    object->constructing = nullptr;
  }
  if (!object->epochs.empty()) object->epochs.back().last_active = at.at;
}

void ObjectWatch::on(const durable::ObjectWrite& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  check_alive(*object, *epoch, "something was written", at);
  ledger_.exercise(RuleId::kTurnBatch);
  const uint64_t first = object->turn_batch;
  if ((first && first != e.batch) || e.batch <= epoch->committed_batch)
    ledger_.breach(RuleId::kTurnBatch, at, {e.lane}, [&] {
      return "a turn of " + ledger_.name(e.lane) + " wrote at " + show(at.at) +
             " into transaction " + std::to_string(e.batch) + " after " +
             (first != e.batch ? "it had written into transaction " + std::to_string(first)
                               : std::string("that had committed"));
    });
  // deleteAll() makes another database at once: nothing of the turn is in one transaction with what follows (3.9).
  if (e.operation == "deleteAll") object->turn_batch = 0;
  else if (!first) object->turn_batch = e.batch;
  if (e.confirmed) epoch->confirmed_batch = std::max(epoch->confirmed_batch, e.batch);
}

void ObjectWatch::on(const durable::SavepointEnded& e, const EventContext&) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (epoch) epoch->confirmed_batch = std::max(epoch->confirmed_batch, e.locks);
}

void ObjectWatch::on(const durable::ObjectCommitted& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  ledger_.exercise(RuleId::kTurnCommit);
  if (object->turn_batch)
    ledger_.breach(RuleId::kTurnCommit, at, {e.lane}, [&] {
      return "transaction " + std::to_string(e.batch) + " of " + ledger_.name(e.lane) +
             " committed at " + show(at.at) + " in the middle of a turn";
    });
  epoch->committed_batch = std::max(epoch->committed_batch, e.batch);
  epoch->committed_index = e.index;
  epoch->commits.emplace_back(e.batch, e.index);
  epoch->last_active = at.at;
  // What no output that still waits can need, and is durable, is of no more interest.
  while (epoch->commits.size() > 1 && epoch->commits.front().second <= epoch->on_three &&
         epoch->held.empty())
    epoch->commits.pop_front();
}

void ObjectWatch::on(const durable::ObjectOutputHeld& e, const EventContext&) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (epoch) epoch->held.emplace_back(e.output, epoch->confirmed_batch);
}

// An output left that had to wait for every confirmed write before it. Outputs leave in order, so what was
// held before it is gone.
void ObjectWatch::left(RuleId rule, Object& object, Epoch& epoch, uint64_t output,
                       const char* what, const EventContext& at) {
  epoch.last_active = at.at;
  uint64_t needs = epoch.confirmed_batch;
  if (output) {
    while (!epoch.held.empty() && epoch.held.front().first < output) epoch.held.pop_front();
    if (!epoch.held.empty() && epoch.held.front().first == output) {
      needs = epoch.held.front().second;
      epoch.held.pop_front();
    }
  }
  if (needs == 0) return;
  ledger_.exercise(rule);
  auto& commits = epoch.commits;
  while (commits.size() > 1 && commits[1].first <= needs) commits.pop_front();
  // What was needed is durable and forgotten; only later ones, which nobody has to wait for, are left.
  if (!commits.empty() && commits.front().first > needs) return;
  const bool committed = needs <= epoch.committed_batch && !commits.empty();
  const uint64_t index = committed ? commits.front().second : UINT64_MAX;
  if (committed) epoch.acknowledged = std::max(epoch.acknowledged, index);
  if (index <= epoch.on_three || index <= object.durable_index(epoch)) return;
  // Without an entry of its own there is nothing to be durable.
  if (committed && (index == 0 || index <= epoch.start.index)) return;
  ledger_.breach(rule, at, {object.lane}, [&] {
    std::string text = std::string(what) + " left " + ledger_.name(object.lane) + " at " +
                       show(at.at) + " before the writes ahead of it were durable: ";
    if (!committed)
      return text + "transaction " + std::to_string(needs) + " had not even committed";
    return text + "entry " + std::to_string(index) + " was on " +
           std::to_string(object.followers.with(epoch.have, index)) + " of 3 followers' disks";
  });
}

void ObjectWatch::on(const durable::ObjectReplied& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  check_alive(*object, *epoch, "an answer left", at);
  leases_.acts(*object, *epoch, "let an answer out", at);
  if (e.gated) left(RuleId::kOutputGateAnswers, *object, *epoch, e.output, "an answer", at);
}

void ObjectWatch::on(const durable::ObjectCalled& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  check_alive(*object, *epoch, "a call left", at);
  leases_.acts(*object, *epoch, "let a call out", at);
  left(RuleId::kOutputGateCalls, *object, *epoch, e.output, "a call", at);
}

void ObjectWatch::on(const durable::ObjectStreamed& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  check_alive(*object, *epoch, "a part of a stream left", at);
  leases_.acts(*object, *epoch, "let a part of a stream out", at);
  if (e.frame) left(RuleId::kOutputGateFrames, *object, *epoch, e.output, "a WebSocket frame", at);
  else left(RuleId::kOutputGateAnswers, *object, *epoch, e.output, "a part of a stream", at);
}

void ObjectWatch::on(const durable::SectionBegan& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (!epoch) return;
  ledger_.exercise(RuleId::kInputGateNesting);
  ledger_.exercise(RuleId::kInputGateSection);
  // A section of depth d runs inside d - 1 others; one more is one too many.
  if (epoch->sections.size() + 1 != static_cast<size_t>(e.depth))
    ledger_.breach(RuleId::kInputGateNesting, at, {e.lane}, [&] {
      return "critical section " + std::to_string(e.section) + " of " + ledger_.name(e.lane) +
             " began at " + show(at.at) + " at depth " + std::to_string(e.depth) + " while " +
             std::to_string(epoch->sections.size()) + " others ran";
    });
  epoch->sections.push_back(e.section);
}

void ObjectWatch::on(const durable::SectionEnded& e, const EventContext&) {
  Object* object = objects_.find(e.lane);
  Epoch* epoch = object ? object->find(e.epoch) : nullptr;
  if (epoch) std::erase(epoch->sections, e.section);
}

}  // namespace orrery::monitors
