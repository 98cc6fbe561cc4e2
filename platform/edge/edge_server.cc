#include "platform/edge/edge_server.h"

#include "platform/channels.h"

namespace orrery::edge {

EdgeServer::EdgeServer(host::Process& process, worker::WorkerIsolate& worker) : worker_(worker) {
  process.network().serve(process, kEdgeChannel, *this);
}
EdgeServer::~EdgeServer() = default;

void EdgeServer::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (free_.empty()) {
    contexts_.push_back(std::make_unique<StatelessContext>(
        worker_, static_cast<StatelessContext::Owner&>(*this)));
    free_.push_back(contexts_.back().get());
  }
  StatelessContext* context = free_.back();
  free_.pop_back();
  context->start(caller, *message->as<worker::FetchMessage>().request);
}

}  // namespace orrery::edge
