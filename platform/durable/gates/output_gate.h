// The output gate of a Durable Object: nothing that left after a write may be seen before that write is
// durable (durable-objects.md section 2).
//
// Writes are counted in *batches* (one implicit or explicit transaction each). A batch locks the gate at
// its first confirmed write and unlocks when it is durable. An output takes a snapshot: it waits for every
// batch locked before it, never for later ones; outputs leave in the order they were made. Batches of one
// object become durable in order, because its log is one sequence, so the snapshot is one number.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "platform/runtime/error_info.h"
#include "sim/core/check.h"
#include "sim/core/time.h"

namespace orrery::durable {

// A transaction's number within one instance of an object, from 1.
using Batch = uint64_t;

// What leaves the object.
class GatedOutput {
 public:
  virtual ~GatedOutput() = default;
  virtual void release() = 0;
  // The gate broke: the exception replaces the output.
  virtual void broken(const runtime::ErrorInfo& error) = 0;
};

class OutputGate {
 public:
  // A confirmed write of batch `b` was issued. Batches come in order; repeating one is harmless.
  void lock(Batch b) {
    ORRERY_CHECK(b >= locked_);
    locked_ = b;
  }
  // All batches up to `b` are durable: outputs that waited for them leave, in order, if `may_release`.
  void durable(Batch b) {
    if (b > durable_) durable_ = b;
    release_ready();
  }
  // True when an output made now would leave at once.
  bool open() const { return !held_ && durable_ >= locked_ && waiting_.empty() && !broken_; }
  bool is_broken() const { return broken_; }

  // Releases `output` now, or when everything locked so far is durable.
  void pass(std::unique_ptr<GatedOutput> output) {
    if (broken_) return output->broken(error_);
    if (open()) return output->release();
    waiting_.push_back({locked_, std::move(output)});
  }

  // Holds every output back (the host's lease is not valid), or lets them go again.
  void hold(bool held) {
    held_ = held;
    if (!held_) release_ready();
  }

  void break_gate(const runtime::ErrorInfo& error) {
    if (broken_) return;
    broken_ = true;
    error_ = error;
    while (!waiting_.empty()) {
      auto output = std::move(waiting_.front().output);
      waiting_.pop_front();
      output->broken(error_);
    }
  }
  size_t waiting() const { return waiting_.size(); }
  Batch durable_up_to() const { return durable_; }
  Batch locked_up_to() const { return locked_; }

 private:
  struct Waiting {
    Batch needs;
    std::unique_ptr<GatedOutput> output;
  };
  void release_ready() {
    while (!held_ && !broken_ && !waiting_.empty() && waiting_.front().needs <= durable_) {
      auto output = std::move(waiting_.front().output);
      waiting_.pop_front();
      output->release();
    }
  }

  Batch locked_ = 0;
  Batch durable_ = 0;
  bool held_ = false;
  bool broken_ = false;
  runtime::ErrorInfo error_;
  std::deque<Waiting> waiting_;
};

}  // namespace orrery::durable
