// The stateless contexts of one service on a host: a closed one is used again by the next event of its version.
#pragma once

#include <memory>
#include <vector>

#include "platform/edge/stateless_context.h"
#include "platform/worker/host_workers.h"

namespace orrery::edge {

class ContextPool final : private StatelessContext::Owner {
 public:
  explicit ContextPool(worker::HostWorkers& workers) : workers_(workers), closed_(workers.slots()) {}

  // A closed context in the isolate of a version (application.h), for one event.
  StatelessContext& take(uint32_t slot) {
    std::vector<StatelessContext*>& closed = closed_[slot];
    if (closed.empty()) {
      contexts_.push_back(std::make_unique<StatelessContext>(
          workers_.at(slot), static_cast<StatelessContext::Owner&>(*this)));
      closed.push_back(contexts_.back().get());
    }
    StatelessContext& context = *closed.back();
    closed.pop_back();
    return context;
  }
  // All there are, open or closed, in the order in which they were made.
  const std::vector<std::unique_ptr<StatelessContext>>& all() const { return contexts_; }

 private:
  void finished(StatelessContext& context) override {
    closed_[context.worker().slot()].push_back(&context);
  }

  worker::HostWorkers& workers_;
  std::vector<std::unique_ptr<StatelessContext>> contexts_;
  std::vector<std::vector<StatelessContext*>> closed_;  // by slot
};

}  // namespace orrery::edge
