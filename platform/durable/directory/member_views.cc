// A member's part in a change of view: its votes, its installation, what it tells of views.
#include "platform/channels.h"
#include "platform/durable/directory/directory_member.h"
#include "platform/durable/directory/events.h"

namespace orrery::durable {

// True if the message is done with: of another view, or one about views.
bool DirectoryMember::on_view_call(const net::Caller& caller, const net::Message& message) {
  const auto& request = static_cast<const DirectoryRequest&>(message);
  const net::Message::Kind* kind = &message.kind();
  learn(request.view);
  if (kind == &SealRequest::kKind) {
    on_seal(caller, message.as<SealRequest>());
  } else if (kind == &AcceptViewRequest::kKind) {
    on_accept_view(caller, message.as<AcceptViewRequest>());
  } else if (kind == &InstallRequest::kKind) {
    on_install(caller, message.as<InstallRequest>());
  } else if (kind == &QueryRequest::kKind) {
    caller.reply(news(message.as<QueryRequest>().want_state));
  } else if (!serving() || request.view->number != state_.view->number) {
    caller.reply(news());
  } else {
    return false;
  }
  return true;
}

Ref<const net::Message> DirectoryMember::news(bool with_state) const {
  Ref<const StateCopy> copy;
  // Also when sealed: the other may be needed for three to be sealed at all.
  if (with_state && current()) copy = make_ref<const StateCopy>(state_);
  return make_ref<const ViewReply>(newest_, self(), current(),
                                   std::move(copy));
}

void DirectoryMember::on_seal(const net::Caller& caller, const SealRequest& request) {
  if (!state_.view || state_.view->number != request.view->number) return caller.reply(news());
  if (request.ballot < state_.change)
    return caller.reply(make_ref<const SealReply>(state_.change, Ref<const StateCopy>{}));
  if (request.ballot > state_.change) {
    state_.change = request.ballot;
    file_.change_promised(request.ballot);
    changes_.settle(kViewPatience);
  }
  answer_after_sync(caller, make_ref<const SealReply>(state_.change, make_ref<const StateCopy>(state_)));
}

void DirectoryMember::on_accept_view(const net::Caller& caller, const AcceptViewRequest& request) {
  if (!state_.view || state_.view->number != request.view->number) return caller.reply(news());
  const bool ok = request.ballot >= state_.change;
  if (ok) {
    state_.change = state_.next_ballot = request.ballot;
    state_.next = request.next;
    file_.next_accepted(request.ballot, *request.next);
  }
  answer_after_sync(caller, make_ref<const AcceptViewReply>(ok, state_.change));
}

void DirectoryMember::on_install(const net::Caller& caller, const InstallRequest& request) {
  const bool takes_part = request.view->number == newest_->number && newest_->lists(self());
  if (!takes_part) return caller.reply(news());
  if (!state_.view || state_.view->number < newest_->number) begin(request.copy->state);
  // Also who has it already answers only when it is durable.
  answer_after_sync(caller, news());
}

void DirectoryMember::learn(const Ref<const View>& view) {
  if (view->number <= newest_->number) return;
  ORRERY_SOMETIMES(process_.world(), state_.view && !view->has(process_.host_id()),
                   "a directory member learns that a spare took its place");
  newest_ = view;
  changes_.settle(kViewPatience);
}

// Renewals of the former view are unknown here, so this moment is like the member's start: a whole lease passes
// before it ends a session.
void DirectoryMember::begin(MemberState state) {
  World& world = process_.world();
  ORRERY_CHECK(state.view->number == newest_->number && newest_->lists(self()));
  ORRERY_SOMETIMES(world, was_lost_ && !state_.view, "a directory member that lost its disk takes part again");
  ORRERY_SOMETIMES(world, std::ranges::count(options_.members, process_.host_id()) == 0,
                   "a spare takes part in the directory");
  state_ = std::move(state);
  state_.view = newest_;
  began_local_ = process_.clock().now();
  renewed_.clear();
  file_.mark_stale();
  if (!syncing_) start_sync();
  world.announce(ViewChanged{process_.lane(), newest_->number, newest_->members});
}

}  // namespace orrery::durable
