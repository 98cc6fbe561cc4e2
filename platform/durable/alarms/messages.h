// What objects, the scheduler and its watchers say to each other about alarms. Deliveries themselves are
// worker::ObjectMessage (an event of the object), answered by AlarmAnswer.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "platform/durable/directory/placement.h"
#include "platform/worker/jurisdiction.h"
#include "platform/worker/messages.h"
#include "sim/net/message.h"

namespace orrery::durable {

// Milliseconds since 1970; none: no alarm.
using AlarmTime = std::optional<int64_t>;
// Whether `a` comes before `b`; no alarm is later than any.
inline bool earlier(const AlarmTime& a, const AlarmTime& b) { return a && (!b || *a < *b); }

// Orders what the instances of one object say about its alarm, so that a message that comes late never
// undoes a newer one.
struct AlarmVersion {
  uint64_t epoch = 0;     // of the object's instance
  uint64_t sequence = 0;  // within it
  auto operator<=>(const AlarmVersion&) const = default;
};

// Whose alarm it is, and where to wake the object when nobody owns it.
struct AlarmObject {
  std::string class_name;
  runtime::ObjectId id;
  std::string name;       // the name given to idFromName, if known
  uint32_t home_pop = 0;  // where the object lived when it set the alarm
  worker::Jurisdiction jurisdiction = worker::Jurisdiction::kNone;
  bool operator==(const AlarmObject&) const = default;
};

// From an object's owner to the scheduler: the alarm is at `time` now. Answered when the shard has it durably.
struct AlarmTellMessage final : net::Message {
  static constexpr Kind kKind{"alarm.tell"};
  AlarmTellMessage() : Message(kKind) {}
  uint32_t bytes() const override {
    return 112 + static_cast<uint32_t>(object.class_name.size() + object.name.size());
  }
  uint32_t shard = 0;
  AlarmObject object;
  AlarmTime time;
  AlarmVersion version;
  bool relayed = false;  // by a candidate that may not own the shard; not passed on again
};

struct AlarmTellReply final : net::Message {
  static constexpr Kind kKind{"alarm.told"};
  AlarmTellReply(bool k, host::HostId o) : Message(kKind), ok(k), owner(o) {}
  const bool ok;
  const host::HostId owner;  // of the shard; ask there next time
};

// When a shard has to be looked at again, as its owner of `epoch` says.
struct ShardWatch {
  uint64_t epoch = 0;  // 0: nothing known
  host::HostId owner = host::kNoHost;
  bool awake = false;  // ask the owner every now and then
  AlarmTime wake;      // asleep: claim the shard then; none: it is empty
  bool operator==(const ShardWatch&) const = default;
};

// From a shard's owner to the other candidates.
struct WatchMessage final : net::Message {
  static constexpr Kind kKind{"alarm.watch"};
  WatchMessage(uint32_t s, const ShardWatch& w) : Message(kKind), shard(s), watch(w) {}
  const uint32_t shard;
  const ShardWatch watch;
};

// From a watcher to the owner: do you live?
struct PingMessage final : net::Message {
  static constexpr Kind kKind{"alarm.ping"};
  explicit PingMessage(uint32_t s) : Message(kKind), shard(s) {}
  const uint32_t shard;
};

// Answers both with what the asked one knows.
struct WatchReply final : net::Message {
  static constexpr Kind kKind{"alarm.watching"};
  WatchReply(bool o, const ShardWatch& w) : Message(kKind), owns(o), watch(w) {}
  const bool owns;
  const ShardWatch watch;
};

// What became of a delivery.
struct AlarmAnswer final : net::Message {
  static constexpr Kind kKind{"alarm.answer"};
  enum class Outcome : uint8_t {
    kDone,      // the handler succeeded, or an alarm given up was cleared
    kCanceled,  // the object has no alarm at that time any more (6.4), or a newer run took its place
    kFailed,    // `counted`, `retry`
  };
  AlarmAnswer(Outcome o, AlarmTime s) : Message(kKind), outcome(o), stored(s) {}
  const Outcome outcome;
  const AlarmTime stored;  // the object's alarm: durable, or an earlier one not durable yet
  bool counted = false;
  bool retry = true;
};

}  // namespace orrery::durable
