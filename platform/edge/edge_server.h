// What answers clients on every edge host: takes requests off the network, gives each a context in the
// Worker's isolate on this host.
#pragma once

#include "platform/edge/context_pool.h"
#include "platform/edge/object_client.h"
#include "platform/worker/host_workers.h"
#include "sim/net/network.h"

namespace orrery::edge {

class EdgeServer final : public host::Service, private net::Handler {
 public:
  EdgeServer(host::Process& process, worker::HostWorkers& workers);
  ~EdgeServer() override;

  // Set when the service that needs it exists: probes of objects come in by the edge, too.
  void connect(ObjectClient& objects) { objects_ = &objects; }

  // The context of this very request, or null: it is not here, or not any more.
  const StatelessContext* serving(const runtime::HttpRequest* request) const;

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  uint32_t addressed(const runtime::HttpRequest& request);
  Task<void> probe(net::Caller caller, Ref<const worker::ObjectMessage> message);

  host::Process& process_;
  worker::HostWorkers& workers_;
  ObjectClient* objects_ = nullptr;
  ContextPool contexts_;
};

}  // namespace orrery::edge
