#include "platform/client/client.h"

#include "platform/channels.h"
#include "platform/client/events.h"

namespace orrery::client {

Client::Client(host::Hosts& hosts, const net::Geography& geography, edge::Anycast& anycast,
               std::string name, uint32_t pop, std::string base_url)
    : hosts_(hosts),
      geography_(geography),
      anycast_(anycast),
      host_(hosts.outside(pop, name)),
      pop_(pop),
      base_url_(std::move(base_url)),
      flow_(hash_name(name)) {
  // From the range kept for documentation (RFC 5737).
  edge_headers_ = edge::edge_headers(geography_.at(pop_),
                                     "203.0.113." + std::to_string(1 + flow_ % 254));
}

Task<Exchange> Client::fetch(Ref<runtime::HttpRequest> request, Duration timeout) {
  World& world = hosts_.world();
  Exchange exchange;
  exchange.sent = world.now();
  host::HostId to = anycast_.route(pop_, flow_);
  if (!request->url.starts_with("http://") && !request->url.starts_with("https://"))
    request->url = base_url_ + (request->url.starts_with("/") ? "" : "/") + request->url;
  // Events name the path alone, unless the request goes to another name.
  std::string_view path = request->url;
  if (path.starts_with(base_url_)) path.remove_prefix(base_url_.size());
  world.announce(RequestSent{host_.lane(),
                             to == host::kNoHost ? std::string_view() : hosts_.by_id(to).name(),
                             request->method, path});
  if (to == host::kNoHost) {
    exchange.never_sent = true;
    exchange.error = "no point of presence is up";
  } else {
    uint32_t colo = hosts_.by_id(to).pop();
    if (colo != cf_pop_) {
      cf_json_ = edge::cf_json(geography_.at(pop_), geography_.at(colo));
      cf_pop_ = colo;
    }
    request->cf_json = cf_json_;
    request->headers.append_flat(edge_headers_);
    request->headers.append_flat(
        edge::ray_header(mix64(flow_, ++requests_), geography_.at(colo)));
    const OpenRequest open(open_, request, requests_, exchange.sent, to);
    auto message = make_ref<worker::FetchMessage>(std::move(request));
    net::Reply reply = co_await hosts_.network().call(
        *host_.process(), to, kEdgeChannel, std::move(message), timeout);
    if (reply.ok()) {
      const auto& answer = reply.message->as<worker::AnswerMessage>();
      exchange.response = answer.response;
      if (answer.socket.end) exchange.socket = take_socket(answer.socket);
      if (answer.response && answer.response->body.stream)
        co_await read_body(answer.capabilities.front(), timeout - (world.now() - exchange.sent), exchange);
    } else {
      exchange.never_sent = reply.error == net::CallError::kUnreachable;
      exchange.error = reply.error == net::CallError::kTimeout ? "timed out" : "connection lost";
    }
  }
  exchange.received = world.now();
  bool answered = static_cast<bool>(exchange.response);
  world.announce(AnswerReceived{
      host_.lane(), answered ? exchange.response->status : 0,
      answered ? exchange.response->body.text() : std::string_view(exchange.error),
      (exchange.received - exchange.sent).us});
  co_return exchange;
}

Socket* Client::take_socket(const worker::SocketName& name) {
  host::Process& process = *host_.process();
  auto* sockets = process.find<worker::WebSockets>();
  if (!sockets) sockets = &process.add<worker::WebSockets>(process);
  sockets_.push_back(std::make_unique<Socket>(hosts_.world(), *sockets, sockets->take(name), host_.lane()));
  return sockets_.back().get();
}

Task<void> Client::read_body(worker::Capability stream, Duration timeout, Exchange& exchange) {
  if (!bodies_) bodies_ = std::make_unique<BodyReader>(*host_.process());
  Ref<Buffer> body = co_await bodies_->read(stream, timeout, exchange.error);
  if (body) exchange.response = runtime::with_body(*exchange.response, runtime::HttpBody::of(std::move(body)));
  else exchange.response = nullptr;
}

}  // namespace orrery::client
