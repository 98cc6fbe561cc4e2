// Loading a Worker's code: ES modules with V8's code cache, the platform's own modules, WebAssembly, text, data
// and JSON; start-up as one turn.
#include <cstring>

#include "platform/runtime/code_cache.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/native_helpers.h"
#include "platform/runtime/v8_strings.h"
#include "sim/core/check.h"

namespace orrery::runtime {

namespace {

// "./lib/../a.js" seen from "src/index.js" is "src/a.js"; bare names are relative to the root.
std::string join_path(const std::string& specifier, const std::string& referrer) {
  std::string path = specifier;
  if (specifier.starts_with("./") || specifier.starts_with("../")) {
    const size_t slash = referrer.rfind('/');
    path = (slash == std::string::npos ? "" : referrer.substr(0, slash + 1)) + specifier;
  }
  std::vector<std::string> parts;
  for (size_t at = 0; at <= path.size();) {
    size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (part != "..") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
  return out;
}

std::string missing_module_text(const std::string& specifier, const std::string& referrer) {
  std::string text = "No such module \"" + specifier + "\".\n  imported from \"" + referrer + "\"";
  if (specifier.starts_with("node:")) {
    text += "\n  the module " + specifier + " is not supported yet";
  } else if (specifier.starts_with("cloudflare:")) {
    text += "\n  the built-in module " + specifier + " is not supported yet";
  }
  return text;
}

v8::MaybeLocal<v8::Value> evaluate_synthetic(v8::Local<v8::Context> context,
                                             v8::Local<v8::Module> module) {
  v8::Isolate* isolate = context->GetIsolate();
  ModuleRecord* record = Isolate::from(isolate).state().record_of(module);
  ORRERY_CHECK(record);
  v8::Local<v8::Object> exports = record->exports.Get(isolate);
  v8::Local<v8::Array> names = exports->GetOwnPropertyNames(context).ToLocalChecked();
  for (uint32_t i = 0; i < names->Length(); ++i) {
    v8::Local<v8::String> name = names->Get(context, i).ToLocalChecked().As<v8::String>();
    v8::Local<v8::Value> value;
    if (!exports->Get(context, name).ToLocal(&value)) return {};
    if (module->SetSyntheticModuleExport(isolate, name, value).IsNothing()) return {};
  }
  v8::Local<v8::Promise::Resolver> done;
  if (!v8::Promise::Resolver::New(context).ToLocal(&done)) return {};
  done->Resolve(context, v8::Undefined(isolate)).Check();
  return done->GetPromise();
}

v8::MaybeLocal<v8::Module> resolve_import(v8::Local<v8::Context> context,
                                          v8::Local<v8::String> specifier, v8::Local<v8::FixedArray>,
                                          v8::Local<v8::Module> referrer) {
  v8::Isolate* isolate = context->GetIsolate();
  Isolate::State& s = Isolate::from(isolate).state();
  const ModuleRecord* record = s.record_of(referrer);
  return s.resolve(to_utf8(isolate, specifier), record ? record->name : std::string());
}

// An object without prototype and with one property.
v8::Local<v8::Object> exports_with(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                   std::string_view name, v8::Local<v8::Value> value) {
  v8::Local<v8::Object> exports = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
  exports->CreateDataProperty(context, internalized(isolate, name), value).Check();
  return exports;
}

}  // namespace

ModuleRecord* Isolate::State::record_of(v8::Local<v8::Module> module) {
  for (ModuleRecord& record : modules) {
    if (record.module == module) return &record;
  }
  return nullptr;
}

v8::Local<v8::Module> Isolate::State::synthetic(const std::string& name, v8::Local<v8::Object> exports) {
  v8::Local<v8::Context> c = local_context();
  v8::Local<v8::Array> keys = exports->GetOwnPropertyNames(c).ToLocalChecked();
  std::vector<v8::Local<v8::String>> names;
  for (uint32_t i = 0; i < keys->Length(); ++i) {
    names.push_back(keys->Get(c, i).ToLocalChecked().As<v8::String>());
  }
  v8::Local<v8::Module> module =
      v8::Module::CreateSyntheticModule(isolate, from_utf8(isolate, name), names, evaluate_synthetic);
  modules.push_back({v8::Global<v8::Module>(isolate, module), name,
                     v8::Global<v8::Object>(isolate, exports)});
  return module;
}

v8::MaybeLocal<v8::Value> Isolate::State::wasm_module(const CodeModule& code, size_t index) {
  AppCode::Cache::Entry& entry = app->cache().entries[index];
  v8::Local<v8::WasmModuleObject> module;
  if (entry.wasm) {
    if (!v8::WasmModuleObject::FromCompiledModule(isolate, *entry.wasm).ToLocal(&module)) return {};
    return module;
  }
  compiling_wasm = true;
  const bool compiled =
      v8::WasmModuleObject::Compile(
          isolate, {reinterpret_cast<const uint8_t*>(code.content.data()), code.content.size()})
          .ToLocal(&module);
  compiling_wasm = false;
  if (!compiled) return {};
  entry.wasm.emplace(module->GetCompiledModule());
  return module;
}

v8::MaybeLocal<v8::Module> Isolate::State::compile(const CodeModule& code, size_t index) {
  v8::Local<v8::Context> c = local_context();
  v8::Local<v8::Value> value;
  switch (code.kind) {
    case ModuleKind::kWasm:
      if (!wasm_module(code, index).ToLocal(&value)) return {};
      return synthetic(code.name, exports_with(isolate, c, "default", value));
    case ModuleKind::kText:
      return synthetic(code.name, exports_with(isolate, c, "default", from_utf8(isolate, code.content)));
    case ModuleKind::kData:
      value = new_array_buffer(isolate, code.content.data(), code.content.size());
      return synthetic(code.name, exports_with(isolate, c, "default", value));
    case ModuleKind::kJson:
      if (!v8::JSON::Parse(c, from_utf8(isolate, code.content)).ToLocal(&value)) return {};
      return synthetic(code.name, exports_with(isolate, c, "default", value));
    case ModuleKind::kEsModule:
      break;
  }
  v8::ScriptOrigin origin(isolate, from_utf8(isolate, code.name), 0, 0, false, -1, v8::Local<v8::Value>(),
                          false, false, true);
  const std::vector<uint8_t>& cached = app->cache().entries[index].code;
  v8::ScriptCompiler::CachedData* data =
      cached.empty() ? nullptr
                     : new v8::ScriptCompiler::CachedData(cached.data(), static_cast<int>(cached.size()));
  v8::ScriptCompiler::Source source(from_utf8(isolate, code.content), origin, data);
  v8::Local<v8::Module> module;
  if (!v8::ScriptCompiler::CompileModule(isolate, &source,
                                         data ? v8::ScriptCompiler::kConsumeCodeCache
                                              : v8::ScriptCompiler::kNoCompileOptions)
           .ToLocal(&module)) {
    return {};
  }
  modules.push_back({v8::Global<v8::Module>(isolate, module), code.name, {}});
  return module;
}

v8::MaybeLocal<v8::Module> Isolate::State::resolve(const std::string& specifier,
                                                   const std::string& referrer) {
  const bool built_in = specifier.starts_with("cloudflare:") || specifier.starts_with("orrery:");
  const std::string name = built_in ? specifier : join_path(specifier, referrer);
  for (ModuleRecord& record : modules) {
    if (record.name == name) return record.module.Get(isolate);
  }
  v8::Local<v8::Context> c = local_context();
  if (name == "orrery:meter") {
    // The counter's memory is the State's own: C++ reads and refills it without entering JavaScript.
    std::unique_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
        meter, sizeof meter, [](void*, size_t, void*) {}, nullptr);
    v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, std::move(store));
    v8::Local<v8::Object> exports =
        exports_with(isolate, c, "meter", v8::Int32Array::New(buffer, 0, sizeof meter / sizeof(int32_t)));
    v8::Local<v8::Function> trip;
    for (const NativeFunction& native : web_natives()) {
      if (std::strcmp(native.name, "meterTrip") != 0) continue;
      if (!v8::Function::New(c, native.callback, {}, 0, v8::ConstructorBehavior::kThrow).ToLocal(&trip)) return {};
    }
    exports->CreateDataProperty(c, internalized(isolate, "trip"), trip).Check();
    const size_t blocks = options.covered ? std::max<size_t>(app->blocks, 1) : 0;
    std::unique_ptr<v8::BackingStore> marks =
        blocks ? v8::ArrayBuffer::NewBackingStore(options.covered, blocks, [](void*, size_t, void*) {}, nullptr)
               : v8::ArrayBuffer::NewBackingStore(isolate, 0);
    v8::Local<v8::ArrayBuffer> covered = v8::ArrayBuffer::New(isolate, std::move(marks));
    exports->CreateDataProperty(c, internalized(isolate, "cover"), v8::Uint8Array::New(covered, 0, blocks)).Check();
    return synthetic(name, exports);
  }
  if (built_in) {
    v8::Local<v8::Value> argv[] = {from_utf8(isolate, name)};
    v8::Local<v8::Value> exports;
    if (!call_quietly(kHookBuiltinModule, 1, argv).ToLocal(&exports)) return {};
    if (exports->IsObject()) return synthetic(name, exports.As<v8::Object>());
  }
  for (size_t i = 0; i < app->modules.size(); ++i) {
    if (app->modules[i].name == name) return compile(app->modules[i], i);
  }
  throw_error(isolate, missing_module_text(specifier, referrer));
  return {};
}

