// The life of an isolate and of its contexts.
#include "platform/runtime/isolate.h"

#include "platform/runtime/code_cache.h"
#include "platform/runtime/fatal.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/spare_isolates.h"
#include "platform/runtime/v8_process.h"
#include "platform/runtime/v8_strings.h"
#include "sim/core/check.h"

namespace orrery::runtime {
namespace {

constexpr uint32_t kStateSlot = 0;  // Isolate::SetData slot

int64_t units_of(Duration cpu) { return cpu.us * kMeterUnitsPerMicrosecond; }

size_t near_heap_limit(void* data, size_t current, size_t) {
  auto& s = *static_cast<Isolate::State*>(data);
  if (s.reserve_given) return current;
  s.reserve_given = true;
  s.terminate(TurnKind::kTerminatedMemory, "Worker exceeded memory limit.");
  return current + kHeapReserveBytes;
}

void promise_rejected(v8::PromiseRejectMessage message) {
  v8::Local<v8::Promise> promise = message.GetPromise();
  Isolate::State& s = Isolate::from(promise->GetIsolate()).state();
  if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
    s.rejections.push_back({v8::Global<v8::Promise>(s.isolate, promise),
                            v8::Global<v8::Value>(s.isolate, message.GetValue())});
  } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    for (size_t i = s.rejections.size(); i-- > 0;) {
      if (s.rejections[i].promise != promise) continue;
      s.rejections.erase(s.rejections.begin() + static_cast<ptrdiff_t>(i));
      break;
    }
  }
}

// An exception that nobody could catch, thrown by a microtask (queueMicrotask).
void uncaught(v8::Local<v8::Message> message, v8::Local<v8::Value> exception) {
  Isolate& isolate = Isolate::from(message->GetIsolate());
  if (!isolate.state().in_turn || isolate.state().ending != TurnKind::kOk) return;
  const ErrorInfo error = isolate.describe_exception(exception);
  isolate.host().console(isolate.current_context(), ConsoleLevel::kError,
                         "Uncaught " + (error.stack.empty() ? error.text() : error.stack), {});
}

bool may_compile_wasm(v8::Local<v8::Context> context, v8::Local<v8::String>) {
  return Isolate::from(context->GetIsolate()).state().compiling_wasm;
}

}  // namespace

AppCode::AppCode() : cache_(std::make_unique<Cache>()) {}
AppCode::~AppCode() = default;

bool AppCode::has_flag(std::string_view flag) const {
  for (const std::string& each : flags) {
    if (each == flag) return true;
  }
  return false;
}

v8::MaybeLocal<v8::Promise> import_dynamically(v8::Local<v8::Context>, v8::Local<v8::Data>,
                                               v8::Local<v8::Value>, v8::Local<v8::String>,
                                               v8::Local<v8::FixedArray>);  // modules.cc

Isolate::Isolate(const Snapshot& snapshot, Ref<const AppCode> app, IsolateHost& host)
    : Isolate(snapshot, std::move(app), host, Options()) {}

Isolate::Isolate(const Snapshot& snapshot, Ref<const AppCode> app, IsolateHost& host, Options options)
    : state_(snapshot.spares().take(options.heap_limit_bytes)) {
  if (!state_) state_ = State::make(snapshot, options.heap_limit_bytes);
  State& s = *state_;
  s.self = this;
  s.app = std::move(app);
  s.host = &host;
  s.options = options;
  s.contexts.resize(1);
  s.contexts[0].open = true;
  s.contexts[0].budget_units = units_of(options.startup_cpu_limit);
  s.isolate->SetData(kStateSlot, this);
}

