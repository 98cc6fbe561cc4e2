// The stateless contexts of one service on a host: a closed one is used again by the next event of its Worker.
#pragma once

#include <memory>
#include <vector>

#include "platform/edge/stateless_context.h"
#include "platform/worker/host_workers.h"

namespace orrery::edge {

class ContextPool final : private StatelessContext::Owner {
 public:
  explicit ContextPool(worker::HostWorkers& workers) : workers_(workers), closed_(workers.size()) {}

  // A closed context in this Worker's isolate, for one event.
  StatelessContext& take(uint32_t worker) {
    std::vector<StatelessContext*>& closed = closed_[worker];
    if (closed.empty()) {
      contexts_.push_back(std::make_unique<StatelessContext>(
          workers_.at(worker), static_cast<StatelessContext::Owner&>(*this)));
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
    closed_[context.worker().index()].push_back(&context);
  }

  worker::HostWorkers& workers_;
  std::vector<std::unique_ptr<StatelessContext>> contexts_;
  std::vector<std::vector<StatelessContext*>> closed_;  // by Worker
};

}  // namespace orrery::edge
