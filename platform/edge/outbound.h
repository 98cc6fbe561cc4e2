// Where the calls of a Worker's JavaScript go: to Durable Objects, other Workers, origins on the internet.
// Chains of calls through Workers and objects end at worker::kMaxCallDepth.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/edge/object_client.h"
#include "platform/edge/service_calls.h"
#include "platform/worker/rpc_hub.h"
#include "platform/worker/worker_isolate.h"

namespace orrery::edge {

// Outside hosts by host name ("api.example.com"), shared by all edge hosts of a world.
using Origins = std::map<std::string, host::HostId, std::less<>>;

class EdgeOutbound final : public host::Service, public worker::Outbound {
 public:
  EdgeOutbound(host::Process& process, const Origins& origins)
      : process_(process), origins_(origins) {}
  // Set when the services that need this one exist.
  void connect(ObjectClient& objects, ServiceCalls& services, worker::RpcHub& rpc) {
    rpc_ = &rpc;
    objects_ = &objects;
    service_calls_ = &services;
  }
  // The service behind all bindings of a kind.
  void serve(runtime::BindingKind kind, worker::BindingService& service) {
    services_[kind] = &service;
  }

  void send(worker::WorkerIsolate& worker, runtime::ContextId context,
            worker::OutgoingCall call) override;

  // The origins that a context (WorkerIsolate::key_of) waits for, by host, oldest first.
  std::vector<host::HostId> waiting_on(uint64_t context) const;

 private:
  // A fetch under way; lives in the frame that waits.
  struct Fetch;
  Task<void> fetch_origin(worker::WorkerIsolate& worker, runtime::ContextId context,
                          runtime::OperationId operation, host::HostId origin,
                          Ref<const worker::FetchMessage> message);
  host::Process& process_;
  const Origins& origins_;
  ObjectClient* objects_ = nullptr;
  ServiceCalls* service_calls_ = nullptr;
  worker::RpcHub* rpc_ = nullptr;
  std::vector<const Fetch*> fetches_;
  std::map<runtime::BindingKind, worker::BindingService*> services_;
};

}  // namespace orrery::edge
