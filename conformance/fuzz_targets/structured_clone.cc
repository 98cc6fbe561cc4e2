// Goal: any bytes as a stored value give a value or throw one exception with a text, and what was read can be written and
// read again. Method: a Worker logs a line; within that turn, as storage would, its host reads the bytes, writes
// what it got, and reads that. V8 itself carries no coverage counters, so the shape of the value, or the text of the
// error, guides the search instead.
#include <v8.h>

#include <memory>
#include <string>

#include "conformance/fuzz_targets/targets.h"
#include "platform/runtime/clone.h"
#include "platform/runtime/tests/fake_host.h"
#include "sim/core/check.h"
#include "sim/core/hash.h"

namespace orrery::fuzz_targets {
namespace {

constexpr size_t kCounters = 1 << 14;
// libFuzzer looks for this section, and takes what is in it as coverage.
__attribute__((section("__libfuzzer_extra_counters"), used)) uint8_t seen[kCounters];

// So many inputs in an isolate: what is left behind by one would be found with the next.
constexpr int kInputsInIsolate = 2000;
constexpr int kDepthMax = 4, kMembersMax = 6;

void note(uint64_t what) { seen[mix64(what, 0) % kCounters] = 1; }

// Which of the engine's kinds a value is.
uint64_t kind_of(v8::Local<v8::Value> v) {
  const bool is[] = {v->IsUndefined(), v->IsNull(), v->IsBoolean(), v->IsInt32(), v->IsNumber(), v->IsString(), v->IsBigInt(),
                     v->IsArray(), v->IsDate(), v->IsRegExp(), v->IsMap(), v->IsSet(), v->IsNativeError(), v->IsArrayBuffer(),
                     v->IsTypedArray(), v->IsDataView(), v->IsBooleanObject(), v->IsNumberObject(), v->IsStringObject(),
                     v->IsBigIntObject(), v->IsUint8Array(), v->IsFloat64Array(), v->IsFunction(), v->IsProxy()};
  uint64_t bits = 1;
  for (const bool one : is) bits = bits << 1 | (one ? 1 : 0);
  return bits;
}

void note_shape(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> value, uint64_t path, int depth) {
  path = mix64(path, kind_of(value));
  note(path);
  if (!value->IsObject() || depth == kDepthMax) return;
  v8::Local<v8::Object> object = value.As<v8::Object>();
  if (value->IsTypedArray() || value->IsArrayBuffer() || value->IsFunction() || value->IsProxy()) return;
  note(mix64(path, *v8::String::Utf8Value(isolate, object->GetConstructorName()) ? static_cast<uint64_t>(object->GetConstructorName()->Length()) : 0));
  if (value->IsMap()) object = value.As<v8::Map>()->AsArray();
  if (value->IsSet()) object = value.As<v8::Set>()->AsArray();
  // A list of its own names: an array of four thousand million places has few.
  v8::Local<v8::Array> names;
  if (!object->GetOwnPropertyNames(context, static_cast<v8::PropertyFilter>(v8::SKIP_SYMBOLS)).ToLocal(&names)) return;
  for (uint32_t i = 0; i < names->Length() && i < kMembersMax; ++i) {
    v8::Local<v8::Value> name, member;
    if (names->Get(context, i).ToLocal(&name) && object->Get(context, name).ToLocal(&member))
      note_shape(isolate, context, member, path, depth + 1);
  }
}

// What was thrown, as text.
std::string text_of_exception(v8::Isolate* isolate, const v8::TryCatch& caught) {
  if (caught.HasTerminated()) return "terminated";
  v8::String::Utf8Value text(isolate, caught.Exception());
  return *text ? *text : "";
}

class Reader final : public runtime::FakeHost {
 public:
  void console(runtime::ContextId, runtime::ConsoleLevel, std::string_view, const runtime::SourcePosition&) override {
    ++reads;
    v8::Isolate* isolate = v8::Isolate::GetCurrent();
    v8::HandleScope handles(isolate);
    v8::Local<v8::Context> context = isolate->GetCurrentContext();
    v8::Local<v8::Value> value;
    if (!read(isolate, context, input, value)) return;
    note_shape(isolate, context, value, 0, 0);
    Ref<Buffer> again;
    {
      v8::TryCatch caught(isolate);
      again = runtime::serialize(isolate, context, value);
      if (!again) {
        ORRERY_CHECK(caught.HasCaught(), "what cannot be written throws");
        const std::string text = text_of_exception(isolate, caught);
        note(hash_bytes(text));
        // Only what no serialiser of ours wrote: a message of RPC, and values nested deeper than the stack.
        const bool packed = !input.empty() && input[0] == 0xfe;
        if (!packed && !caught.HasTerminated() && text.find("Maximum call stack") == text.npos) {
          std::fprintf(stderr, "was read, cannot be written: %s\n", text.c_str());
          std::abort();
        }
        return;
      }
    }
    v8::Local<v8::Value> back;
    // Deeper than the stack for its reader, though not for its writer.
    if (!read(isolate, context, again->bytes(), back))
      ORRERY_CHECK(last_error.find("Maximum call stack") != std::string::npos || last_error == "terminated",
                   "what was written is read");
    else
      ORRERY_CHECK(value->IsObject() || kind_of(value) == kind_of(back), "and is of the same kind");
  }

  bool read(v8::Isolate* isolate, v8::Local<v8::Context> context, Bytes bytes, v8::Local<v8::Value>& value) {
    v8::TryCatch caught(isolate);
    if (runtime::deserialize(isolate, context, bytes).ToLocal(&value)) {
      ORRERY_CHECK(!caught.HasCaught(), "a value, and no exception beside it");
      return true;
    }
    ORRERY_CHECK(caught.HasCaught(), "what cannot be read throws");
    last_error = text_of_exception(isolate, caught);
    ORRERY_CHECK(!last_error.empty(), "and says why");
    note(hash_bytes(last_error));
    return false;
  }

  Bytes input;
  std::string last_error;
  int reads = 0;
};

struct Worker {
  Worker() : isolate(runtime::test_snapshot(), runtime::test_app("export default { fetch() { console.log('now'); return new Response('done'); } };"), host, {}) {
    ORRERY_CHECK(isolate.start());
  }
  Reader host;
  runtime::Isolate isolate;
  int inputs = 0;
};

}  // namespace

void structured_clone(Bytes input) {
  static std::unique_ptr<Worker> worker;
  if (!worker || ++worker->inputs > kInputsInIsolate) {
    worker.reset();
    worker = std::make_unique<Worker>();
  }
  worker->host.input = input;
  const int before = worker->host.reads;
  runtime::HttpRequest request;
  request.add_reference();
  request.method = "GET";
  request.url = "https://example.com/";
  const runtime::ContextId context = worker->isolate.open_context(runtime::ContextKind::kStateless);
  const runtime::TurnResult turn = worker->isolate.dispatch_fetch(context, 1, "", request);
  ORRERY_CHECK(worker->host.reads == before + 1, "the turn got to its reading");
  // A turn that was cut off (too much memory, too deep) takes its isolate along.
  const bool answered = turn && worker->host.responses.contains(1);
  if (!answered) {
    worker.reset();
    return;
  }
  worker->host.responses.clear();
  worker->isolate.close_context(context);
}

}  // namespace orrery::fuzz_targets
