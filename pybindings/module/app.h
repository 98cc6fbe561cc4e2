// An app as Python holds it: bundled projects, a Worker each, made into deployments on the process's startup
// snapshot.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "platform/config/app.h"
#include "platform/runtime/snapshot.h"
#include "platform/worker/application.h"

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
  // Loads what the bundler wrote, one folder a Worker, the one that clients reach first. Tries the global scope
  // of each once, so that code that cannot start is bad input now, not a failure of every run. `later`: versions that may be
  // deployed while a world runs, each by its name and the folder of one Worker.
  explicit App(const std::vector<std::string>& folders,
               const std::vector<std::pair<std::string, std::string>>& later = {});
  // The Workers, with their bindings to each other checked.
  worker::Application application() const;
  // Where the blocks of each version's code are, as JSON text: {"shop@v1": {"sources": [...], "places": [[source, line], ...]}}.
  std::string blocks() const;

 private:
  struct Part {
    config::App config;
    std::unique_ptr<worker::Deployment> deployment;
  };
  static std::unique_ptr<Part> load(const std::string& folder, const std::string& version);

  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<std::unique_ptr<Part>> later_;
};

}  // namespace orrery::python
