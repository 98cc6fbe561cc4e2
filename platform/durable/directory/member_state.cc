#include "platform/durable/directory/member_state.h"

#include <algorithm>

namespace orrery::durable {

bool MemberState::was_given_up(SessionId session, host::HostId holder) const {
  auto it = given_up.find(holder);
  return it != given_up.end() && std::ranges::count(it->second, session) > 0;
}

bool MemberState::give_up(SessionId session, host::HostId holder) {
  if (was_given_up(session, holder)) return false;
  revoked[session] = holder;
  refused.erase(session);
  std::deque<SessionId>& sessions = given_up[holder];
  sessions.push_back(session);
  if (sessions.size() > kDirectoryGivenUpKept) {
    revoked.erase(sessions.front());
    sessions.pop_front();
  }
  return true;
}

MemberState merged(const Ref<const View>& view, const std::vector<const MemberState*>& sealed) {
  MemberState all;
  all.view = view;
  std::map<SessionId, uint32_t> votes;
  for (const MemberState* state : sealed) {
    for (const auto& [key, reg] : state->registers) {
      Register& mine = all.registers[key];
      mine.name = reg.name;
      mine.promised = std::max(mine.promised, reg.promised);
      if (reg.accepted >= mine.accepted) {
        mine.accepted = reg.accepted;
        mine.value = reg.value;
      }
    }
    for (const auto& [session, holder] : state->revoked) {
      ++votes[session];
      all.refused[session] = holder;
    }
    all.refused.insert(state->refused.begin(), state->refused.end());
  }
  for (const auto& [session, count] : votes)
    if (count >= kDirectoryQuorum)
      all.revoked.insert(all.refused.extract(session));
  for (const MemberState* state : sealed)
    for (const auto& [holder, sessions] : state->given_up)
      for (SessionId session : sessions) all.give_up(session, holder);
  return all;
}

MemberState copied(const MemberState& state) {
  MemberState mine = state;
  mine.change = mine.next_ballot = {};
  mine.next = {};
  for (const auto& [session, holder] : state.revoked)
    if (!state.was_given_up(session, holder)) mine.refused.insert(mine.revoked.extract(session));
  return mine;
}

}  // namespace orrery::durable
