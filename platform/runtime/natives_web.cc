// The natives that platform/web asks its embedder for (platform/web/js/natives.md), and the CPU meter's trip.
#include <cstring>

#include "platform/runtime/clone.h"
#include "platform/runtime/native_helpers.h"
#include "platform/runtime/utf8.h"
#include "platform/web/natives/idna.h"

namespace orrery::runtime {
namespace {

void utf8_encode(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  const std::string text = to_utf8(isolate, info[0]);
  v8::Local<v8::ArrayBuffer> buffer = new_array_buffer(isolate, text.data(), text.size());
  info.GetReturnValue().Set(v8::Uint8Array::New(buffer, 0, text.size()));
}

// utf8Decode(view, fatal) -> string, or null when it is malformed and must not be.
void utf8_decode(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  v8::Local<v8::Value> result = v8::Null(isolate);
  with_bytes(info[0], [&](const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (is_ascii(bytes)) {
      result = one_byte(isolate, bytes);
      return;
    }
    std::u16string text;
    const bool good = decode_utf8(bytes, text);
    if (!good && info[1]->IsTrue()) return;
    result = v8::String::NewFromTwoByte(isolate, reinterpret_cast<const uint16_t*>(text.data()),
                                        v8::NewStringType::kNormal, static_cast<int>(text.size()))
                 .ToLocalChecked();
  });
  info.GetReturnValue().Set(result);
}

// idnaToAscii(domain, beStrict) -> string or null
void idna_to_ascii(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  const std::optional<std::string> ascii =
      web::domain_to_ascii(to_utf8(isolate, info[0]), info[1]->IsTrue());
  if (ascii) {
    info.GetReturnValue().Set(from_utf8(isolate, *ascii));
  } else {
    info.GetReturnValue().SetNull();
  }
}

void idna_to_unicode(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  info.GetReturnValue().Set(from_utf8(isolate, web::domain_to_unicode(to_utf8(isolate, info[0]))));
}

void random_bytes(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  with_bytes(info[0], [&](uint8_t* data, size_t size) { s.host->random_bytes({data, size}); });
}

// Milliseconds since timeOrigin, which is 0: the clock of the turn.
void performance_now(Arguments info) {
  info.GetReturnValue().Set(static_cast<double>(state_of(info).clock_us / 1000));
}

void time_origin(Arguments info) { info.GetReturnValue().Set(0); }

// timerStart(delayMs, repeat) -> id, or of the timers that ended, negative, when no more may be active
void timer_start(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  ContextState& context = s.slot(s.current_slot);
  if (context.timers >= kTimersPerContext) {
    info.GetReturnValue().Set(-static_cast<int32_t>(context.timers_ended));
    return;
  }
  const double delay = info[0]->IsNumber() ? info[0].As<v8::Number>()->Value() : 0;
  constexpr double kLongestMs = 100.0 * 365 * 24 * 3600 * 1000;  // durable-objects.md section 4
  const auto delay_ms = static_cast<int64_t>(delay > 0 ? (delay < kLongestMs ? delay : kLongestMs) : 0);
  const TimerId id = s.next_timer;
  s.next_timer = id >= 0x3fffffff ? 1 : id + 1;
  s.timers[id] = {s.current_id(), delay_ms, info[1]->IsTrue()};
  // Most timers are gone long before their context: the list is swept when it doubles.
  if (context.timer_ids.size() >= 16 && context.timer_ids.size() >= 2 * static_cast<size_t>(context.timers)) {
    std::erase_if(context.timer_ids, [&](TimerId each) { return !s.timers.contains(each); });
  }
  context.timer_ids.push_back(id);
  ++context.timers;
  ++context.pending;
  s.host->start_timer(s.current_id(), id, delay_ms);
  info.GetReturnValue().Set(id);
}

void timer_cancel(Arguments info) {
  Isolate::State& s = state_of(info);
  const TimerId id = unsigned_at(info, 0);
  auto found = s.timers.find(id);
  if (found == s.timers.end()) return;
  const ContextId owner = found->second.context;
  s.timers.erase(found);
  if (ContextState* context = s.find(owner)) {
    --context->timers;
    ++context->timers_ended;
    if (context->pending > 0) --context->pending;
    s.host->cancel_timer(owner, id);
  }
}

void queue_microtask(Arguments info) {
  if (info[0]->IsFunction()) info.GetIsolate()->EnqueueMicrotask(info[0].As<v8::Function>());
}

// structuredClone(value, transfer, makeError)
void clone(Arguments info) {
  Isolate::State& s = state_of(info);
  v8::Local<v8::Array> transfer =
      info[1]->IsArray() ? info[1].As<v8::Array>() : v8::Array::New(s.isolate, 0);
  v8::Local<v8::Value> copy;
  if (structured_clone(s.isolate, s.local_context(), info[0], transfer).ToLocal(&copy)) {
    info.GetReturnValue().Set(copy);
  }
}

void report_error(Arguments info) {
  Isolate::State& s = state_of(info);
  const ErrorInfo error = s.describe(info[0]);
  s.host->console(s.current_id(), ConsoleLevel::kError,
                  "Uncaught " + (error.stack.empty() ? error.text() : error.stack),
                  s.self->current_position());
}

ConsoleLevel level_of(std::string_view name) {
  if (name == "debug") return ConsoleLevel::kDebug;
  if (name == "info") return ConsoleLevel::kInfo;
  if (name == "warn") return ConsoleLevel::kWarn;
  if (name == "error") return ConsoleLevel::kError;
  return ConsoleLevel::kLog;
}

void console_write(Arguments info) {
  Isolate::State& s = state_of(info);
  const SourcePosition position = s.self->current_position();
  const std::string text = to_utf8(s.isolate, info[1]);
  // The line is formatted and written: several microseconds, and more for a long one.
  if (s.in_turn && !s.self->charge(kConsoleLineUnits + static_cast<int64_t>(text.size() / 8))) return;
  s.host->console(s.current_id(), level_of(to_latin1(s.isolate, info[0])), text, position);
}

void promise_details(Arguments info) {
  if (!info[0]->IsPromise()) return;
  v8::Isolate* isolate = info.GetIsolate();
  auto promise = info[0].As<v8::Promise>();
  const v8::Promise::PromiseState state = promise->State();
  v8::Local<v8::Value> pair[] = {v8::Integer::New(isolate, state), v8::Undefined(isolate)};
  if (state != v8::Promise::kPending) pair[1] = promise->Result();
  info.GetReturnValue().Set(v8::Array::New(isolate, pair, 2));
}

void proxy_details(Arguments info) {
  if (!info[0]->IsProxy()) return;
  v8::Local<v8::Value> target = info[0].As<v8::Proxy>()->GetTarget();
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), &target, 1));
}

// trip(): the chunk of CPU time is used up.
void meter_trip(Arguments info) {
  Isolate::State& s = state_of(info);
  if (s.in_turn) s.refill_or_terminate();
}

constexpr NativeFunction kNatives[] = {
    {"utf8Encode", utf8_encode},
    {"utf8Decode", utf8_decode},
    {"idnaToAscii", idna_to_ascii},
    {"idnaToUnicode", idna_to_unicode},
    {"randomBytes", random_bytes},
    {"performanceNow", performance_now},
    {"timeOrigin", time_origin},
    {"timerStart", timer_start},
    {"timerCancel", timer_cancel},
    {"queueMicrotask", queue_microtask},
    {"structuredClone", clone},
    {"reportError", report_error},
    {"consoleWrite", console_write},
    {"promiseDetails", promise_details},
    {"proxyDetails", proxy_details},
    {"meterTrip", meter_trip},
};

}  // namespace

std::span<const NativeFunction> web_natives() { return kNatives; }

}  // namespace orrery::runtime
