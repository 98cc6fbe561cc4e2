// In which scope of the gate something goes on that was begun, or given out, earlier: the critical section of that time.
#include "platform/durable/actor/actor.h"

namespace orrery::durable {

void Actor::rpc_given(uint32_t number) {
  if (CriticalSection* section = current_section())
    given_sections_[number] = Ref<CriticalSection>(section);
}

// The first call on what a critical section gave out is part of the section, which may wait for it. Those
// after it are not: the real runtime lets go of the section with the first. So it is with the result of such a
// call, on which pipelined ones are made. What a section passes on is no call on the object there at all: each passes.
Ref<GateScope> Actor::take_scope(const worker::ObjectMessage& message, host::HostId caller) {
  if (!message.rpc || (given_sections_.empty() && result_sections_.empty()))
    return Ref<GateScope>(input_gate_);
  worker::CallName name = message.rpc->name(caller);
  Ref<CriticalSection> section;
  auto take = [&section](auto& sections, const auto& key, bool keep) {
    auto it = sections.find(key);
    if (it == sections.end()) return;
    section = it->second;
    if (!keep) sections.erase(it);
  };
  if (message.rpc->on) {
    worker::CallName first = name;
    first.operation = message.rpc->on;
    take(result_sections_, first, false);
  } else {
    const uint32_t number = message.rpc->target.number;
    take(given_sections_, number, (number & worker::kPassedOnMark) != 0);
  }
  if (!section) return Ref<GateScope>(input_gate_);
  if (message.rpc->keep) result_sections_[name] = section;
  return Ref<GateScope>(section);
}

Ref<GateScope> Actor::take_scope(std::map<uint32_t, Ref<CriticalSection>>& sections, uint32_t id) {
  if (!sections.empty()) {
    auto it = sections.find(id);
    if (it != sections.end()) {
      Ref<GateScope> scope(it->second);
      sections.erase(it);
      return scope;
    }
  }
  return Ref<GateScope>(input_gate_);
}

}  // namespace orrery::durable
