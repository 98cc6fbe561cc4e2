#include "platform/runtime/spare_isolates.h"

#include "platform/runtime/isolate_state.h"

namespace orrery::runtime {

SpareIsolates::SpareIsolates(const Snapshot& snapshot) : snapshot_(snapshot) {}

SpareIsolates::~SpareIsolates() {
  for (auto& state : spare_) Isolate::State::dispose(std::move(state));
}

void SpareIsolates::keep(size_t n) {
  while (spare_.size() < n) spare_.push_back(Isolate::State::make(snapshot_, kHeapLimitBytes));
}

std::unique_ptr<Isolate::State> SpareIsolates::take(int64_t heap_limit_bytes) {
  ++asked_;
  if (spare_.empty() || heap_limit_bytes != kHeapLimitBytes) return nullptr;
  std::unique_ptr<Isolate::State> state = std::move(spare_.back());
  spare_.pop_back();
  return state;
}

}  // namespace orrery::runtime
