// An origin: a server on the internet that Workers fetch from, answered by a scenario. Requests queue
// until whoever drives the world takes and answers them.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "platform/client/body_reader.h"
#include "platform/worker/messages.h"
#include "sim/net/network.h"

namespace orrery::client {

class Origin final : public host::Service, private net::Handler {
 public:
  struct Request {
    uint64_t id;
    Ref<const runtime::HttpRequest> request;
  };
  // Lives on an outside host. `last_id` counts over all origins of a world.
  Origin(host::Process& process, std::string name, uint64_t& last_id);

  const std::string& name() const { return name_; }
  // Requests that arrived since the last call, oldest first.
  std::deque<Request> take();
  bool has_requests() const { return !arrived_.empty(); }
  // Faults, one at a time. Each request is answered at once with this status; is taken and never answered; or has its
  // answer leave so much later, body and all.
  void fail_with(int status);
  void fall_silent();
  void delay_answers(Duration by);
  void fare_well();
  // Answers one; false when the id is not open here.
  bool reply(uint64_t id, Ref<const runtime::HttpResponse> response);

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  // Takes a request by a fault; false: it goes the usual way.
  bool spoil(const net::Caller& caller);
  // A request whose body is a stream arrives when the body has; one that breaks off never does.
  Task<void> arrive(uint64_t id, net::Caller caller, Ref<const worker::FetchMessage> message);

  host::Process& process_;
  std::unique_ptr<BodyReader> bodies_;  // made with the first streamed request
  std::string name_;
  uint64_t& last_id_;
  std::deque<Request> arrived_;
  std::map<uint64_t, net::Caller> open_;
  int status_ = 0;  // of a fault
  bool silent_ = false;
  Duration late_{0};
};

}  // namespace orrery::client
