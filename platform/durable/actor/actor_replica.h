// What an instance has that is a read replica (../replicas).
#pragma once

#include <vector>

#include "platform/durable/actor/actor.h"
#include "platform/durable/replicas/replica_copy.h"

namespace orrery::durable {

inline constexpr const char* kReplicaWrites =
    "Replica Durable Objects cannot write to their storage: send what writes to ctx.storage.primary.";

struct Actor::Replica final : ReplicaCopy::Listener {
  Replica(Actor& a, Region region);
  ~Replica() override;
  void copy_moved() override;
  void copy_over(std::string_view why) override;

  struct Wait {
    runtime::OperationId operation;
    uint64_t index;
    Instant since;
  };
  Actor& actor;
  ReplicaCopy copy;
  LogPosition at;  // what its code reads
  uint32_t opened = 0;
  std::vector<Wait> waits;
  EventHandle hold;  // when the first of them waits no longer for events under way
};

}  // namespace orrery::durable
