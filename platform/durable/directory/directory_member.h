// One of the directory's five members: keeps a register for each object (CASPaxos acceptor) and the
// sessions of hosts. Registers and revocations are durable before they are answered; renewals live
// in memory only, which is why a member that restarted waits a whole lease before it revokes.
//
// Not modelled: change of membership. A member whose disk was lost stays silent for ever.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/messages.h"
#include "sim/disk/disk.h"

namespace orrery::durable {

class DirectoryMember : public host::Service, public net::Handler {
 public:
  // Reads its file back. Add it on the hosts of `options.members` only.
  DirectoryMember(host::Process& process, const DirectoryOptions& options);

  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;

  // The disk this member wrote to earlier is gone: it never votes again.
  bool lost() const { return lost_; }
  // Ended sessions it has a record of.
  size_t sessions_remembered() const { return revoked_.size(); }

 private:
  struct Register {
    std::string name;
    Ballot promised;
    Ballot accepted;
    Placement value;
  };
  struct PendingReply {
    net::Caller caller;
    Ref<const net::Message> message;
  };

  void load();
  bool replay(std::string_view bytes);
  void apply(std::string_view body);
  bool give_up(SessionId session, host::HostId holder);
  void rewrite_file();
  bool append_record(std::string_view body);
  void write(std::string_view body);
  Register& register_of(const ObjectInfo& object);
  void on_prepare(const net::Caller& caller, const PrepareRequest& request);
  void on_accept(const net::Caller& caller, const AcceptRequest& request);
  void on_revoke(const net::Caller& caller, const RevokeRequest& request);
  void answer_after_sync(const net::Caller& caller, Ref<const net::Message> message);
  void start_sync();
  void finish_sync(size_t replies, uint64_t upto);

  host::Process& process_;
  DirectoryOptions options_;
  std::shared_ptr<disk::File> file_;
  uint64_t generation_ = 0;
  uint64_t records_ = 0;  // in the present file
  uint64_t synced_ = 0;   // of them known durable
  bool lost_ = false;
  bool broken_ = false;  // the file's state is unknown after a failed call: rewrite before going on
  bool syncing_ = false;
  Instant started_local_;
  std::map<uint64_t, Register> registers_;
  std::map<SessionId, Instant> renewed_;  // local instants; only of this incarnation
  std::map<SessionId, host::HostId> revoked_;
  // Of them those that their own holder gave up, by holder, oldest first. Nobody will renew these, so only
  // the newest are kept: without a record, `revoke` says yes all the same, if need be after the wait.
  std::map<host::HostId, std::deque<SessionId>> given_up_;
  std::vector<PendingReply> pending_;
};

}  // namespace orrery::durable
