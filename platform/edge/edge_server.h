// What answers clients on every edge host: takes requests off the network, gives each a context in the
// Worker's isolate on this host.
#pragma once

#include <memory>
#include <vector>

#include "platform/edge/object_client.h"
#include "platform/edge/stateless_context.h"
#include "platform/worker/host_workers.h"
#include "sim/net/network.h"

namespace orrery::edge {

class EdgeServer final : public host::Service,
                         private net::Handler,
                         private StatelessContext::Owner {
 public:
  EdgeServer(host::Process& process, worker::HostWorkers& workers);
  ~EdgeServer() override;


  // Set when the service that needs it exists: probes of objects come in by the edge, too.
  void connect(ObjectClient& objects) { objects_ = &objects; }

  // The context of this very request, or null: it is not here, or not any more.
  const StatelessContext* serving(const runtime::HttpRequest* request) const;

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void finished(StatelessContext& context) override {
    free_[context.worker().index()].push_back(&context);
  }

  worker::WorkerIsolate& addressed(const runtime::HttpRequest& request);
  Task<void> probe(net::Caller caller, Ref<const worker::ObjectMessage> message);

  host::Process& process_;
  worker::HostWorkers& workers_;
  ObjectClient* objects_ = nullptr;
  std::vector<std::unique_ptr<StatelessContext>> contexts_;
  std::vector<std::vector<StatelessContext*>> free_;  // closed ones, used again; by Worker
};

}  // namespace orrery::edge
