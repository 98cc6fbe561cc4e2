#include "platform/edge/service_calls.h"

#include <algorithm>

namespace orrery::edge {

inline constexpr Site kServiceEvent{"edge.service_event"};

ServiceCalls::ServiceCalls(host::Process& process, worker::HostWorkers& workers)
    : process_(process), workers_(workers), free_(workers.size()) {}
ServiceCalls::~ServiceCalls() = default;

void ServiceCalls::start(worker::WorkerIsolate& caller, runtime::ContextId context,
                         worker::OutgoingCall call) {
  const uint32_t callee = caller.place_of(call.binding).service;
  std::vector<StatelessContext*>& free = free_[callee];
  if (free.empty()) {
    contexts_.push_back(std::make_unique<StatelessContext>(
        workers_.at(callee), static_cast<StatelessContext::Owner&>(*this)));
    free.push_back(contexts_.back().get());
  }
  StatelessContext* event = free.back();
  free.pop_back();
  const runtime::Binding& binding = caller.deployment().code()->bindings[call.binding];
  event->take_call({&caller, context, call.operation, &binding}, std::move(call));
  // Turns never nest, not even those of two isolates.
  process_.world().loop().schedule(process_.world().now(), kServiceEvent, process_.owner(),
                                   [event] { event->start_call(); });
}

std::vector<StatelessContext*> ServiceCalls::waiting_on(uint64_t context) const {
  std::vector<StatelessContext*> out;
  for (const auto& event : contexts_)  // tidy: a list here
    if (event->serves_context() == context) out.push_back(event.get());
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->service_operation() < b->service_operation();
  });
  return out;
}

void ServiceCalls::finished(StatelessContext& context) {
  free_[context.worker().index()].push_back(&context);
}

}  // namespace orrery::edge
