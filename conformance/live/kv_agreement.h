// Which keys of Workers KV a run has written, the largest cacheTtl it read with and the largest delay it declared; and
// what each point of presence reads now, through the service that stands behind its bindings.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/cloud.h"
#include "sim/core/task.h"

namespace orrery::live {

class KvAgreement {
 public:
  explicit KvAgreement(Cloud& cloud);

  // Namespace id and key, with the time of the last write that may have reached a back end.
  const std::map<std::pair<std::string, std::string>, Instant>& keys() const { return keys_; }
  Duration largest_ttl() const { return largest_ttl_; }
  Duration largest_delay() const { return largest_delay_; }

  // Reads the key once in every point of presence that serves the app and has a host up, with the largest cacheTtl
  // used. Empty when all agree with the greatest version any back end has; else who reads what.
  Task<std::string> disagreement(std::string space_id, std::string key);

 private:
  struct Ask;
  Task<void> read(std::shared_ptr<Ask> ask, host::HostId at, uint32_t attempt);
  void wrote(LaneId lane, Instant at);

  Cloud& cloud_;
  std::map<std::pair<std::string, std::string>, Instant> keys_;
  Duration largest_ttl_ = seconds(kv::kCacheTtlSeconds);
  Duration largest_delay_{0};
};

}  // namespace orrery::live
