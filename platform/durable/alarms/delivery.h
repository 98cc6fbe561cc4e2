// Brings an alarm that is due to its object: finds the owner in the directory, or wakes the object where
// it lived, and waits for what becomes of it. At most one try reaches JavaScript; when nobody can tell
// what became of it the caller has to try again (at-least-once).
#pragma once

#include "platform/durable/alarms/messages.h"
#include "platform/durable/directory/directory_client.h"
#include "sim/net/network.h"

namespace orrery::durable {

// The message of one delivery; `give_up` asks the object to clear its stored alarm instead.
Ref<const worker::ObjectMessage> alarm_event(const AlarmObject& object, int64_t scheduled_ms,
                                             uint32_t retry_count, uint32_t attempt, bool give_up);

// Null: not delivered, or nobody knows. `info` is the object's.
Task<Ref<const AlarmAnswer>> deliver_alarm(host::Process& process, DirectoryClient& directory,
                                           Ref<const ObjectInfo> info,
                                           Ref<const worker::ObjectMessage> event,
                                           uint32_t home_pop, uint32_t hosts_per_pop,
                                           worker::Jurisdiction jurisdiction = {});

}  // namespace orrery::durable
