// What a test or a benchmark of a whole cloud begins with: the map, the snapshot, Workers made of a few lines of
// JavaScript. Each is made once a program and lives as long as it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/cloud.h"
#include "platform/durable/actor/storage_natives.h"
#include "platform/runtime/v8_process.h"

namespace orrery::rig {

// Starts V8.
inline const runtime::Snapshot& snapshot() {
  static const auto made = [] {
    runtime::start_v8();
    return runtime::Snapshot::build(durable::storage_natives());
  }();
  return *made;
}

inline const net::Geography& geography() {
  static const net::Geography made;
  return made;
}

// A binding to objects of a class, of this Worker or of the Worker `script`.
inline runtime::Binding object(const char* name, const char* class_name, const char* script = "") {
  return {.name = name, .kind = runtime::BindingKind::kDurableObject, .class_name = class_name, .script = script};
}

// props: JSON.
inline runtime::Binding service(const char* name, const char* script, const char* entrypoint = "",
                                const char* props = "") {
  return {.name = name,
          .kind = runtime::BindingKind::kService,
          .value = props,
          .script = script,
          .entrypoint = entrypoint};
}

inline runtime::Binding kv(const char* name) { return {.name = name, .kind = runtime::BindingKind::kKv}; }

// A version (the first, unless it says another) of the Worker `name`, whose one module is `javascript`. It counts its own work with the meter where it
// has to: nothing instruments it. A name in `classes` is a class of objects with SQLite,
// `flags` are compatibility flags that are on.
inline worker::Deployment deploy(std::string name, std::string_view javascript,
                                 std::vector<runtime::Binding> bindings = {},
                                 const std::vector<std::string>& classes = {},
                                 runtime::Isolate::Options options = {}, std::string version = "v1",
                                 const std::vector<std::string>& flags = {}) {
  auto code = make_ref<runtime::AppCode>();
  code->name = std::move(name);
  code->main = "worker.js";
  code->flags = {"enhanced_error_serialization"};
  code->flags.insert(code->flags.end(), flags.begin(), flags.end());
  code->modules.push_back({"worker.js", runtime::ModuleKind::kEsModule, std::string(javascript)});
  code->bindings = std::move(bindings);
  std::vector<worker::ObjectClass> with_sqlite;
  for (const std::string& each : classes) with_sqlite.push_back({each, true});
  return worker::Deployment(snapshot(), std::move(code), std::move(version), std::move(with_sqlite), options);
}

}  // namespace orrery::rig
