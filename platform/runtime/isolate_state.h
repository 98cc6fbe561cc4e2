// The inside of Isolate, shared by the files of this room that make it up: isolate.cc (life), turn.cc (turns
// and the CPU meter), dispatch.cc (events), modules.cc (code), exceptions.cc (errors), natives_*.cc (what
// JavaScript calls). Nothing outside the room includes it.
#pragma once

#include <v8.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "platform/runtime/array_buffer_allocator.h"
#include "platform/runtime/isolate.h"

namespace orrery::runtime {

// The functions that main.js leaves for C++, in the order of kHookNames.
enum Hook : int {
  kHookInstallEnv, kHookInstallWorker, kHookSeedRandom, kHookBuiltinModule, kHookDataCloneError,
  kHookMakeError, kHookCloseContext, kHookLeaveGlobalScope, kHookDispatchFetch, kHookDispatchScheduled,
  kHookDispatchRpc, kHookConstructActor, kHookDispatchActorFetch, kHookDispatchActorRpc,
  kHookDispatchAlarm, kHookSettleFetch, kHookSettleValue, kHookFailOperation, kHookTimerFired,
  kHookSectionEntered, kHookSectionLeft, kHookDropTimer, kHookDispatchRpcMessage, kHookSettleRpc,
  kHookRpcReleased, kHookSocketFrame, kHookPackClone, kHookUnpackClone, kHookHoldWeakly,
  kHookSettleLost, kHookCount,
};
inline constexpr const char* kHookNames[kHookCount] = {
  "installEnv", "installWorker", "seedRandom", "builtinModule", "dataCloneError",
  "makeError", "closeContext", "leaveGlobalScope", "dispatchFetch", "dispatchScheduled",
  "dispatchRpc", "constructActor", "dispatchActorFetch", "dispatchActorRpc",
  "dispatchAlarm", "settleFetch", "settleValue", "failOperation", "timerFired",
  "sectionEntered", "sectionLeft", "dropTimer", "dispatchRpcMessage", "settleRpc",
  "rpcReleased", "socketFrame", "packClone", "unpackClone", "holdWeakly", "settleLost",
};

struct ContextState {
  uint32_t generation = 0;  // 0: never used
  ContextKind kind = ContextKind::kStateless;
  bool open = false;        // may run JavaScript
  bool known = false;       // the slot is taken
  bool in_js = false;       // JavaScript has a record of it
  void* data = nullptr;
  int64_t budget_units = 0;
  int pending = 0;          // operations and timers under way
  int timers = 0;
  uint32_t timers_ended = 0;
  std::vector<TimerId> timer_ids;  // every timer it started; dropped with it
};

struct TimerState {
  ContextId context = kNoContext;
  int64_t delay_ms = 0;
  bool repeat = false;
};

struct ModuleRecord {
  v8::Global<v8::Module> module;
  std::string name;
  v8::Global<v8::Object> exports;  // for synthetic modules
};

struct Isolate::State {
  // ---- made in isolate.cc
  // A V8 isolate with its context, for any app and host: what a new Isolate begins with.
  static std::unique_ptr<State> make(const Snapshot& snapshot, int64_t heap_limit_bytes);
  static void dispose(std::unique_ptr<State> state);
  Isolate* self = nullptr;
  const Snapshot* snapshot = nullptr;
  Ref<const AppCode> app;
  IsolateHost* host = nullptr;
  Options options;
  std::unique_ptr<CountingArrayBufferAllocator> buffers;
  v8::Isolate* isolate = nullptr;
  v8::Global<v8::Context> context;
  v8::Global<v8::Function> hooks[kHookCount];
  std::vector<std::string> extra_hook_names;
  std::vector<v8::Global<v8::Function>> extra_hooks;
  std::vector<ContextState> contexts;     // by slot; slot 0 stands for the global scope
  std::vector<uint32_t> free_slots;
  std::vector<uint32_t> closing_slots;    // closed during a turn, forgotten at its end
  std::unordered_map<TimerId, TimerState> timers;  // looked up, never walked
  TimerId next_timer = 1;
  bool started = false;

  // ---- the running turn (turn.cc)
  bool in_turn = false;
  uint32_t current_slot = 0;
  int64_t clock_us = 0;
  TurnKind ending = TurnKind::kOk;        // why the turn is being terminated
  ErrorInfo ending_error;
  bool reserve_given = false;             // kHeapReserveBytes
  ContextId crash_context = kNoContext;   // whose calls count; kNoContext: everybody's
  uint32_t crash_in = 0;                  // host calls until the process ends; 0: it does not
  bool spent = false;                     // over the memory limit, for good
  int32_t meter[2] = {0, 0};              // [0] is what instrumented code counts down
  int32_t meter_given = 0;
  int64_t meter_used = 0;                 // by chunks already spent in this turn
  uintptr_t stack_limit = 0;
  struct Rejection {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Value> reason;
  };
  std::vector<Rejection> rejections;