v8::MaybeLocal<v8::Value> Isolate::State::bindings_for_js() {
  v8::Local<v8::Context> c = local_context();
  v8::Local<v8::Array> list = v8::Array::New(isolate, static_cast<int>(app->bindings.size()));
  for (uint32_t i = 0; i < app->bindings.size(); ++i) {
    const Binding& binding = app->bindings[i];
    v8::Local<v8::Value> value = from_utf8(isolate, binding.value);
    if (binding.kind == BindingKind::kData) {
      value = new_array_buffer(isolate, binding.value.data(), binding.value.size());
    } else if (binding.kind == BindingKind::kWasmModule) {
      bool found = false;
      for (size_t m = 0; m < app->modules.size() && !found; ++m) {
        if (app->modules[m].name != binding.value) continue;
        if (!wasm_module(app->modules[m], m).ToLocal(&value)) return {};
        found = true;
      }
      if (!found) {
        throw_error(isolate, "binding " + binding.name + ": there is no module " + binding.value);
        return {};
      }
    }
    v8::Local<v8::Value> fields[] = {from_utf8(isolate, binding.name),
                                     v8::Integer::New(isolate, static_cast<int>(binding.kind)), value,
                                     from_utf8(isolate, binding.kind_name)};
    list->Set(c, i, v8::Array::New(isolate, fields, 4)).Check();
  }
  return list;
}

