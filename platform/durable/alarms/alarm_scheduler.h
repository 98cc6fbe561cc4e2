// A host's part of the alarm scheduler: owns some shards, watches those it is a candidate of, and takes
// one over when its owner is gone or the time has come to wake it. One on every host of the cloud.
//
// A shard that has nothing to do soon *sleeps*: its owner releases it in the directory, after enough other
// candidates know when to wake it. Until then nobody spends an event on it but a few timers. While it
// is awake its watchers ask the owner every few seconds whether it lives, and claim it when not. A
// candidate that restarts has forgotten what it watched, so it asks the directory once.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "platform/durable/alarms/alarm_shard.h"
#include "platform/durable/alarms/shards.h"
#include "platform/durable/directory/directory_client.h"
#include "platform/worker/object_ids.h"

namespace orrery::durable {

class AlarmScheduler final : public host::Service, private net::Handler, private SessionListener {
 public:
  // All must outlive the service.
  AlarmScheduler(host::Process& process, DirectoryClient& directory, Replication& replication,
                 const AlarmShardOptions& options);
  ~AlarmScheduler() override;

  host::Process& process() { return process_; }
  DirectoryClient& directory() { return directory_; }
  const AlarmShardOptions& options() const { return options_; }
  // The shard if this host owns it now, else null.
  const AlarmShard* owned(uint32_t shard) const;
  // Whether one of its shards has an alarm of the object with this printable name.
  bool keeps_alarm_of(std::string_view object) const;

  // For shards.
  Ref<const ObjectInfo> info_of(const AlarmObject& object);
  // How long to wait until this host's clock has come near `time_ms`, then to look again: in steps, since
  // a clock may change its speed in a long time.
  Duration until(int64_t time_ms);
  // Tells the other candidates; true when enough of them know.
  Task<bool> tell_watchers(uint32_t shard, ShardWatch watch);
  // Both from within a task of the shard: it goes when the loop comes round.
  void put_to_sleep(uint32_t shard, const ShardWatch& watch);
  void lost(uint32_t shard, uint64_t epoch);

 private:
  struct Slot {
    std::unique_ptr<AlarmShard> shard;
    ShardWatch watch;
    host::HostId held_by = host::kNoHost;  // who owned it when we tried last
    bool opening = false;
    bool checking = false;
    std::vector<OneShot<bool>*> waiting;  // for `opening` to end
    EventHandle check;
  };

  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_session_ended(SessionId session) override;
  Task<void> serve(net::Caller caller, Ref<const AlarmTellMessage> message);
  // Makes this host the shard's owner if nobody else is; see Slot::shard and held_by afterwards.
  Task<void> open(uint32_t shard);
  void drop(uint32_t shard, bool release);
  void adopt(uint32_t shard, const ShardWatch& watch);
  void arm_check(uint32_t shard, Duration wait);
  void check_due(uint32_t shard);
  Task<void> check(uint32_t shard);
  Task<void> look_after_restart(uint32_t shard);
  int64_t rank(uint32_t shard) const;
  // How often this host asks the owner of a shard that is awake.
  Duration watch_period(uint32_t shard) const;

  host::Process& process_;
  DirectoryClient& directory_;
  Replication& replication_;
  AlarmShardOptions options_;
  std::map<uint32_t, Slot> slots_;
};

}  // namespace orrery::durable