std::unique_ptr<Isolate::State> Isolate::State::make(const Snapshot& snapshot, int64_t heap_limit_bytes) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.snapshot = &snapshot;
  s.buffers = std::make_unique<CountingArrayBufferAllocator>(heap_limit_bytes);

  v8::Isolate::CreateParams params;
  params.allow_atomics_wait = false;  // one thread: waiting would never end
  params.array_buffer_allocator = s.buffers.get();
  params.snapshot_blob = snapshot.blob();
  params.external_references = snapshot.external_references();
  params.constraints.ConfigureDefaultsFromHeapSize(0, static_cast<size_t>(heap_limit_bytes));
  s.isolate = v8::Isolate::New(params);
  s.buffers->set_isolate(s.isolate);
  s.isolate->SetFatalErrorHandler(on_v8_fatal);
  s.isolate->SetOOMErrorHandler(on_v8_out_of_memory);
  s.isolate->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  s.isolate->SetPromiseRejectCallback(promise_rejected);
  s.isolate->SetHostImportModuleDynamicallyCallback(import_dynamically);
  s.isolate->SetAllowWasmCodeGenerationCallback(may_compile_wasm);
  s.isolate->AddNearHeapLimitCallback(near_heap_limit, &s);
  s.isolate->SetCaptureStackTraceForUncaughtExceptions(false);

  v8::Isolate::Scope isolate_scope(s.isolate);
  v8::HandleScope handles(s.isolate);
  s.isolate->AddMessageListener(uncaught);
  v8::Local<v8::Context> context = v8::Context::New(s.isolate);
  context->AllowCodeGenerationFromStrings(false);
  s.context.Reset(s.isolate, context);
  v8::Context::Scope context_scope(context);
  v8::Local<v8::Object> hooks = context->GetDataFromSnapshotOnce<v8::Object>(0).ToLocalChecked();
  for (int i = 0; i < kHookCount; ++i) {
    v8::Local<v8::Value> hook =
        hooks->Get(context, internalized(s.isolate, kHookNames[i])).ToLocalChecked();
    ORRERY_CHECK(hook->IsFunction(), "main.js leaves every hook that C++ knows");
    s.hooks[i].Reset(s.isolate, hook.As<v8::Function>());
  }
  v8::Local<v8::Array> names = hooks->GetOwnPropertyNames(context).ToLocalChecked();
  for (uint32_t i = 0; i < names->Length(); ++i) {
    const std::string name = to_latin1(s.isolate, names->Get(context, i).ToLocalChecked());
    if (!name.starts_with("extra:")) continue;
    v8::Local<v8::Value> hook = hooks->Get(context, names->Get(context, i).ToLocalChecked()).ToLocalChecked();
    s.extra_hook_names.push_back(name.substr(6));
    s.extra_hooks.emplace_back(s.isolate, hook.As<v8::Function>());
  }
  return state;
}

Isolate::~Isolate() {
  ORRERY_CHECK(!state_->in_turn, "an isolate is not disposed of by its own turn");
  State::dispose(std::move(state_));
}

void Isolate::State::dispose(std::unique_ptr<State> state) {
  v8::Isolate* isolate = state->isolate;
  drop_posted_tasks(isolate);
  std::unique_ptr<CountingArrayBufferAllocator> buffers = std::move(state->buffers);
  buffers->set_isolate(nullptr);
  isolate->RemoveNearHeapLimitCallback(near_heap_limit, 0);
  state.reset();  // the handles go before the isolate
  isolate->Dispose();
  drop_posted_tasks(isolate);
}

Isolate& Isolate::from(v8::Isolate* isolate) {
  return *static_cast<Isolate*>(isolate->GetData(kStateSlot));
}

IsolateHost& Isolate::host() const { return *state_->host; }
const AppCode& Isolate::app() const { return *state_->app; }
v8::Isolate* Isolate::v8_isolate() const { return state_->isolate; }
int64_t Isolate::turn_clock_us() const { return state_->clock_us; }
ContextId Isolate::current_context() const { return state_->current_id(); }

void* Isolate::current_context_data() const { return state_->contexts[state_->current_slot].data; }

ErrorInfo Isolate::describe_exception(v8::Local<v8::Value> exception) const {
  return state_->describe(exception);
}

