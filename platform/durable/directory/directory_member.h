// One member of the directory: keeps a register for each object (CASPaxos acceptor) and the sessions of hosts, as long
// as it takes part in the present view. Registers, revocations and votes on the next view are durable before they are
// answered; renewals live in memory only, which is why a member waits a whole lease from its start, and from the start of
// its view, before it revokes.
//
// A host whose disk was lost or damaged has no state: it votes on nothing until a view lists it with its new disk. So has
// a spare until a view lists it.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/member_file.h"
#include "platform/durable/directory/view_change.h"
#include "platform/durable/directory/view_messages.h"

namespace orrery::durable {

class DirectoryMember : public host::Service, public net::Handler, private ViewKeeper {
 public:
  // Reads its file back. Add it on the hosts of `options.members` and of `options.spares` only.
  DirectoryMember(host::Process& process, const DirectoryOptions& options);

  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;

  // It has the state of no view: it neither serves nor votes.
  bool blank() const { return !state_.view; }
  // It answers clients.
  bool serving() const { return current() && !state_.sealed(); }
  // It has the state of the newest view it knows of.
  bool current() const { return state_.view && state_.view->number == newest_->number; }
  // The newest view it knows of.
  const Ref<const View>& newest() const override { return newest_; }
  // Ended sessions it has a record of.
  size_t sessions_remembered() const { return state_.revoked.size(); }

 private:
  struct PendingReply {
    net::Caller caller;
    Ref<const net::Message> message;
  };

  void load();
  // Of clients: in directory_member.cc.
  Register& register_of(const ObjectInfo& object);
  void on_prepare(const net::Caller& caller, const PrepareRequest& request);
  void on_accept(const net::Caller& caller, const AcceptRequest& request);
  void on_read(const net::Caller& caller, const ReadRequest& request);
  void on_renew(const net::Caller& caller, const RenewRequest& request);
  void on_revoke(const net::Caller& caller, const RevokeRequest& request);
  // Of members: in member_views.cc.
  bool on_view_call(const net::Caller& caller, const net::Message& message);
  void on_seal(const net::Caller& caller, const SealRequest& request);
  void on_accept_view(const net::Caller& caller, const AcceptViewRequest& request);
  void on_install(const net::Caller& caller, const InstallRequest& request);
  Ref<const net::Message> news(bool with_state = false) const;
  void learn(const Ref<const View>& view) override;
  void begin(MemberState state) override;
  ViewMember self() const override { return {process_.host_id(), file_.birth()}; }
  const MemberState& state() const override { return state_; }

  void answer_after_sync(const net::Caller& caller, Ref<const net::Message> message);
  void start_sync();
  void finish_sync(size_t replies, uint64_t upto);

  host::Process& process_;
  DirectoryOptions options_;
  MemberFile file_;
  MemberState state_;
  Ref<const View> newest_;
  bool silent_ = false;  // the disk could not be read yet
  bool was_lost_ = false;
  bool syncing_ = false;
  Instant began_local_;  // its start or that of its view, whichever is later
  std::map<SessionId, Instant> renewed_;  // local instants; only of this incarnation and view
  std::vector<PendingReply> pending_;
  ViewChange changes_;
};

}  // namespace orrery::durable