  // ---- events that may be lost (lost_events.cc)
  struct HeldWeakly {
    HeldWeakly(EventId e, v8::Global<v8::Value> p) : event(e), promise(std::move(p)) {}
    EventId event;
    v8::Global<v8::Value> promise;
  };
  std::vector<HeldWeakly> held_weakly;

  // ---- code (modules.cc)
  std::vector<ModuleRecord> modules;
  bool compiling_wasm = false;  // only the loader may: never code at run time

  v8::Local<v8::Context> local_context() const { return context.Get(isolate); }
  ContextState& slot(uint32_t n) { return contexts[n]; }
  ContextState* find(ContextId id);
  ContextId current_id() const;
  ContextId id_of(uint32_t n) const {
    return (static_cast<ContextId>(contexts[n].generation) << 32) | n;
  }

  // turn.cc
  bool admit(ContextId id, TurnResult& refused);
  void begin_turn(uint32_t slot);
  TurnResult end_turn(v8::TryCatch& caught);
  void refill_or_terminate();
  void terminate(TurnKind kind, std::string message);
  int64_t meter_spent() const;
  void report_rejections();
  void forget_slot(uint32_t slot);

  // Runs one hook as a turn. `build(argv)` fills the arguments (the first is always the slot) and returns
  // their number; it runs inside the entered context.
  template <class Build>
  TurnResult run(ContextId id, Hook hook, Build build);
  template <class Build>
  TurnResult run_function(ContextId id, const v8::Global<v8::Function>& function, Build build);

  // modules.cc
  v8::MaybeLocal<v8::Module> load_main();
  v8::MaybeLocal<v8::Module> resolve(const std::string& specifier, const std::string& referrer);
  ModuleRecord* record_of(v8::Local<v8::Module> module);
  v8::MaybeLocal<v8::Module> compile(const CodeModule& code, size_t index);
  v8::Local<v8::Module> synthetic(const std::string& name, v8::Local<v8::Object> exports);
  v8::MaybeLocal<v8::Value> bindings_for_js();
  v8::MaybeLocal<v8::Value> wasm_module(const CodeModule& code, size_t index);

  // exceptions.cc
  ErrorInfo describe(v8::Local<v8::Value> exception) const;
  ErrorInfo describe(v8::TryCatch& caught) const;
  // With all that goes to whoever sees it thrown.
  ErrorInfo describe_thrown(v8::Local<v8::Value> exception) const;
  std::string map_stack(const std::string& stack) const;
  bool map_position(const std::string& module, int line, int column, SourcePosition& out) const;

  v8::MaybeLocal<v8::Value> call_quietly(Hook hook, int argc, v8::Local<v8::Value>* argv);
};

// Enters isolate and context for a stretch of C++ that makes V8 values.
class Entry {
 public:
  explicit Entry(Isolate::State& s);

 private:
  v8::Isolate::Scope isolate_scope_;
  v8::HandleScope handles_;
  v8::Context::Scope context_scope_;
};

// The compatibility flag with which errors keep all they have when they are cloned or thrown across a call.
inline constexpr char kEnhancedErrors[] = "enhanced_error_serialization";

// The script's name for frames of the runtime itself; such frames are left out of stacks.
inline constexpr char kBootstrapName[] = "orrery:runtime";

inline constexpr char kGlobalScopeText[] =
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), "
    "setting a timeout, and generating random values are not allowed within global scope. To fix this "
    "error, perform this operation within a handler. "
    "https://developers.cloudflare.com/workers/runtime-apis/handlers/";

std::span<const NativeFunction> runtime_natives();
std::span<const NativeFunction> web_natives();

template <class Build>
TurnResult Isolate::State::run_function(ContextId id, const v8::Global<v8::Function>& function,
                                        Build build) {
  TurnResult refused;
  if (!admit(id, refused)) return refused;
  Entry entry(*this);
  v8::TryCatch caught(isolate);
  begin_turn(static_cast<uint32_t>(id));
  v8::Local<v8::Value> argv[12];
  const int argc = build(argv);
  v8::Local<v8::Value> ignored;
  if (!function.Get(isolate)
           ->Call(local_context(), v8::Undefined(isolate), argc, argv)
           .ToLocal(&ignored)) {
    // The exception stays in `caught`; end_turn tells a thrown one from a terminated one.
  }
  return end_turn(caught);
}

template <class Build>
TurnResult Isolate::State::run(ContextId id, Hook hook, Build build) {
  return run_function(id, hooks[hook], build);
}

}  // namespace orrery::runtime
