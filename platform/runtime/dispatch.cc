// Events and answers on their way into JavaScript: each function fills the arguments of one hook and runs it
// as a turn.
#include "platform/runtime/clone.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/v8_strings.h"
#include "sim/core/check.h"

namespace orrery::runtime {
namespace {

using Argv = v8::Local<v8::Value>*;

// Fills in the pieces of a request, as dispatchFetch and dispatchActorFetch take them.
int request_arguments(v8::Isolate* isolate, Argv argv, const HttpRequest& request) {
  argv[0] = internalized(isolate, request.method);
  argv[1] = one_byte(isolate, request.url);
  argv[2] = one_byte(isolate, request.headers.flat());
  argv[3] = from_body(isolate, request.body);
  argv[4] = from_utf8(isolate, request.cf_json);
  return 5;
}

v8::Local<v8::Value> unsigned_value(v8::Isolate* isolate, uint32_t n) {
  return v8::Integer::NewFromUnsigned(isolate, n);
}

}  // namespace

// The value of serialised bytes. False: it cannot be read, `value` is why (an odd error; other bytes always can).
template <class Bytes>
static bool read_value(Isolate::State& s, const Ref<Bytes>& bytes, Stacks stacks, v8::Local<v8::Value>& value) {
  v8::TryCatch caught(s.isolate);
  value = v8::Undefined(s.isolate);
  if (!bytes || deserialize(s.isolate, s.local_context(), bytes->bytes(), stacks).ToLocal(&value)) return true;
  if (caught.HasCaught() && !caught.HasTerminated()) value = caught.Exception();
  return false;
}

// An event's arguments cannot be read: the one after the others says so.
static int unread(Isolate::State& s, Argv argv, int argc) {
  argv[argc] = v8::True(s.isolate);
  return argc + 1;
}

// The same, where what cannot be read is undefined.
template <class Bytes>
static v8::Local<v8::Value> value_of(Isolate::State& s, const Ref<Bytes>& bytes, Stacks stacks = Stacks::kLeft) {
  v8::Local<v8::Value> value;
  return read_value(s, bytes, stacks, value) ? value : v8::Undefined(s.isolate).As<v8::Value>();
}

static void refill(Isolate::State& s, ContextId id) {
  if (ContextState* context = s.find(id)) {
    context->budget_units = s.options.cpu_limit.us * kMeterUnitsPerMicrosecond;
  }
}

static void settled(Isolate::State& s, ContextId id) {
  ContextState* context = s.find(id);
  if (context && context->pending > 0) --context->pending;
}

TurnResult Isolate::dispatch_fetch(ContextId id, EventId event, std::string_view entrypoint,
                                   const HttpRequest& request, std::string_view props) {
  State& s = *state_;
  return s.run(id, kHookDispatchFetch, [&](Argv argv) {
    s.slot(static_cast<uint32_t>(id)).in_js = true;
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = internalized(s.isolate, entrypoint);
    const int argc = 3 + request_arguments(s.isolate, argv + 3, request);
    if (props.empty()) return argc;
    argv[argc] = from_utf8(s.isolate, props);
    return argc + 1;
  });
}

TurnResult Isolate::dispatch_scheduled(ContextId id, EventId event, std::string_view entrypoint,
                                       int64_t scheduled_ms, std::string_view cron) {
  State& s = *state_;
  return s.run(id, kHookDispatchScheduled, [&](Argv argv) {
    s.slot(static_cast<uint32_t>(id)).in_js = true;
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = internalized(s.isolate, entrypoint);
    argv[3] = v8::Number::New(s.isolate, static_cast<double>(scheduled_ms));
    argv[4] = one_byte(s.isolate, cron);
    return 5;
  });
}

TurnResult Isolate::dispatch_rpc(ContextId id, EventId event, std::string_view entrypoint,
                                 std::string_view method, const Ref<Buffer>& arguments,
                                 std::string_view props) {
  State& s = *state_;
  return s.run(id, kHookDispatchRpc, [&](Argv argv) {
    s.slot(static_cast<uint32_t>(id)).in_js = true;
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = internalized(s.isolate, entrypoint);
    argv[3] = from_utf8(s.isolate, method);
    const bool good = read_value(s, arguments, Stacks::kLeft, argv[4]);
    argv[5] = v8::Undefined(s.isolate);
    if (!props.empty()) argv[5] = from_utf8(s.isolate, props);
    return good ? 6 : unread(s, argv, 6);
  });
}

// Numbers of references as an array.
static v8::Local<v8::Value> numbers_value(v8::Isolate* isolate, std::span<const uint32_t> numbers) {
  std::vector<v8::Local<v8::Value>> items;
  for (uint32_t n : numbers) items.push_back(unsigned_value(isolate, n));
  return v8::Array::New(isolate, items.data(), items.size());
}

TurnResult Isolate::dispatch_rpc_message(ContextId id, EventId event, const RpcEvent& call) {
  State& s = *state_;
  ContextState* context = s.find(id);
  if (context && context->kind == ContextKind::kActor) refill(s, id);
  return s.run(id, kHookDispatchRpcMessage, [&](Argv argv) {
    s.slot(static_cast<uint32_t>(id)).in_js = true;
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = unsigned_value(s.isolate, static_cast<uint32_t>(call.on));
    argv[3] = internalized(s.isolate, call.entrypoint);
    argv[4] = v8::Undefined(s.isolate);
    if (!call.props.empty()) argv[4] = from_utf8(s.isolate, call.props);
    argv[5] = unsigned_value(s.isolate, call.number);
    argv[6] = from_utf8(s.isolate, call.method);
    argv[7] = value_of(s, call.message);
    argv[8] = numbers_value(s.isolate, call.imports);
    argv[9] = unsigned_value(s.isolate, call.keep);
    return 10;
  });
}

TurnResult Isolate::rpc_released(ContextId id, uint32_t number, bool is_result) {
  State& s = *state_;
  return s.run(id, kHookRpcReleased, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, number);
    argv[2] = v8::Boolean::New(s.isolate, is_result);
    return 3;
  });
}