int64_t Isolate::heap_used_bytes() const {
  v8::HeapStatistics heap;
  state_->isolate->GetHeapStatistics(&heap);
  return static_cast<int64_t>(heap.used_heap_size()) + state_->buffers->used_bytes();
}

ContextId Isolate::State::current_id() const { return current_slot ? id_of(current_slot) : kNoContext; }

ContextState* Isolate::State::find(ContextId id) {
  const auto n = static_cast<uint32_t>(id);
  if (n == 0 || n >= contexts.size()) return nullptr;
  ContextState& context = contexts[n];
  return context.known && context.generation == static_cast<uint32_t>(id >> 32) ? &context : nullptr;
}

ContextId Isolate::open_context(ContextKind kind, void* data) {
  State& s = *state_;
  uint32_t n;
  if (s.free_slots.empty()) {
    n = static_cast<uint32_t>(s.contexts.size());
    s.contexts.emplace_back().generation = s.options.first_generation;
  } else {
    n = s.free_slots.back();
    s.free_slots.pop_back();
  }
  const uint32_t generation = s.contexts[n].generation + 1;
  s.contexts[n] = {.generation = generation, .kind = kind, .open = true, .known = true, .data = data,
                   .budget_units = units_of(s.options.cpu_limit), .timer_ids = {}};
  return s.id_of(n);
}

void Isolate::close_context(ContextId id) {
  State& s = *state_;
  ContextState* context = s.find(id);
  if (!context) return;
  context->open = false;
  context->known = false;
  const auto n = static_cast<uint32_t>(id);
  if (s.in_turn) {
    s.closing_slots.push_back(n);
  } else {
    s.forget_slot(n);
  }
}

void Isolate::State::forget_slot(uint32_t n) {
  if (slot(n).in_js && !spent) {
    Entry entry(*this);
    v8::Local<v8::Value> argv[] = {v8::Integer::NewFromUnsigned(isolate, n)};
    (void)call_quietly(kHookCloseContext, 1, argv);
    for (const TimerId timer : slot(n).timer_ids) {
      if (timers.erase(timer) == 0) continue;
      v8::Local<v8::Value> id[] = {v8::Integer::NewFromUnsigned(isolate, timer)};
      (void)call_quietly(kHookDropTimer, 1, id);
    }
    slot(n).in_js = false;
  }
  free_slots.push_back(n);
}

void Isolate::abort_context(ContextId id) {
  if (ContextState* context = state_->find(id)) context->open = false;
}

bool Isolate::is_open(ContextId id) const {
  const ContextState* context = state_->find(id);
  return context && context->open && !state_->spent;
}

void Isolate::crash_at_host_call(uint32_t calls, ContextId context) {
  state_->crash_in = calls;
  state_->crash_context = context;
}

uint32_t Isolate::host_calls_left() const { return state_->crash_in; }

bool Isolate::host_call() {
  State& s = *state_;
  if (s.ending == TurnKind::kCrashed) return false;
  if (s.crash_in == 0) [[likely]] return true;
  if (s.crash_context != kNoContext && s.crash_context != s.current_id()) return true;
  if (--s.crash_in > 0) return true;
  s.terminate(TurnKind::kCrashed, "The process crashed.");
  return false;
}

void Isolate::operation_begun() { ++state_->slot(state_->current_slot).pending; }

int Isolate::pending_operations(ContextId id) const {
  const ContextState* context = state_->find(id);
  return context ? context->pending : 0;
}

void Isolate::note_operation_started() { ++state_->slot(state_->current_slot).pending; }

v8::MaybeLocal<v8::Value> Isolate::State::call_quietly(Hook hook, int argc, v8::Local<v8::Value>* argv) {
  return hooks[hook].Get(isolate)->Call(local_context(), v8::Undefined(isolate), argc, argv);
}

}  // namespace orrery::runtime
