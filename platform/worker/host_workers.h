// The Workers of an application on one host: an isolate for each version in use, with its own globals, memory and CPU
// limit.
//
// News of an upload comes to each host at a moment of its own; until then its stateless requests go to the versions
// that it knows of. Objects start with what is so everywhere (application.h), so a host may run a version before it
// has heard of it.
#pragma once

#include <memory>
#include <vector>

#include "platform/worker/worker_isolate.h"

namespace orrery::worker {

class HostWorkers final : public host::Service {
 public:
  HostWorkers(host::Process& process, const Application& application, Outbound& outbound,
              const runtime::Weaken& weaken = {});

  void connect(WebSockets& sockets);
  void connect(RpcHub& rpc);
  const Application& application() const { return application_; }
  // How many Workers, and how many versions of them there may be.
  size_t size() const { return application_.size(); }
  size_t slots() const { return isolates_.size(); }
  // A version's isolate, made at first use; null in `find` before that.
  WorkerIsolate& at(uint32_t slot) {
    if (!isolates_[slot]) [[unlikely]] make(slot);
    return *isolates_[slot];
  }
  WorkerIsolate* find(uint32_t slot) { return slot < isolates_.size() ? isolates_[slot].get() : nullptr; }

  // The version for a stateless request, or (null) for a call that is none: as far as this host knows. During a
  // gradual rollout it is drawn, unless the request pins it (platform.md 1.6).
  uint32_t serving(uint32_t worker, const runtime::HttpRequest* request) {
    const Rollout& known = known_[worker];
    if (!known.gradual()) [[likely]] return known.to;
    return draw(worker, request);
  }
  // News of the Worker's versions came. Isolates whose version has no share any more end when their events have; with
  // `again` those of the serving version do too, as the same code was uploaded once more.
  void news(uint32_t worker, bool again);

 private:
  void make(uint32_t slot);
  uint32_t draw(uint32_t worker, const runtime::HttpRequest* request);

  host::Process& process_;
  const Application& application_;
  Outbound& outbound_;
  runtime::Weaken weaken_;
  WebSockets* sockets_ = nullptr;
  RpcHub* rpc_ = nullptr;
  std::vector<std::unique_ptr<WorkerIsolate>> isolates_;  // by slot
  std::vector<Rollout> known_;                            // by Worker
};

}  // namespace orrery::worker
