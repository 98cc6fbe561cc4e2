#include "platform/durable/alarms/alarm_client.h"

#include <algorithm>

#include "platform/channels.h"

namespace orrery::durable {

namespace {
constexpr Site kPause{"alarm.tell_pause"};
constexpr Duration kFirstPause = millis(50);
constexpr Duration kLongestPause = seconds(2);
}  // namespace

Task<bool> AlarmClient::tell(uint64_t object_key, AlarmObject object, AlarmTime time,
                             AlarmVersion version, Duration patience) {
  World& world = process_.world();
  const uint32_t shard = alarm_shard_of(object_key);
  const Instant deadline = world.now() + patience;
  auto message = make_ref<AlarmTellMessage>();
  message->shard = shard;
  message->object = std::move(object);
  message->time = time;
  message->version = version;
  const std::vector<host::HostId> candidates =
      alarm_candidates(process_.hosts(), options_, shard);
  Duration pause = kFirstPause;
  for (size_t attempt = 0; world.now() < deadline;) {
    auto known = owners_.find(shard);
    const bool guess = known == owners_.end();
    const host::HostId to = guess ? candidates[attempt++ % candidates.size()] : known->second;
    Duration limit = guess ? kTellTimeout : kTellOwnerTimeout;
    limit = std::min(limit, deadline - world.now());
    net::Reply reply =
        co_await process_.network().call(process_, to, kAlarmChannel, message, limit);
    if (reply.ok()) {
      const auto& answer = reply.message->as<AlarmTellReply>();
      if (answer.ok) {
        owners_[shard] = answer.owner;
        co_return true;
      }
    }
    owners_.erase(shard);
    ORRERY_SOMETIMES(world, true, "the alarm scheduler has to be told again");
    co_await sleep(world.loop(), kPause, pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  co_return false;
}

}  // namespace orrery::durable
