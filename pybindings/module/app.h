// An app as Python holds it: a bundled project, made into a deployment on the process's startup snapshot.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "platform/config/app.h"
#include "platform/runtime/snapshot.h"
#include "platform/worker/deployment.h"

namespace orrery::python {

// What the user gave is wrong; the text says what, where and what to do. Python sees `BadInput`.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Starts V8 and makes the snapshot, once per process and before any fork.
void setup();
const runtime::Snapshot& snapshot();

class App {
 public:
  // Loads what the bundler wrote and tries the Worker's global scope once, so that code that cannot
  // start is bad input now, not a failure of every run.
  explicit App(const std::string& folder);
  const worker::Deployment& deployment() const { return *deployment_; }
  const config::App& config() const { return config_; }

 private:
  config::App config_;
  std::unique_ptr<worker::Deployment> deployment_;
};

}  // namespace orrery::python
