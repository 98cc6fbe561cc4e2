// What a member knows and must not forget: the registers and sessions of its view, and how far the change to the
// next view has come. A value: it is handed to other members whole when the view changes.
//
// Invariant: nothing in registers or sessions changes any more once `sealed()`.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "platform/durable/directory/messages.h"
#include "platform/durable/directory/view.h"

namespace orrery::durable {

struct Register {
  std::string name;
  Ballot promised;
  Ballot accepted;
  Placement value;
};

struct MemberState {
  // The view whose member this state makes one; null when there is none (a spare, a lost disk).
  Ref<const View> view;
  Ballot change;        // the greatest promised to whoever changes this view; none: not sealed
  Ballot next_ballot;   // under which `next` was accepted
  Ref<const View> next;

  std::map<uint64_t, Register> registers;
  // Sessions this member ended for its part.
  std::map<SessionId, host::HostId> revoked;
  // Sessions that some member of a former view had ended, perhaps not three: no renewal is accepted, but to a
  // claim they count as running until a whole lease has passed here.
  std::map<SessionId, host::HostId> refused;
  // Of `revoked` those that their own holder gave up, by holder, oldest first. Nobody will renew these, so only
  // the newest are kept: without a record, `revoke` says yes all the same, if need be after the wait.
  std::map<host::HostId, std::deque<SessionId>> given_up;

  bool sealed() const { return change.counter > 0; }
  // Marks it as given up by its holder. False if that was known.
  bool give_up(SessionId session, host::HostId holder);
  bool was_given_up(SessionId session, host::HostId holder) const;
};

// What begins `view`, from the states of three sealed members of the view before: for each register the highest
// promise and the value accepted under the highest ballot; sessions that all three had ended stay ended, those that
// fewer had are refused.
MemberState merged(const Ref<const View>& view, const std::vector<const MemberState*>& sealed);
// What a member begins `state.view` with that is told by another member of that view: as if it had heard
// what the other heard, but having ended no session itself.
MemberState copied(const MemberState& state);

}  // namespace orrery::durable
