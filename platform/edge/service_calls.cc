#include "platform/edge/service_calls.h"

#include <algorithm>

namespace orrery::edge {

inline constexpr Site kServiceEvent{"edge.service_event"};

ServiceCalls::ServiceCalls(host::Process& process, worker::HostWorkers& workers)
    : process_(process), workers_(workers), contexts_(workers) {}
ServiceCalls::~ServiceCalls() = default;

void ServiceCalls::start(worker::WorkerIsolate& caller, runtime::ContextId context,
                         worker::OutgoingCall call) {
  StatelessContext* event = &contexts_.take(workers_.serving(caller.place_of(call.binding).service, call.request.get()));
  const runtime::Binding& binding = caller.deployment().code()->bindings[call.binding];
  event->take_call({&caller, context, call.operation, &binding}, std::move(call));
  // Turns never nest, not even those of two isolates.
  process_.world().loop().schedule(process_.world().now(), kServiceEvent, process_.owner(),
                                   [event] { event->start_call(); });
}

std::vector<StatelessContext*> ServiceCalls::waiting_on(uint64_t context) const {
  std::vector<StatelessContext*> out;
  for (const auto& event : contexts_.all())
    if (event->serves_context() == context) out.push_back(event.get());
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->service_operation() < b->service_operation();
  });
  return out;
}

}  // namespace orrery::edge
