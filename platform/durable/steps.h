// The numbered steps of durable-objects.md 3.2 (commit and confirm; its letters a to h are 1 to 8) and 6.7 (alarms), as
// points at which a process may be ended: by the fault `crash_at_step`, or one after another by a sweep. Each is passed
// when what its text says has happened, and nothing after it has. Where the reference has two steps with nothing
// between them (a and b, d and e), there is one point.
#pragma once

#include <array>
#include <string_view>

#include "sim/host/steps.h"

namespace orrery::durable::steps {

using host::Step;

// Passed by the owner's process, but for those of a follower.
inline constexpr Step kCommitBegins{"3.2.1", "a turn's writes are complete and their commit begins"};
inline constexpr Step kSchedulerAsked{"3.2.3", "the scheduler is being told of an earlier alarm"};
inline constexpr Step kCommittedHere{"3.2.4", "a transaction is committed on the owner's own disk"};
inline constexpr Step kSchedulerKnows{"3.2.6", "the scheduler has an earlier alarm, its commit not left yet"};
inline constexpr Step kEntrySent{"3.2.7.1", "a commit's log entry is on its way to the followers"};
inline constexpr Step kEntryWritten{"3.2.7.2", "a follower has written an entry and not synced it"};
inline constexpr Step kEntrySynced{"3.2.7.3", "a follower has synced an entry and not acknowledged it"};
inline constexpr Step kDurable{"3.2.7", "a commit is durable and nobody has been told"};
inline constexpr Step kFulfilled{"3.2.8", "what waited for a commit has left"};

// Passed by the process of the scheduler's shard, or of the object.
inline constexpr Step kAlarmHeard{"6.7.1", "the scheduler has heard of an alarm and not logged it"};
inline constexpr Step kAlarmLogged{"6.7.2", "an alarm is in the scheduler's log and not durable"};
inline constexpr Step kAlarmKept{"6.7.3", "an alarm is durable with the scheduler and not confirmed"};
inline constexpr Step kMoveLater{"6.7.4", "a later alarm is durable and the scheduler is not told"};
inline constexpr Step kAlarmDue{"6.7.5", "an alarm is due and not sent"};
inline constexpr Step kAlarmArrived{"6.7.6", "an alarm has come to its object and the handler has not begun"};
inline constexpr Step kHandlerEnded{"6.7.7", "an alarm's handler has ended and its alarm is still stored"};
inline constexpr Step kAlarmDeleting{"6.7.8", "the end of an alarm is written and not committed"};
inline constexpr Step kAlarmDone{"6.7.9", "the end of an alarm is durable and the scheduler is not told"};
inline constexpr Step kAlarmAnswered{"6.7.10", "the scheduler hears of an alarm's end and has not noted it"};

inline constexpr std::array kAll = {
    &kCommitBegins, &kSchedulerAsked, &kCommittedHere, &kSchedulerKnows, &kEntrySent,   &kEntryWritten,  &kEntrySynced,
    &kDurable,      &kFulfilled,      &kAlarmHeard,    &kAlarmLogged,    &kAlarmKept,   &kMoveLater,     &kAlarmDue,
    &kAlarmArrived, &kHandlerEnded,   &kAlarmDeleting, &kAlarmDone,      &kAlarmAnswered};

// The step of this name, or null.
inline const Step* find(std::string_view name) {
  for (const Step* step : kAll)
    if (step->name == name) return step;
  return nullptr;
}

}  // namespace orrery::durable::steps
