#include "platform/runtime/snapshot.h"

#include <string>

#include "platform/runtime/fatal.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/spare_isolates.h"
#include "platform/runtime/v8_process.h"
#include "platform/runtime/v8_strings.h"
#include "sim/core/check.h"

namespace orrery::runtime {

extern const char kBootstrapScript[];
extern const unsigned long kBootstrapScriptSize;

namespace {

void add_natives(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Object> table,
                 std::span<const NativeFunction> natives) {
  for (const NativeFunction& native : natives) {
    v8::Local<v8::Function> function =
        v8::FunctionTemplate::New(isolate, native.callback, {}, {}, 0, v8::ConstructorBehavior::kThrow)
            ->GetFunction(context)
            .ToLocalChecked();
    v8::Local<v8::String> name = internalized(isolate, native.name);
    function->SetName(name);
    table->Set(context, name, function).Check();
  }
}

void run_bootstrap(v8::Isolate* isolate, v8::Local<v8::Context> context) {
  v8::TryCatch caught(isolate);
  v8::ScriptOrigin origin(isolate, one_byte(isolate, kBootstrapName));
  v8::ScriptCompiler::Source source(one_byte(isolate, {kBootstrapScript, kBootstrapScriptSize}), origin);
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> ignored;
  if (v8::ScriptCompiler::Compile(context, &source, v8::ScriptCompiler::kEagerCompile).ToLocal(&script) &&
      script->Run(context).ToLocal(&ignored)) {
    return;
  }
  v8::Local<v8::Value> stack;
  if (!caught.StackTrace(context).ToLocal(&stack)) stack = caught.Exception();
  fatal_v8("the bootstrap script failed", *v8::String::Utf8Value(isolate, stack));
}

}  // namespace

std::unique_ptr<Snapshot> Snapshot::build(std::span<const NativeFunction> extra) {
  start_v8();
  set_frozen_clock_ms(0);
  auto snapshot = std::unique_ptr<Snapshot>(new Snapshot());
  const std::span<const NativeFunction> groups[] = {runtime_natives(), web_natives(), extra};
  for (const auto& group : groups) {
    for (const NativeFunction& native : group) {
      snapshot->references_.push_back(reinterpret_cast<intptr_t>(native.callback));
    }
  }
  snapshot->references_.push_back(0);

  v8::SnapshotCreator creator(snapshot->references_.data());
  v8::Isolate* isolate = creator.GetIsolate();
  isolate->SetFatalErrorHandler(on_v8_fatal);
  isolate->SetOOMErrorHandler(on_v8_out_of_memory);
  {
    v8::HandleScope handles(isolate);
    v8::Local<v8::Context> context = v8::Context::New(isolate);
    v8::Context::Scope scope(context);
    v8::Local<v8::Object> table = v8::Object::New(isolate);
    for (const auto& group : groups) add_natives(isolate, context, table, group);
    v8::Local<v8::Object> global = context->Global();
    global->Set(context, one_byte(isolate, "__orreryNatives"), table).Check();
    run_bootstrap(isolate, context);
    v8::Local<v8::String> hooks_name = one_byte(isolate, "__orreryHooks");
    v8::Local<v8::Value> hooks = global->Get(context, hooks_name).ToLocalChecked();
    ORRERY_CHECK(hooks->IsObject(), "the bootstrap script leaves its hooks");
    ORRERY_CHECK(global->Delete(context, hooks_name).FromMaybe(false));
    creator.SetDefaultContext(context);
    ORRERY_CHECK(creator.AddData(context, hooks.As<v8::Object>()) == 0);
  }
  // The bytecode of every function is kept: the image is larger and an isolate takes longer to make, but those
  // are made before the fork (spare_isolates.h), and no child compiles the runtime's own code.
  v8::StartupData blob = creator.CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
  ORRERY_CHECK(blob.data != nullptr, "the startup snapshot can be made");
  snapshot->blob_ = std::make_unique<v8::StartupData>(blob);
  return snapshot;
}

Snapshot::Snapshot() : spares_(std::make_unique<SpareIsolates>(*this)) {}

Snapshot::~Snapshot() {
  spares_.reset();  // they read the image while they live
  delete[] blob_->data;
}

size_t Snapshot::size_bytes() const { return static_cast<size_t>(blob_->raw_size); }

}  // namespace orrery::runtime
