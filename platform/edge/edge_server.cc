#include "platform/edge/edge_server.h"

#include "platform/channels.h"
#include "platform/edge/url_host.h"

namespace orrery::edge {

EdgeServer::EdgeServer(host::Process& process, worker::HostWorkers& workers)
    : process_(process), workers_(workers), contexts_(workers) {
  process.network().serve(process, kEdgeChannel, *this);
}
EdgeServer::~EdgeServer() = default;

const StatelessContext* EdgeServer::serving(const runtime::HttpRequest* request) const {
  for (const auto& context : contexts_.all())
    if (context->serves() == request) return context.get();
  return nullptr;
}

// A Worker's own address is https://NAME.example.com; whatever else is asked for, the first answers.
uint32_t EdgeServer::addressed(const runtime::HttpRequest& request) {
  constexpr std::string_view kDomain = ".example.com";
  if (workers_.size() == 1) return 0;
  std::string_view name = host_of(request.url);
  if (!name.ends_with(kDomain)) return 0;
  name.remove_suffix(kDomain.size());
  const uint32_t found = workers_.application().find_worker(name);
  return found == worker::kNoWorker ? 0 : found;
}

void EdgeServer::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (&message->kind() == &worker::ObjectMessage::kKind)
    return process_.tasks().spawn(
        probe(caller, Ref<const worker::ObjectMessage>(&message->as<worker::ObjectMessage>())));
  const runtime::HttpRequest& request = *message->as<worker::FetchMessage>().request;
  contexts_.take(workers_.serving(addressed(request), &request)).start(caller, request);
}

Task<void> EdgeServer::probe(net::Caller caller, Ref<const worker::ObjectMessage> message) {
  Ref<const worker::AnswerMessage> answer = co_await objects_->exchange(std::move(message));
  caller.reply(answer);
}

}  // namespace orrery::edge
