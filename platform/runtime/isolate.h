// One simulated isolate: the global scope of one Worker version on one host, shared by its stateless
// events and its Durable Objects there. Owns one v8::Isolate made from the startup snapshot.
//
// Every public function below that returns TurnResult is one turn. Turns never nest: calling one from
// inside an IsolateHost callback is a programmer error and is checked.
//
// Invariants
//  - After close_context or abort_context no JavaScript runs on behalf of that context: later calls give
//    kAborted. After the destructor nothing of the isolate runs, `finally` blocks included.
//  - After kTerminatedMemory the isolate is spent: every later turn gives kTerminatedMemory; dispose of it.
//  - `Date.now()` does not move within a turn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "platform/runtime/app_code.h"
#include "platform/runtime/isolate_host.h"
#include "platform/runtime/limits.h"
#include "platform/runtime/native_function.h"
#include "platform/runtime/snapshot.h"
#include "platform/runtime/turn.h"

namespace orrery::runtime {

enum class ContextKind : uint8_t { kStateless, kActor };

// One argument of a named hook (see Isolate::run_hook).
struct HookArgument {
  enum class Kind : uint8_t { kUndefined, kNumber, kText, kBytes, kSerialized };
  Kind kind = Kind::kUndefined;
  double number = 0;
  std::string_view text;  // Latin-1
  Ref<Buffer> bytes;

  static HookArgument undefined() { return {}; }
  static HookArgument of(double n) { return {Kind::kNumber, n, {}, {}}; }
  static HookArgument of(std::string_view latin1) { return {Kind::kText, 0, latin1, {}}; }
  // Arrives as an ArrayBuffer.
  static HookArgument of_bytes(Ref<Buffer> b) { return {Kind::kBytes, 0, {}, std::move(b)}; }
  // Arrives as the value that was serialised.
  static HookArgument of_value(Ref<Buffer> b) { return {Kind::kSerialized, 0, {}, std::move(b)}; }
};

// An RPC call in its general form (js/dispatch.js): what it is made on, plain arguments (`method` not empty) or a whole
// message, the numbers of the references in it, and the number to keep its result under (0: not kept).
struct RpcEvent {
  enum class On : uint8_t { kEntrypoint, kActor, kExport, kAnswer };
  On on = On::kEntrypoint;
  uint32_t number = 0;  // of the export or the kept result
  std::string_view entrypoint, props, method;
  Ref<Buffer> message;
  std::span<const uint32_t> imports;
  uint32_t keep = 0;
};

// Planted weaknesses of the museum: each only weakens the statement that reads it.
struct Weaken {
  bool clock_runs = false;  // Date.now() goes on within a turn, with the work done
  bool ids_unchecked = false;  // a namespace takes ids of others
};

class Isolate {
 public:
  struct Options {
    int64_t heap_limit_bytes = kHeapLimitBytes;
    Duration cpu_limit = kCpuLimit;
    Duration startup_cpu_limit = kStartupCpuLimit;
    // Calls that one event may make to other Workers, objects, services and origins.
    uint32_t subrequest_limit = kSubrequestLimit;
    // Isolates that succeed each other get different ones, so that no answer meant for a context of one
    // finds a context of the next by its id.
    uint32_t first_generation = 0;
    // A byte for each block of the code, set to 1 when it runs; must outlive the isolate. Null: nobody looks.
    uint8_t* covered = nullptr;
    Weaken weaken = {};
  };

  // Makes the isolate; no user code runs yet. `snapshot` and `host` must outlive it.
  Isolate(const Snapshot& snapshot, Ref<const AppCode> app, IsolateHost& host, Options options);
  Isolate(const Snapshot& snapshot, Ref<const AppCode> app, IsolateHost& host);
  // Disposes of the isolate without running any JavaScript.
  ~Isolate();
  Isolate(const Isolate&) = delete;
  Isolate& operator=(const Isolate&) = delete;

  // Compiles and evaluates the modules and builds `env`: one turn. Call once, first. An error has the
  // position in the user's source in its stack.
  TurnResult start();

  // Contexts. `data` is the host's own pointer, handed back to natives (see current_context_data).
  ContextId open_context(ContextKind kind, void* data = nullptr);
  void close_context(ContextId context);
  // As close_context, but keeps the id known so that turns already scheduled give kAborted.
  void abort_context(ContextId context);
  bool is_open(ContextId context) const;
  // Operations and timers of the context that are under way: with none left and an answer missing, the
  // answer will never come.
  int pending_operations(ContextId context) const;
  // The running turn began an operation through a native of another room.
  void operation_begun();

