#include "pybindings/module/app.h"

#include <algorithm>
#include <optional>

#include "platform/cloud.h"
#include "platform/durable/actor/storage_natives.h"
#include "platform/runtime/v8_process.h"
#include "pybindings/module/geography.h"

namespace orrery::python {

namespace {

std::unique_ptr<runtime::Snapshot> the_snapshot;

runtime::ModuleKind kind_of(config::ModuleType type) {
  switch (type) {
    case config::ModuleType::kEsModule: return runtime::ModuleKind::kEsModule;
    case config::ModuleType::kWasm: return runtime::ModuleKind::kWasm;
    case config::ModuleType::kText: return runtime::ModuleKind::kText;
    case config::ModuleType::kData: return runtime::ModuleKind::kData;
    case config::ModuleType::kJson: return runtime::ModuleKind::kJson;
  }
  return runtime::ModuleKind::kEsModule;
}

runtime::Binding binding_of(const config::Binding& b) {
  runtime::Binding out;
  out.name = b.name;
  if (b.type == "var" || b.type == "secret") {
    out.kind = runtime::BindingKind::kText;
    out.value = b.text("value");
  } else if (b.type == "json") {
    out.kind = runtime::BindingKind::kJson;
    out.value = b.text("value");
  } else if (b.type == "durable_object" && b.text("script").empty()) {
    out.kind = runtime::BindingKind::kDurableObject;
    out.class_name = b.text("class");
  } else if (b.type == "kv") {
    out.kind = runtime::BindingKind::kKv;
    out.value = b.text("id");
  } else {
    out.kind = runtime::BindingKind::kUnsupported;
    out.kind_name = b.type == "durable_object" ? "durable_object of another script" : b.type;
  }
  return out;
}

Ref<const runtime::AppCode> code_of(const config::App& app) {
  auto code = make_ref<runtime::AppCode>();
  code->name = app.name;
  code->main = app.main;
  for (const config::Module& m : app.modules)
    code->modules.push_back({m.name, kind_of(m.type), m.bytes});
  for (const config::Binding& b : app.bindings) code->bindings.push_back(binding_of(b));
  code->flags = app.flags;
  code->lookup = [&app](const std::string& module, int line, int column,
                        runtime::SourcePosition& out) {
    if (module != app.main) return false;
    auto found = app.original_position(line, column);
    if (!found) return false;
    out.file = found->source;
    out.line = found->line;
    out.column = found->column;
    return true;
  };
  return code;
}

// A host that only lets the global scope run.
class StartupProbe final : public worker::Outbound {
 public:
  void send(worker::WorkerIsolate&, runtime::ContextId, worker::OutgoingCall) override {}
};

}  // namespace

void setup() {
  if (the_snapshot) return;
  runtime::start_v8();
  the_snapshot = runtime::Snapshot::build(durable::storage_natives());
}

const runtime::Snapshot& snapshot() {
  setup();
  return *the_snapshot;
}

App::App(const std::string& folder) {
  auto loaded = config::load_app(folder);
  if (!loaded.ok()) throw BadInput(loaded.error().text());
  config_ = std::move(loaded).value();
  std::vector<worker::ObjectClass> classes;
  for (const auto& c : config_.classes)
    classes.push_back({c.name, c.storage == config::StorageKind::kSqlite});
  runtime::Isolate::Options options;
  if (config_.limits.cpu_ms) options.cpu_limit = millis(*config_.limits.cpu_ms);
  auto code = code_of(config_);
  for (const runtime::Binding& b : code->bindings) {
    bool known = b.kind != runtime::BindingKind::kDurableObject ||
                 std::any_of(classes.begin(), classes.end(),
                             [&](const auto& c) { return c.name == b.class_name; });
    if (!known)
      throw BadInput("binding " + b.name + " names the class " + b.class_name +
                     ", which no migration declares");
  }
  deployment_ = std::make_unique<worker::Deployment>(snapshot(), code, "v1", std::move(classes),
                                                     options);
  for (const auto& c : deployment_->classes()) {
    const auto& exports = config_.exports;
    if (std::find(exports.begin(), exports.end(), c.name) == exports.end())
      throw BadInput("the Worker's entry module does not export the Durable Object class " +
                     c.name + "; add `export class " + c.name +
                     " extends DurableObject` or remove it from the migrations");
  }

  // One start in a throw-away cloud: an exception of the global scope is the user's to mend.
  Cloud cloud(geography(), *deployment_, {.pops = {"FRA"}});
  host::Host& host = cloud.hosts().at(*geography().find("FRA"), 1);
  auto* worker = host.process()->find<worker::WorkerIsolate>();
  if (const runtime::ErrorInfo* error = worker->ensure_started())
    throw BadInput("the Worker fails while it starts: " +
                   (error->stack.empty() ? error->text() : error->stack));
}

}  // namespace orrery::python
