// The acceptor of registers and keeper of sessions; what a member does when views change is in member_views.cc.
#include "platform/durable/directory/directory_member.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/directory/events.h"

namespace orrery::durable {
namespace {

constexpr Site kSync{"directory.sync"};
constexpr Site kDiskRetryPause{"directory.disk.retry"};
constexpr Duration kDiskRetry = millis(500);

}  // namespace

DirectoryMember::DirectoryMember(host::Process& process, const DirectoryOptions& options)
    : process_(process),
      options_(options),
      file_(process),
      newest_(make_ref<const View>(options.members)),
      began_local_(process.clock().now()),
      changes_(process, options_, *this) {
  process.network().serve(process, kDirectoryChannel, *this);
  load();
}

void DirectoryMember::load() {
  const Ref<const View> first = newest_;
  const MemberFile::Found found = file_.load(&state_);
  silent_ = found == MemberFile::Found::kUnreadable;
  if (silent_) {
    process_.world().loop().schedule_in(kDiskRetry, kDiskRetryPause, process_.owner(),
                                        [this] { load(); });
    return;
  }
  if (found != MemberFile::Found::kState) state_ = {};
  if (found == MemberFile::Found::kFirstBoot && first->lists(self())) state_.view = first;
  if (found == MemberFile::Found::kLost) {
    file_.be_born();
    was_lost_ = true;
    if (options_.weaken.directory_votes_blank && first->has(process_.host_id())) {
      file_.pretend(1);
      state_.view = first;
    }
  }
  if (state_.view && state_.view->number >= newest_->number) newest_ = state_.view;
  file_.rewrite(state_);
  if (process_.incarnation() > 1) changes_.look_around();
}

void DirectoryMember::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (silent_ || on_view_call(caller, *message)) return;
  const net::Message::Kind* kind = &message->kind();
  if (kind == &PrepareRequest::kKind) {
    on_prepare(caller, message->as<PrepareRequest>());
  } else if (kind == &AcceptRequest::kKind) {
    on_accept(caller, message->as<AcceptRequest>());
  } else if (kind == &ReadRequest::kKind) {
    on_read(caller, message->as<ReadRequest>());
  } else if (kind == &RenewRequest::kKind) {
    on_renew(caller, message->as<RenewRequest>());
  } else if (kind == &RevokeRequest::kKind) {
    on_revoke(caller, message->as<RevokeRequest>());
  }
}

Register& DirectoryMember::register_of(const ObjectInfo& object) {
  Register& reg = state_.registers[object.key];
  if (reg.name.empty()) reg.name = object.name;
  ORRERY_CHECK(reg.name == object.name, "two object names share one key");
  return reg;
}

void DirectoryMember::on_prepare(const net::Caller& caller, const PrepareRequest& request) {
  Register& reg = register_of(*request.object);
  const bool ok = request.ballot > reg.promised;
  if (ok) {
    reg.promised = request.ballot;
    file_.promised(request.object->key, reg);
  }
  answer_after_sync(caller,
                    make_ref<const RegisterReply>(ok, reg.promised, reg.accepted, reg.value));
}

void DirectoryMember::on_accept(const net::Caller& caller, const AcceptRequest& request) {
  Register& reg = register_of(*request.object);
  const bool ok = request.ballot >= reg.promised;
  if (ok) {
    reg.promised = reg.accepted = request.ballot;
    reg.value = request.value;
    file_.accepted(request.object->key, reg);
  }
  answer_after_sync(caller,
                    make_ref<const RegisterReply>(ok, reg.promised, reg.accepted, reg.value));
}

// What is not synced yet may be read: whoever reads asks three members.
void DirectoryMember::on_read(const net::Caller& caller, const ReadRequest& request) {
  const auto it = state_.registers.find(request.object->key);
  const Register reg = it == state_.registers.end() ? Register{} : it->second;
  caller.reply(make_ref<const RegisterReply>(true, reg.promised, reg.accepted, reg.value));
}

void DirectoryMember::on_renew(const net::Caller& caller, const RenewRequest& request) {
  const bool ended =
      state_.revoked.contains(request.session) || state_.refused.contains(request.session);
  if (!ended) renewed_[request.session] = process_.clock().now();
  caller.reply(make_ref<const SessionReply>(ended, Duration{}));
  if (request.missing) changes_.suspect(request.missing);
}

void DirectoryMember::on_revoke(const net::Caller& caller, const RevokeRequest& request) {
  const bool known = state_.revoked.contains(request.session);
  if (!known) {
    // The holder stops at lease on a clock that is at most the bound slow; ours may be fast by it.
    const int64_t ppm = options_.drift_bound_ppm;
    const Duration wait{options_.lease.us * (1'000'000 + ppm) / (1'000'000 - ppm) + 1};
    Instant last = began_local_;
    if (auto it = renewed_.find(request.session); it != renewed_.end())
      last = std::max(last, it->second);
    const bool weak = options_.weaken.leases_forever;
    const Duration passed = weak ? Duration{0} : process_.clock().now() - last;
    if (!request.by_holder && passed < wait && !options_.weaken.grants_early) {
      ORRERY_SOMETIMES(process_.world(), state_.refused.contains(request.session),
                       "a claim waits for a session that part of a former view had ended");
      caller.reply(make_ref<const SessionReply>(false, wait - passed));
      return;
    }
    state_.revoked[request.session] = request.holder;
    state_.refused.erase(request.session);
    renewed_.erase(request.session);
    process_.world().announce(
        SessionRevoked{process_.lane(), request.holder, request.session, request.by_holder});
  }
  const bool given_up = request.by_holder && state_.give_up(request.session, request.holder);
  if (!known || given_up) file_.revoked(request.session, request.holder, given_up);
  answer_after_sync(caller, make_ref<const SessionReply>(true, Duration{}));
}

void DirectoryMember::answer_after_sync(const net::Caller& caller,
                                        Ref<const net::Message> message) {
  pending_.push_back({caller, std::move(message)});
  if (!syncing_) start_sync();
}

void DirectoryMember::start_sync() {
  syncing_ = true;
  process_.world().loop().schedule_in(process_.disk().sync_latency(), kSync, process_.owner(),
                                      [this, replies = pending_.size(), upto = file_.records()] {
                                        finish_sync(replies, upto);
                                      });
}

// A sync answers those whose records were written before it began.
void DirectoryMember::finish_sync(size_t replies, uint64_t upto) {
  file_.sync(upto);
  if (file_.stale()) {
    ORRERY_SOMETIMES(process_.world(), true, "a directory member writes its file anew");
    file_.rewrite(state_);
    if (file_.stale()) {
      process_.world().loop().schedule_in(kDiskRetry, kDiskRetryPause, process_.owner(),
                                          [this] { start_sync(); });
      return;
    }
    replies = pending_.size();
  }
  for (size_t i = 0; i < replies; ++i) pending_[i].caller.reply(std::move(pending_[i].message));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(replies));
  if (file_.bloated(state_)) file_.rewrite(state_);
  syncing_ = false;
  if (!pending_.empty()) start_sync();
}

}  // namespace orrery::durable
