// An object's way to the alarm scheduler: tells the shard's owner when the alarm is, trying its
// candidates in turn. One on every host; remembers who owned which shard.
#pragma once

#include <map>

#include "platform/durable/alarms/messages.h"
#include "platform/durable/alarms/shards.h"
#include "sim/net/network.h"

namespace orrery::durable {

class AlarmClient final : public host::Service {
 public:
  AlarmClient(host::Process& process, const AlarmShardOptions& options)
      : process_(process), options_(options) {}

  // True when the scheduler has it durably (or something newer of the same object); false after
  // `patience`. A message that was not answered may still arrive later: versions take care of it.
  Task<bool> tell(uint64_t object_key, AlarmObject object, AlarmTime time, AlarmVersion version,
                  Duration patience);

 private:
  host::Process& process_;
  AlarmShardOptions options_;
  std::map<uint32_t, host::HostId> owners_;
};

}  // namespace orrery::durable
