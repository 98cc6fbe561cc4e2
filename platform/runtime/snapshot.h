// The startup snapshot: a V8 heap image in which the bootstrap script (web platform and runtime
// JavaScript) has already run. Made once per process (about 10 ms), before any fork; every isolate starts
// from it and never changes it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "platform/runtime/native_function.h"

namespace orrery::runtime {

class SpareIsolates;

class Snapshot {
 public:
  // Runs the bootstrap script with the runtime's own natives plus `extra` and keeps the image. The
  // callbacks must outlive the process's isolates. Ends the process (exit 70) when the bootstrap script
  // throws: that is a defect of this build, never of a user's code.
  static std::unique_ptr<Snapshot> build(std::span<const NativeFunction> extra = {});
  ~Snapshot();

  v8::StartupData* blob() const { return blob_.get(); }
  const intptr_t* external_references() const { return references_.data(); }
  size_t size_bytes() const;
  // Isolates made of this snapshot ahead of their use.
  SpareIsolates& spares() const { return *spares_; }

 private:
  Snapshot();
  std::unique_ptr<v8::StartupData> blob_;
  std::vector<intptr_t> references_;  // ends with 0
  std::unique_ptr<SpareIsolates> spares_;
};

}  // namespace orrery::runtime