TurnResult Isolate::settle_rpc_message(ContextId id, OperationId operation, const Ref<Buffer>& message,
                                       std::span<const uint32_t> imports) {
  State& s = *state_;
  settled(s, id);
  return s.run(id, kHookSettleRpc, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, operation);
    argv[2] = value_of(s, message);
    argv[3] = numbers_value(s.isolate, imports);
    return 4;
  });
}

TurnResult Isolate::construct_actor(ContextId id, std::string_view class_name, const ObjectId& object,
                                    const std::string* name, uint32_t jurisdiction, uint32_t actor) {
  State& s = *state_;
  refill(s, id);
  return s.run(id, kHookConstructActor, [&](Argv argv) {
    s.slot(static_cast<uint32_t>(id)).in_js = true;
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = from_utf8(s.isolate, class_name);
    argv[2] = one_byte(s.isolate, {reinterpret_cast<const char*>(object.bytes.data()), object.bytes.size()});
    argv[3] = name ? from_utf8(s.isolate, *name).As<v8::Value>() : v8::Null(s.isolate).As<v8::Value>();
    argv[4] = unsigned_value(s.isolate, actor);
    argv[5] = unsigned_value(s.isolate, jurisdiction);
    return 6;
  });
}

TurnResult Isolate::dispatch_actor_fetch(ContextId id, EventId event, const HttpRequest& request) {
  State& s = *state_;
  refill(s, id);
  return s.run(id, kHookDispatchActorFetch, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    return 2 + request_arguments(s.isolate, argv + 2, request);
  });
}

TurnResult Isolate::dispatch_actor_rpc(ContextId id, EventId event, std::string_view method,
                                       const Ref<Buffer>& arguments) {
  State& s = *state_;
  refill(s, id);
  return s.run(id, kHookDispatchActorRpc, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = from_utf8(s.isolate, method);
    return read_value(s, arguments, Stacks::kLeft, argv[3]) ? 4 : unread(s, argv, 4);
  });
}

TurnResult Isolate::dispatch_alarm(ContextId id, EventId event, int64_t scheduled_ms, int retry_count) {
  State& s = *state_;
  refill(s, id);
  return s.run(id, kHookDispatchAlarm, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, event);
    argv[2] = v8::Number::New(s.isolate, static_cast<double>(scheduled_ms));
    argv[3] = v8::Integer::New(s.isolate, retry_count);
    return 4;
  });
}

TurnResult Isolate::socket_frame(ContextId id, uint32_t end, const SocketFrame& frame) {
  State& s = *state_;
  ContextState* context = s.find(id);
  if (context && context->kind == ContextKind::kActor) refill(s, id);
  return s.run(id, kHookSocketFrame, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, end);
    argv[2] = unsigned_value(s.isolate, static_cast<uint32_t>(frame.what));
    argv[3] = v8::Undefined(s.isolate);
    if (frame.what == SocketFrame::What::kText) argv[3] = from_utf8(s.isolate, frame.data->text());
    if (frame.what == SocketFrame::What::kBinary)
      argv[3] = new_array_buffer(s.isolate, frame.data->data(), frame.data->size());
    argv[4] = unsigned_value(s.isolate, frame.code);
    argv[5] = from_utf8(s.isolate, frame.reason);
    return 6;
  });
}

TurnResult Isolate::settle_fetch(ContextId id, OperationId operation, const HttpResponse& response) {
  State& s = *state_;
  settled(s, id);
  return s.run(id, kHookSettleFetch, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, operation);
    argv[2] = v8::Integer::New(s.isolate, response.status);
    argv[3] = one_byte(s.isolate, response.status_text);
    argv[4] = one_byte(s.isolate, response.headers.flat());
    argv[5] = from_body(s.isolate, response.body);
    if (!response.socket) return 6;
    argv[6] = unsigned_value(s.isolate, response.socket);
    return 7;
  });
}