v8::MaybeLocal<v8::Module> Isolate::State::load_main() {
  v8::Local<v8::Context> c = local_context();
  uint32_t seed[4];
  host->random_bytes({reinterpret_cast<uint8_t*>(seed), sizeof seed});
  v8::Local<v8::Value> words[4];
  for (int i = 0; i < 4; ++i) words[i] = v8::Integer::NewFromUnsigned(isolate, seed[i]);
  if (call_quietly(kHookSeedRandom, 4, words).IsEmpty()) return {};
  v8::Local<v8::Value> bindings;
  if (!bindings_for_js().ToLocal(&bindings)) return {};
  if (call_quietly(kHookInstallEnv, 1, &bindings).IsEmpty()) return {};
  v8::Local<v8::Module> main;
  if (!resolve(app->main, "").ToLocal(&main)) return {};
  if (main->InstantiateModule(c, resolve_import).IsNothing()) return {};
  return main;
}

static void keep_code_cache(Isolate::State& s, v8::Local<v8::UnboundModuleScript> script, size_t index) {
  std::vector<uint8_t>& kept = s.app->cache().entries[index].code;
  if (!kept.empty()) return;
  std::unique_ptr<v8::ScriptCompiler::CachedData> data(v8::ScriptCompiler::CreateCodeCache(script));
  if (data) kept.assign(data->data, data->data + data->length);
}

