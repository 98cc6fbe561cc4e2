// What answers clients on every edge host: takes requests off the network, gives each a context in the
// Worker's isolate on this host.
#pragma once

#include <memory>
#include <vector>

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

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void finished(StatelessContext& context) override {
    free_[context.worker().index()].push_back(&context);
  }

  worker::WorkerIsolate& addressed(const runtime::HttpRequest& request);

  worker::HostWorkers& workers_;
  std::vector<std::unique_ptr<StatelessContext>> contexts_;
  std::vector<std::vector<StatelessContext*>> free_;  // closed ones, used again; by Worker
};

}  // namespace orrery::edge
