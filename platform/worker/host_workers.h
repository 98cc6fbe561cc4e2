// The Workers of an application on one host: an isolate each, with its own globals, memory and CPU limit.
#pragma once

#include <memory>
#include <vector>

#include "platform/worker/worker_isolate.h"

namespace orrery::worker {

class HostWorkers final : public host::Service {
 public:
  HostWorkers(host::Process& process, const Application& application, Outbound& outbound,
              const runtime::Weaken& weaken = {})
      : application_(application) {
    for (uint32_t w = 0; w < application.size(); ++w)
      isolates_.push_back(
          std::make_unique<WorkerIsolate>(process, application, w, outbound, weaken));
  }

  void connect(WebSockets& sockets) {
    for (auto& isolate : isolates_) isolate->connect(sockets);
  }
  const Application& application() const { return application_; }
  size_t size() const { return isolates_.size(); }
  WorkerIsolate& at(uint32_t worker) { return *isolates_[worker]; }
  // The one that clients reach.
  WorkerIsolate& front() { return *isolates_.front(); }

 private:
  const Application& application_;
  std::vector<std::unique_ptr<WorkerIsolate>> isolates_;
};

}  // namespace orrery::worker
