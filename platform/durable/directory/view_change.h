// Whoever changes the view: a host that came back without its disk, a member that misses another for long, a sealed member
// that heard nothing more. Any number may try at once, each may die at any step; the next one finishes or repeats.
//
//   seal(v, ballot) at three of v  ->  their merged state, and the next view that was accepted under the highest ballot
//   accept(v, ballot, next) at three of v  ->  `next` is view v + 1
//   install(v + 1, state) at three of v + 1  ->  it serves
//
// README.md says why that is safe.
#pragma once

#include <map>
#include <vector>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/view_messages.h"

namespace orrery::durable {

// What a coordinator needs of the member it runs in.
class ViewKeeper {
 public:
  virtual ViewMember self() const = 0;
  virtual const MemberState& state() const = 0;
  virtual const Ref<const View>& newest() const = 0;
  // A chosen view.
  virtual void learn(const Ref<const View>& view) = 0;
  // Takes part in newest() from now on, with this state of it.
  virtual void begin(MemberState state) = 0;

 protected:
  ~ViewKeeper() = default;
};

class ViewChange {
 public:
  ViewChange(host::Process& process, const DirectoryOptions& options, ViewKeeper& keeper)
      : process_(process), options_(options), keeper_(keeper) {}

  // At a restart: asks others for the newest view, then settles.
  void look_around();
  // After about `patience`, and until it is so, sees to it that this host has the state of the newest view if that lists it,
  // is listed with its present disk if the host is, and is not sealed.
  void settle(Duration patience);
  // A client misses these members (bits of the newest view's places).
  void suspect(uint32_t missing);

 private:
  bool awaits_state() const;
  bool settled() const;
  Task<void> run_look_around();
  Task<void> run_settle(Duration patience);
  Task<void> fetch();
  // Proposes `from` with `out` (if any host) replaced by `in`. True when a next view was chosen and serves.
  Task<bool> change(Ref<const View> from, host::HostId out, ViewMember in);
  Task<void> tell(Ref<const View> view, Ref<const StateCopy> copy, std::vector<host::HostId> left);
  Task<void> look_for(uint32_t missing);
  Task<void> replace(Ref<const View> from, host::HostId gone);
  Task<ViewMember> find_spare(Ref<const View> view);
  Task<void> back_off(Duration* pause);
  void hear(const std::vector<struct Answer>& answers);

  host::Process& process_;
  const DirectoryOptions& options_;
  ViewKeeper& keeper_;
  uint64_t ballot_counter_ = 0;
  bool settling_ = false;
  bool looking_ = false;
  bool replacing_ = false;
  Instant looked_at_{INT64_MIN / 2};  // local
  struct Silence {
    uint32_t misses = 0;
    Instant last;  // local
  };
  std::map<host::HostId, Silence> silent_;
};

}  // namespace orrery::durable
