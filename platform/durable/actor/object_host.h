// The Durable Objects of one host: takes events off the network, finds or makes the instance, and loses
// all of them when the host's session ends.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/replica_host.h"
#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/weaken.h"
#include "platform/durable/replication/replicated_log.h"
#include "platform/worker/host_workers.h"
#include "sim/net/network.h"

namespace orrery::durable {

class ObjectHost final : public host::Service, private net::Handler, private SessionListener {
 public:
  struct Options {
    uint32_t hosts_per_pop = 3;
    Duration idle_before_eviction = kIdleBeforeEviction;
    Duration section_timeout = kSectionTimeout;
    Duration durability_timeout = kDurabilityTimeout;
    OverloadLimits overload = {};
    Weaken weaken = {};
  };
  ObjectHost(host::Process& process, worker::HostWorkers& workers, DirectoryClient& directory,
             Replication& replication, const Options& options);
  ~ObjectHost() override;

  host::Process& process() { return process_; }
  World& world() { return process_.world(); }
  DirectoryClient& directory() { return directory_; }
  Replication& replication() { return replication_; }
  const Options& options() const { return options_; }
  worker::HostWorkers& workers() { return workers_; }
  // Where the past of objects is kept; null: nowhere.
  archive::Client* archive() { return archive_; }
  void keep_past(archive::Client& archive) { archive_ = &archive; }

  // Instances that run or are being acquired.
  size_t live() const { return actors_.size(); }
  Actor* find(const runtime::ObjectId& id);
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [id, actor] : actors_) visit(*actor);
  }
  // Evicts an idle or busy instance now (a fault): its callers get a connection error.
  void evict(Actor& actor, std::string_view why);
  // News of a Worker's versions came to this host: objects that do not belong to the version they run are reset, with
  // `again` (the same code was uploaded once more) all of its objects.
  void news(uint32_t worker, bool again);
  // The read replicas on this host; one that is made now; the lane of the object that it is one of.
  ReplicaHost& replicas() { return replicas_; }
  std::unique_ptr<Actor> make_replica(const worker::Application::Class& object_class, Ref<const ObjectInfo> info,
                                      const worker::ObjectMessage& first, Region region);
  LaneId lane_of(const Actor& replica);
  // Whether an object that is this version's may start, or go on.
  bool fits(const Actor& actor) const;

 private:
  friend class Actor;
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_session_ended(SessionId session) override;
  // The instance is reset: stubs that it served are broken, whether they have a call under way or not (7.5).
  void note_reset(const runtime::ObjectId& id, uint64_t epoch, const runtime::ErrorInfo& error) {
    resets_[id] = {epoch, error};
  }
  // The version for an instance that is made now.
  uint32_t slot_of(const worker::Application::Class& object_class, const runtime::ObjectId& id);
  void bury_replica(Actor& actor) { replicas_.bury(actor); }
  // Where an object went that moved away from here; kNoHost: it did not, or that host is down.
  host::HostId moved_to(const runtime::ObjectId& id) const;
  // The instance has ended: destroys it from the loop, and gives it up in the directory if asked.
  void bury(Actor& actor, bool release);

  host::Process& process_;
  worker::HostWorkers& workers_;
  DirectoryClient& directory_;
  Replication& replication_;
  archive::Client* archive_ = nullptr;
  Options options_;
  std::map<runtime::ObjectId, std::unique_ptr<Actor>> actors_;
  std::vector<std::unique_ptr<Actor>> ended_;
  struct Reset {
    uint64_t epoch;
    runtime::ErrorInfo error;
  };
  std::map<runtime::ObjectId, Reset> resets_;  // the last of each object
  std::map<runtime::ObjectId, host::HostId> moved_;  // for who still looks for them here
  uint32_t last_number_ = 0;
  ReplicaHost replicas_;
};

}  // namespace orrery::durable
