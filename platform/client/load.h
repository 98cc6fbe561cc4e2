// A load generator: many clients sending one kind of request at a steady rate, as data handed over once
// and run without Python. Arrival times are decisions; outcomes are counted by class and latency.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "platform/client/client.h"

namespace orrery::client {

struct LoadSpec {
  uint32_t clients = 1;
  // Requests a second over all clients, as a ratio so that "0.5/s" stays an integer.
  Ratio per_second = {1, 1};
  Duration for_ = seconds(1);
  std::string method = "GET";
  std::string url = "/";
  runtime::HeaderList headers = {};
  std::string body = {};
  bool has_body = false;
};

struct LoadResult {
  uint64_t sent = 0;
  uint64_t ok = 0;       // 2xx and 3xx
  uint64_t refused = 0;  // 4xx
  uint64_t failed = 0;   // 5xx
  uint64_t unknown = 0;  // no answer
  // Latencies in microseconds of answered requests, sorted when the load is done.
  std::vector<int64_t> latencies_us;
};

class Load {
 public:
  // The clients must outlive the load.
  Load(World& world, LoadSpec spec, std::vector<Client*> clients);
  // Runs to the end of the last answer.
  Task<void> run();
  const LoadResult& result() const { return result_; }

 private:
  Task<void> one(Client& client);
  World& world_;
  LoadSpec spec_;
  std::vector<Client*> clients_;
  LoadResult result_;
  TaskScope requests_;
  uint64_t open_ = 0;
  bool all_sent_ = false;
  OneShot<bool> finished_;
};

}  // namespace orrery::client
