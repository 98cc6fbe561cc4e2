// A client outside the cloud, near a city: sends requests by anycast and waits for answers. Several
// requests of one client may be under way.
//
// Not modelled: DNS, TLS, connection reuse limits, retries of browsers. A request that gets no answer
// within its timeout has an unknown outcome.
#pragma once

#include <string>
#include <vector>

#include "platform/client/body_reader.h"
#include "platform/client/socket.h"
#include "platform/edge/anycast.h"
#include "platform/edge/cf.h"
#include "platform/worker/messages.h"
#include "sim/net/network.h"

namespace orrery::client {

inline constexpr Duration kClientTimeout = seconds(60);
// Whether a client's request or frame leaves at all; usually it does, 1. Only shrinking says otherwise: 0, or minus the
// microseconds after which whoever waits for an answer hears that there is none; or, of a request, the instant in
// microseconds before which it does not leave.
inline constexpr Site kLeaves{"client.leaves"};

// How a request ended.
struct Exchange {
  Ref<const runtime::HttpResponse> response;  // null: no answer, or its body broke off
  std::string error;                          // why there is none
  Socket* socket = nullptr;                   // of an answer that upgrades to a WebSocket; the client's
  bool never_sent = false;  // surely not handled; otherwise a missing answer means "unknown"
  Instant sent{0};
  Instant received{0};
};

// A request under way, for whoever asks what a client waits for. Lives in the frame that waits.
struct OpenRequest {
  OpenRequest(std::vector<const OpenRequest*>& all, Ref<const runtime::HttpRequest> r, uint64_t n,
              Instant at, host::HostId host)
      : request(std::move(r)), number(n), sent(at), to(host), all_(all) {
    all_.push_back(this);
  }
  ~OpenRequest() { std::erase(all_, this); }
  OpenRequest(const OpenRequest&) = delete;

  Ref<const runtime::HttpRequest> request;
  uint64_t number;  // of this client's requests, from 1
  Instant sent;
  host::HostId to;  // the edge host that anycast chose

 private:
  std::vector<const OpenRequest*>& all_;
};

class Client {
 public:
  // `base_url` has no slash at its end; `name` is "client/1".
  Client(host::Hosts& hosts, const net::Geography& geography, edge::Anycast& anycast,
         std::string name, uint32_t pop, std::string base_url);

  const std::string& name() const { return host_.name(); }
  uint32_t pop() const { return pop_; }
  // By which anycast tells it from others.
  uint64_t flow() const { return flow_; }
  host::Host& host() { return host_; }
  TaskScope& tasks() { return host_.process()->tasks(); }
  // Oldest first.
  const std::vector<const OpenRequest*>& open_requests() const { return open_; }

  // Sends `request` (its url may be a path) to the nearest edge. The request is completed with what the
  // edge adds, so it must not be shared yet.
  Task<Exchange> fetch(Ref<runtime::HttpRequest> request, Duration timeout = kClientTimeout);

 private:
  Socket* take_socket(const worker::SocketName& name);
  // Waits for the whole of a streamed body.
  Task<void> read_body(worker::Capability stream, Duration timeout, Exchange& exchange);

  host::Hosts& hosts_;
  const net::Geography& geography_;
  edge::Anycast& anycast_;
  host::Host& host_;
  uint32_t pop_;
  std::string base_url_;
  uint64_t flow_;
  std::string edge_headers_;
  uint64_t requests_ = 0;
  uint32_t cf_pop_ = UINT32_MAX;
  std::string cf_json_;  // for `cf_pop_`
  std::vector<const OpenRequest*> open_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::unique_ptr<BodyReader> bodies_;  // made with the first streamed response
};

}  // namespace orrery::client
