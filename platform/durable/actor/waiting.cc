// What an object waits for, for whoever looks in from outside; changes nothing.
#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/actor_outputs.h"
#include "platform/durable/actor/actor_work.h"
#include "platform/durable/actor/alarm_handling.h"

namespace orrery::durable {

Actor::Standing Actor::standing_of(const worker::ObjectMessage* event) const {
  for (const auto& [caller, message] : before_start_)
    if (message.get() == event) return Standing::kBeforeStart;
  for (const Work* w = works_; w; w = w->next()) {
    const auto* work = dynamic_cast<const EventWork*>(w);
    if (work && !work->begun && work->message.get() == event) return Standing::kAtGate;
  }
  for (const InFlight& e : in_flight_) {
    if (e.message != event) continue;
    if (e.open) return Standing::kInJavaScript;
    if (output_gate_.waiting() > 0) return Standing::kAtOutputGate;
  }
  return Standing::kUnknown;
}

Actor::Waiting Actor::waiting_on() const {
  Waiting out;
  if (state_ == State::kAcquiring) out.stage = stage_;
  for (const auto& [id, section] : sections_) out.sections.push_back(id);
  out.turns_at_gate = works_ != nullptr;
  out.lease_valid = lease_valid();
  out.outputs = output_gate_.waiting();
  if (!undurable_.empty()) out.undurable = undurable_.front().index;
  out.alarm = alarms_ && alarms_->busy();
  out.log = log_.get();
  return out;
}

void Actor::ProbeWork::run() {
  const Batch needs = actor.output_gate_.locked_up_to();
  auto answer = worker::AnswerMessage::of_value(nullptr);
  if (!actor.lease_valid()) actor.wait_for_lease();
  if (actor.output_gate_.open()) return actor.send_reply(caller, answer, needs, 0, true);
  const uint64_t output = actor.hold_output();
  actor.output_gate_.pass(
      std::make_unique<ReplyOutput>(actor, caller, std::move(answer), needs, output));
}

}  // namespace orrery::durable