  // Events for stateless contexts. `entrypoint` empty: the default export. `props`: JSON text of ctx.props, given by
  // who made the binding; empty: {}.
  TurnResult dispatch_fetch(ContextId context, EventId event, std::string_view entrypoint,
                            const HttpRequest& request, std::string_view props = {});
  TurnResult dispatch_scheduled(ContextId context, EventId event, std::string_view entrypoint,
                                int64_t scheduled_ms, std::string_view cron);
  TurnResult dispatch_rpc(ContextId context, EventId event, std::string_view entrypoint,
                          std::string_view method, const Ref<Buffer>& arguments,
                          std::string_view props = {});

  // Events for actor contexts. construct_actor runs the constructor (one turn; an exception of it is the
  // result); `name` is null when the id was not made from a name. `actor` is the number that the storage
  // natives get to know their object by.
  TurnResult construct_actor(ContextId context, std::string_view class_name, const ObjectId& id,
                             const std::string* name, uint32_t jurisdiction, uint32_t actor);
  TurnResult dispatch_actor_fetch(ContextId context, EventId event, const HttpRequest& request);
  TurnResult dispatch_actor_rpc(ContextId context, EventId event, std::string_view method,
                                const Ref<Buffer>& arguments);
  TurnResult dispatch_rpc_message(ContextId context, EventId event, const RpcEvent& call);
  // Others let go of what the context gave out under this number, or of a result that it kept.
  TurnResult rpc_released(ContextId context, uint32_t number, bool is_result);
  // Fails the events of an actor's context whose answers can never come with "Promise will never complete.". Collects
  // all garbage: for contexts in which nothing is under way.
  TurnResult settle_lost_events(ContextId context);
  TurnResult dispatch_alarm(ContextId context, EventId event, int64_t scheduled_ms, int retry_count);

  // Answers to what JavaScript asked for.
  // The process is to end at so many host calls from now, between two of them: the call that is due ends the turn without
  // effect, `finally` blocks do not run, and the turn ends as kCrashed. Host calls are those that act on the world or on
  // storage, of this context (kNoContext: of any). 0: not at all.
  void crash_at_host_call(uint32_t calls, ContextId context);
  // How many of those are left; 0 when none is planned.
  uint32_t host_calls_left() const;
  // A host call begins; false: the process has ended.
  bool host_call();
  // A frame has come for an end of a WebSocket that the context reads.
  TurnResult socket_frame(ContextId context, uint32_t end, const SocketFrame& frame);
  TurnResult settle_fetch(ContextId context, OperationId operation, const HttpResponse& response);
  TurnResult settle_rpc(ContextId context, OperationId operation, const Ref<Buffer>& value);
  TurnResult settle_rpc_message(ContextId context, OperationId operation, const Ref<Buffer>& message,
                                std::span<const uint32_t> imports);
  // As an array of the cells' values.
  TurnResult settle_cells(ContextId context, OperationId operation, const Cells& cells);
  TurnResult settle_undefined(ContextId context, OperationId operation);
  TurnResult settle_number(ContextId context, OperationId operation, double value);
  TurnResult settle_text(ContextId context, OperationId operation, std::string_view latin1);
  TurnResult fail(ContextId context, OperationId operation, const ErrorInfo& error);
  TurnResult fire_timer(ContextId context, TimerId timer);
  // blockConcurrencyWhile: runs the callback; later resolves the caller's promise.
  TurnResult enter_section(ContextId context, SectionId section);
  TurnResult leave_section(ContextId context, SectionId section);

  // A hook that another room's JavaScript registered with registerHook(name, function); the number from
  // find_hook stays good for the isolate's life, -1: no such hook. One turn.
  int find_hook(std::string_view name) const;
  TurnResult run_hook(ContextId context, int hook, std::span<const HookArgument> arguments);

  // For natives of other rooms.
  static Isolate& from(const v8::FunctionCallbackInfo<v8::Value>& info) { return from(info.GetIsolate()); }
  static Isolate& from(v8::Isolate* isolate);
  IsolateHost& host() const;
  ContextId current_context() const;        // kNoContext at global scope
  void* current_context_data() const;
  int64_t turn_clock_us() const;            // what Date.now() shows, in microseconds
  // A new operation was started in the current turn / is settled outside settle_*.
  void note_operation_started();
  // Charges the current event for work that the counters in the code do not see. The turn is terminated
  // when the event's CPU time is used up: then the result is false.
  bool charge(int64_t meter_units);
  // Terminates the running turn and closes its context to JavaScript.
  void abort_current_turn();
  // The place of the innermost user frame of the running JavaScript.
  SourcePosition current_position() const;
  // Reads an exception into an ErrorInfo (running no user code beyond getters of the error itself).
  ErrorInfo describe_exception(v8::Local<v8::Value> exception) const;
  v8::Isolate* v8_isolate() const;

  const AppCode& app() const;
  int64_t heap_used_bytes() const;

  // The inside, for the files of this room only (isolate_state.h).
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace orrery::runtime