// Resolves an operation with what `make` gives.
template <class Make>
static TurnResult settle_with(Isolate::State& s, ContextId id, OperationId operation, Make make) {
  settled(s, id);
  return s.run(id, kHookSettleValue, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, operation);
    argv[2] = make();
    return 3;
  });
}

TurnResult Isolate::settle_rpc(ContextId id, OperationId operation, const Ref<Buffer>& value) {
  State& s = *state_;
  settled(s, id);
  return s.run(id, kHookSettleValue, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, operation);
    argv[3] = v8::Boolean::New(s.isolate, !read_value(s, value, Stacks::kLeft, argv[2]));
    return 4;
  });
}

TurnResult Isolate::settle_cells(ContextId id, OperationId operation, const Cells& cells) {
  return settle_with(*state_, id, operation, [&]() -> v8::Local<v8::Value> {
    return from_cells(state_->isolate, cells);
  });
}

TurnResult Isolate::settle_undefined(ContextId id, OperationId operation) {
  return settle_with(*state_, id, operation,
                     [&]() -> v8::Local<v8::Value> { return v8::Undefined(state_->isolate); });
}

TurnResult Isolate::settle_number(ContextId id, OperationId operation, double value) {
  return settle_with(*state_, id, operation,
                     [&]() -> v8::Local<v8::Value> { return v8::Number::New(state_->isolate, value); });
}

TurnResult Isolate::settle_text(ContextId id, OperationId operation, std::string_view latin1) {
  return settle_with(*state_, id, operation,
                     [&]() -> v8::Local<v8::Value> { return one_byte(state_->isolate, latin1); });
}

TurnResult Isolate::fail(ContextId id, OperationId operation, const ErrorInfo& error) {
  State& s = *state_;
  settled(s, id);
  return s.run(id, kHookFailOperation, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, operation);
    argv[2] = from_utf8(s.isolate, error.name);
    argv[3] = from_utf8(s.isolate, error.message);
    argv[4] = v8::Integer::New(s.isolate, (error.retryable ? 1 : 0) | (error.overloaded ? 2 : 0) |
                                              (error.remote ? 4 : 0) |
                                              (error.durable_object_reset ? 8 : 0) |
                                              (error.dom_exception ? 16 : 0));
    argv[5] = one_byte(s.isolate, error.durable_object_id);
    if (!error.detail || !s.app->has_flag(kEnhancedErrors)) return 6;
    argv[6] = value_of(s, error.detail);
    return 7;
  });
}

TurnResult Isolate::fire_timer(ContextId id, TimerId timer) {
  State& s = *state_;
  auto found = s.timers.find(timer);
  if (found == s.timers.end() || found->second.context != id) return {};  // cancelled meanwhile
  const TimerState state = found->second;
  if (!state.repeat) {
    s.timers.erase(found);
    settled(s, id);
    if (ContextState* context = s.find(id)) {
      --context->timers;
      ++context->timers_ended;
    }
  }
  TurnResult result = s.run(id, kHookTimerFired, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, timer);
    return 2;
  });
  if (state.repeat && is_open(id) && s.timers.contains(timer)) {
    s.host->start_timer(id, timer, state.delay_ms);
  }
  return result;
}

TurnResult Isolate::enter_section(ContextId id, SectionId section) {
  State& s = *state_;
  return s.run(id, kHookSectionEntered, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, section);
    return 2;
  });
}

TurnResult Isolate::leave_section(ContextId id, SectionId section) {
  State& s = *state_;
  settled(s, id);
  return s.run(id, kHookSectionLeft, [&](Argv argv) {
    argv[0] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    argv[1] = unsigned_value(s.isolate, section);
    return 2;
  });
}

int Isolate::find_hook(std::string_view name) const {
  const auto& names = state_->extra_hook_names;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return -1;
}

TurnResult Isolate::run_hook(ContextId id, int hook, std::span<const HookArgument> arguments) {
  State& s = *state_;
  ORRERY_CHECK(hook >= 0 && static_cast<size_t>(hook) < s.extra_hooks.size());
  ORRERY_CHECK(arguments.size() <= 10);
  return s.run_function(id, s.extra_hooks[static_cast<size_t>(hook)], [&](Argv argv) {
    int argc = 0;
    argv[argc++] = unsigned_value(s.isolate, static_cast<uint32_t>(id));
    for (const HookArgument& argument : arguments) {
      switch (argument.kind) {
        case HookArgument::Kind::kUndefined:
          argv[argc++] = v8::Undefined(s.isolate);
          break;
        case HookArgument::Kind::kNumber:
          argv[argc++] = v8::Number::New(s.isolate, argument.number);
          break;
        case HookArgument::Kind::kText:
          argv[argc++] = one_byte(s.isolate, argument.text);
          break;
        case HookArgument::Kind::kBytes:
          argv[argc++] = new_array_buffer(s.isolate, argument.bytes->data(), argument.bytes->size());
          break;
        case HookArgument::Kind::kSerialized:
          argv[argc++] = value_of(s, argument.bytes, Stacks::kKept);
          break;
      }
    }
    return argc;
  });
}

}  // namespace orrery::runtime
