// Calls of one Worker to another through a service binding (platform.md 21): on the same host, in the other
// Worker's isolate, with no network between. The callee's event is a context of its own; it goes on when the
// caller has gone, and its answer is then dropped. A crash of the host ends both without an answer.
#pragma once

#include <string>
#include <vector>

#include "platform/edge/context_pool.h"

namespace orrery::edge {

// A Worker's event begins for another Worker.
struct ServiceEvent {
  static constexpr const char* kKind = "service.event";
  LaneId lane;               // of the callee's isolate
  std::string_view caller;   // name of the calling Worker
  uint8_t depth;
  std::string_view entrypoint;
  std::string_view method;   // of the request, or the name of the RPC method
  std::string_view url;      // empty for RPC
  void fold(Fold& f) const {
    f.add(caller).add(static_cast<uint64_t>(depth)).add(entrypoint).add(method).add(url);
  }
  std::string text() const {
    std::string out = std::string(caller) + " calls ";
    if (!entrypoint.empty()) out += std::string(entrypoint) + (url.empty() ? "." : " ");
    return url.empty() ? out + std::string(method) + "()"
                       : out + std::string(method) + " " + std::string(url);
  }
};

class ServiceCalls final : public host::Service {
 public:
  ServiceCalls(host::Process& process, worker::HostWorkers& workers);
  ~ServiceCalls() override;

  // Begins the callee's event once the running turn is over; the answer goes to `caller`'s context.
  void start(worker::WorkerIsolate& caller, runtime::ContextId context, worker::OutgoingCall call);

  // The Workers' events that a context (WorkerIsolate::key_of) waits for, oldest first.
  std::vector<StatelessContext*> waiting_on(uint64_t context) const;

 private:
  host::Process& process_;
  worker::HostWorkers& workers_;
  ContextPool contexts_;
};

}  // namespace orrery::edge
