#include "pybindings/module/app.h"

#include <algorithm>
#include <optional>

#include "platform/cloud.h"
#include "platform/durable/actor/storage_natives.h"
#include "platform/runtime/v8_process.h"
#include "platform/worker/host_workers.h"
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

// The Worker that a binding names; one of an environment has that behind its name, as wrangler deploys it.
std::string worker_name(const config::Binding& b, std::string_view key) {
  std::string environment = b.text("environment");
  return environment.empty() ? b.text(key) : b.text(key) + "-" + environment;
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
  } else if (b.type == "durable_object") {
    out.kind = runtime::BindingKind::kDurableObject;
    out.class_name = b.text("class");
    out.script = worker_name(b, "script");
  } else if (b.type == "service") {
    out.kind = runtime::BindingKind::kService;
    out.script = worker_name(b, "service");
    out.entrypoint = b.text("entrypoint");
    if (out.entrypoint == "default") out.entrypoint.clear();
    out.value = b.text("props");
  } else if (b.type == "kv") {
    out.kind = runtime::BindingKind::kKv;
    out.value = b.text("id");
  } else {
    out.kind = runtime::BindingKind::kUnsupported;
    out.kind_name = b.type;
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
  code->blocks = app.blocks.size();
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

// What the world begins with, of every Worker.
constexpr const char* kFirstVersion = "v1";

std::vector<worker::Migration> migrations_of(const config::App& app) {
  std::vector<worker::Migration> out;
  for (const auto& m : app.document.value("migrations", config::Json::array())) {
    worker::Migration& to = out.emplace_back();
    const auto list = [&m](const char* key) { return m.value(key, config::Json::array()); };
    to.tag = m.value("tag", "");
    for (const auto& name : list("new_sqlite_classes")) to.made.push_back({name.get<std::string>(), true});
    for (const auto& name : list("new_classes")) to.made.push_back({name.get<std::string>(), false});
    for (const auto& r : list("renamed_classes")) to.renamed.push_back({r.value("from", ""), r.value("to", "")});
    for (const auto& t : list("transferred_classes"))
      to.transferred.push_back({t.value("from", ""), t.value("from_script", ""), t.value("to", "")});
    for (const auto& name : list("deleted_classes")) to.deleted.push_back(name.get<std::string>());
  }
  return out;
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

std::unique_ptr<App::Part> App::load(const std::string& folder, const std::string& version) {
  auto part = std::make_unique<Part>();
  auto loaded = config::load_app(folder);
  if (!loaded.ok()) throw BadInput(loaded.error().text());
  part->config = std::move(loaded).value();
  const config::App& config = part->config;
  std::vector<worker::ObjectClass> classes;
  for (const auto& c : config.classes)
    classes.push_back({c.name, c.storage == config::StorageKind::kSqlite});
  runtime::Isolate::Options options;
  if (config.limits.cpu_ms) options.cpu_limit = millis(*config.limits.cpu_ms);
  if (config.limits.subrequests)
    options.subrequest_limit = static_cast<uint32_t>(std::min<int64_t>(*config.limits.subrequests, UINT32_MAX));
  part->deployment = std::make_unique<worker::Deployment>(snapshot(), code_of(config), version,
                                                          std::move(classes), options);
  const auto& exports = config.exports;
  part->deployment->set_exports(exports);
  part->deployment->set_migrations(migrations_of(config));
  // What a later version lacks is told when it is deployed: whether it must have a class depends on what serves then.
  if (version != kFirstVersion) return part;
  for (const auto& c : part->deployment->classes()) {
    if (std::find(exports.begin(), exports.end(), c.name) == exports.end())
      throw BadInput("the Worker's entry module does not export the Durable Object class " +
                     c.name + "; add `export class " + c.name +
                     " extends DurableObject` or remove it from the migrations");
  }
  return part;
}

App::App(const std::vector<std::string>& folders,
         const std::vector<std::pair<std::string, std::string>>& later) {
  if (folders.empty()) throw BadInput("an app has at least one Worker");
  for (const std::string& folder : folders) parts_.push_back(load(folder, kFirstVersion));
  for (const auto& [version, folder] : later) {
    if (version == kFirstVersion)
      throw BadInput(std::string("versions: ") + kFirstVersion + " is what the world begins with; give this one another name");
    later_.push_back(load(folder, version));
  }
  worker::Application application = this->application();
  if (!application.fault().empty())
    throw BadInput(application.fault() +
                   (application.lacks_worker()
                        ? "; give its project folder too: app=[\"" + parts_[0]->config.name +
                              "\", \"...\"] in a scenario, --with FOLDER on the command line"
                        : ""));

  // One start in a throw-away cloud: an exception of the global scope is the user's to mend.
  Cloud cloud(geography(), std::move(application), {.pops = {"FRA"}});
  host::Host& host = cloud.hosts().at(*geography().find("FRA"), 1);
  auto* workers = host.process()->find<worker::HostWorkers>();
  for (uint32_t w = 0; w < workers->slots(); ++w) {
    const runtime::ErrorInfo* error = workers->at(w).ensure_started();
    if (!error) continue;
    std::string which = workers->slots() == 1 ? "the Worker" : "the Worker \"" + workers->at(w).name() + "\"";
    if (w >= workers->size()) which += " in version " + workers->at(w).deployment().version();
    throw BadInput(which + " fails while it starts: " +
                   (error->stack.empty() ? error->text() : error->stack));
  }
}

std::string App::blocks() const {
  auto out = nlohmann::ordered_json::object();
  for (const auto* parts : {&parts_, &later_})
    for (const auto& part : *parts)
      out[part->deployment->label()] = {{"sources", part->config.source_map.sources()}, {"places", part->config.blocks}};
  return out.dump();
}

worker::Application App::application() const {
  std::vector<const worker::Deployment*> workers;
  for (const auto& part : parts_) workers.push_back(part->deployment.get());
  std::vector<const worker::Deployment*> later;
  for (const auto& part : later_) later.push_back(part->deployment.get());
  return worker::Application(std::move(workers), later);
}

}  // namespace orrery::python
