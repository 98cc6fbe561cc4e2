// What V8 compiled of an app's modules, shared by the isolates of one process.
#pragma once

#include <v8.h>

#include <optional>
#include <vector>

#include "platform/runtime/app_code.h"

namespace orrery::runtime {

struct AppCode::Cache {
  struct Entry {
    std::vector<uint8_t> code;                    // of an ES module; empty: not made yet
    std::optional<v8::CompiledWasmModule> wasm;
  };
  std::vector<Entry> entries;  // by index in AppCode::modules
};

}  // namespace orrery::runtime