TurnResult Isolate::start() {
  State& s = *state_;
  ORRERY_CHECK(!s.started && !s.in_turn, "start() is called once");
  s.started = true;
  s.app->cache().entries.resize(s.app->modules.size());
  Entry entry(s);
  v8::TryCatch caught(s.isolate);
  v8::Local<v8::Context> c = s.local_context();
  s.begin_turn(0);
  v8::Local<v8::Module> main;
  v8::Local<v8::Value> completion;
  v8::Local<v8::UnboundModuleScript> script;
  size_t main_index = 0;
  while (main_index < s.app->modules.size() && s.app->modules[main_index].name != s.app->main) ++main_index;
  if (s.load_main().ToLocal(&main)) {
    if (main->IsSourceTextModule()) script = main->GetUnboundModuleScript();
    if (main->Evaluate(c).ToLocal(&completion)) {
      auto promise = completion.As<v8::Promise>();
      promise->MarkAsHandled();
      // A rejection is known only when the module's own awaits have run.
      if (s.ending == TurnKind::kOk) s.isolate->PerformMicrotaskCheckpoint();
      if (s.ending == TurnKind::kOk && promise->State() == v8::Promise::kRejected) {
        s.rejections.clear();  // the module's own rejection is the result of start-up
        s.isolate->ThrowException(promise->Result());
      } else if (s.ending == TurnKind::kOk && promise->State() == v8::Promise::kPending) {
        throw_error(s.isolate, "Top-level await in module is unsettled: \"" + s.app->main +
                                   "\" waits at global scope for something that can only happen in an event");
      }
    }
  }
  if (s.ending == TurnKind::kOk && !caught.HasCaught() && !main.IsEmpty()) {
    v8::Local<v8::Value> argv[] = {main->GetModuleNamespace()};
    (void)s.call_quietly(kHookInstallWorker, 1, argv);
    (void)s.call_quietly(kHookLeaveGlobalScope, 0, nullptr);
    if (!script.IsEmpty()) keep_code_cache(s, script, main_index);
  }
  TurnResult result = s.end_turn(caught);
  if (!result) {
    s.slot(0).open = false;
    if (result.error->stack.empty()) result.error->stack = result.error->text();
  }
  return result;
}

v8::MaybeLocal<v8::Promise> import_dynamically(v8::Local<v8::Context> context, v8::Local<v8::Data>,
                                               v8::Local<v8::Value> resource,
                                               v8::Local<v8::String> specifier,
                                               v8::Local<v8::FixedArray>) {
  v8::Isolate* isolate = context->GetIsolate();
  Isolate::State& s = Isolate::from(isolate).state();
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(context).ToLocal(&resolver)) return {};
  v8::TryCatch caught(isolate);
  v8::Local<v8::Module> module;
  v8::Local<v8::Value> completion;
  if (s.resolve(to_utf8(isolate, specifier), to_utf8(isolate, resource)).ToLocal(&module) &&
      module->InstantiateModule(context, resolve_import).FromMaybe(false) &&
      module->Evaluate(context).ToLocal(&completion)) {
    if (module->GetStatus() == v8::Module::kErrored) {
      completion.As<v8::Promise>()->MarkAsHandled();
      resolver->Reject(context, module->GetException()).Check();
    } else {
      resolver->Resolve(context, module->GetModuleNamespace()).Check();
    }
  } else if (caught.HasCaught() && !caught.HasTerminated()) {
    resolver->Reject(context, caught.Exception()).Check();
  }
  return resolver->GetPromise();
}

}  // namespace orrery::runtime
