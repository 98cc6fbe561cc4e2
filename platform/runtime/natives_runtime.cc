// What the runtime's own JavaScript calls: answers, outgoing calls, ids, critical sections. Thin: arguments are
// read and handed to IsolateHost.
#include "platform/runtime/clone.h"
#include "platform/runtime/meter_text.h"
#include "platform/runtime/native_helpers.h"

namespace orrery::runtime {
namespace {

constexpr size_t kIdBytes = 32;

bool read_id(Arguments info, int index, ObjectId& id) {
  if (!info[index]->IsString()) return false;
  auto text = info[index].As<v8::String>();
  if (text->Length() != static_cast<int>(kIdBytes)) return false;
  text->WriteOneByte(info.GetIsolate(), id.bytes.data(), 0, kIdBytes, v8::String::NO_NULL_TERMINATION);
  return true;
}

v8::Local<v8::String> raw_id(v8::Isolate* isolate, const ObjectId& id) {
  return one_byte(isolate, {reinterpret_cast<const char*>(id.bytes.data()), kIdBytes});
}

// Arguments 1 to 5 of startFetch and startRpc: kind, binding, stub, id, name.
Target read_target(Arguments info, std::string& name) {
  Target target;
  target.kind = static_cast<TargetKind>(unsigned_at(info, 1));
  target.binding = unsigned_at(info, 2);
  target.stub = unsigned_at(info, 3);
  if (target.kind == TargetKind::kDurableObject) {
    read_id(info, 4, target.id);
    name = to_utf8(info.GetIsolate(), info[5]);
    target.object_name = name;
  }
  return target;
}

void in_context(Arguments info) {
  const Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(s.in_turn && s.current_slot != 0);
}

// startFetch(operation, kind, binding, stub, id, name, method, url, headers, body, cf, redirect)
void start_fetch(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  std::string name;
  const Target target = read_target(info, name);
  Ref<HttpRequest> request = make_ref<HttpRequest>();
  request->method = to_latin1(s.isolate, info[6]);
  request->url = to_utf8(s.isolate, info[7]);
  request->headers = HeaderList(to_latin1(s.isolate, info[8]));
  request->body = to_body(s.isolate, info[9]);
  request->cf_json = to_utf8(s.isolate, info[10]);
  request->redirect = static_cast<uint8_t>(unsigned_at(info, 11));
  ++s.slot(s.current_slot).pending;
  s.host->start_fetch(s.current_id(), unsigned_at(info, 0), target, std::move(request));
}

Ref<Buffer> rpc_bytes(Isolate::State& s, v8::Local<v8::Value> value);

// startRpc(operation, kind, binding, stub, id, name, method, arguments)
void start_rpc(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  std::string name;
  const Target target = read_target(info, name);
  const std::string method = to_utf8(s.isolate, info[6]);
  Ref<Buffer> arguments = rpc_bytes(s, info[7]);
  if (!arguments) return;
  ++s.slot(s.current_slot).pending;
  s.host->start_rpc(s.current_id(), unsigned_at(info, 0), target, method, std::move(arguments));
}

// The numbers in an array of the bridge.
std::vector<uint32_t> numbers_at(Arguments info, int index) {
  std::vector<uint32_t> out;
  if (!info[index]->IsArray()) return out;
  auto list = info[index].As<v8::Array>();
  auto context = info.GetIsolate()->GetCurrentContext();
  for (uint32_t i = 0; i < list->Length(); ++i) {
    v8::Local<v8::Value> item;
    if (list->Get(context, i).ToLocal(&item) && item->IsUint32())
      out.push_back(item.As<v8::Uint32>()->Value());
  }
  return out;
}

// An RPC message as bytes; null: an exception is pending.
Ref<Buffer> rpc_bytes(Isolate::State& s, v8::Local<v8::Value> value) {
  Ref<Buffer> bytes = serialize(s.isolate, s.local_context(), value);
  if (!bytes || bytes->size() <= kRpcMessageBytes) return bytes;
  throw_error(s.isolate, "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value "
                         "was: " + std::to_string(bytes->size()) + " bytes.");
  return nullptr;
}

// startRpcCall(operation, kind, binding, stub, id, name, label, message, exports, on)
void start_rpc_call(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  std::string name;
  const Target target = read_target(info, name);
  const std::string label = to_utf8(s.isolate, info[6]);
  Ref<Buffer> message = rpc_bytes(s, info[7]);
  if (!message) return;
  const std::vector<uint32_t> exports = numbers_at(info, 8);
  ++s.slot(s.current_slot).pending;
  s.host->start_rpc_call(s.current_id(), unsigned_at(info, 0), target, label, std::move(message), exports,
                         unsigned_at(info, 9));
}

void keep_result(Arguments info) {
  Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(s.host->keep_result(s.current_id(), unsigned_at(info, 0)));
}

// respondRpc(event, message, exports)
void respond_rpc(Arguments info) {
  Isolate::State& s = state_of(info);
  Ref<Buffer> message = rpc_bytes(s, info[1]);
  if (message) s.host->respond_rpc(s.current_id(), unsigned_at(info, 0), std::move(message), numbers_at(info, 2));
}

void import_own(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(s.host->import_own(s.current_id(), unsigned_at(info, 0)));
}

// writeStream(operation, number, chunk): no chunk: the end.
void write_stream(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  ++s.slot(s.current_slot).pending;
  s.host->write_stream(s.current_id(), unsigned_at(info, 0), unsigned_at(info, 1), to_body(s.isolate, info[2]));
}

// failStream(number, error)
void fail_stream(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  const ErrorInfo error = s.describe_thrown(info[1]);
  if (s.ending != TurnKind::kOk) return;
  s.host->fail_stream(s.current_id(), unsigned_at(info, 0), error);
}

// readStream(operation, import)
void read_stream(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  ++s.slot(s.current_slot).pending;
  s.host->read_stream(s.current_id(), unsigned_at(info, 0), unsigned_at(info, 1));
}

void withdraw_export(Arguments info) {
  Isolate::State& s = state_of(info);
  s.host->withdraw_export(s.current_id(), unsigned_at(info, 0));
}

void open_sockets(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(s.host->open_sockets(s.current_id()));
}

void accept_socket(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  s.host->accept_socket(s.current_id(), unsigned_at(info, 0));
}

// sendSocket(end, what, data, code, reason): `data`: a string or a view, for frames that have it.
void send_socket(Arguments info) {
  if (!require_event(info)) return;
  using What = SocketFrame::What;
  Isolate::State& s = state_of(info);
  const What what = static_cast<What>(unsigned_at(info, 1));
  Ref<SocketFrame> frame;
  switch (what) {
    case What::kText:
      frame = SocketFrame::message(what, Buffer::copy(to_utf8(s.isolate, info[2])));
      break;
    case What::kBinary:
      with_bytes(info[2], [&](const uint8_t* data, size_t size) {
        frame = SocketFrame::message(what, Buffer::copy(data, static_cast<uint32_t>(size)));
      });
      break;
    case What::kClose:
      frame = SocketFrame::close(static_cast<uint16_t>(unsigned_at(info, 3)), to_utf8(s.isolate, info[4]));
      break;
    case What::kLost: frame = SocketFrame::lost(); break;
  }
  if (frame) s.host->send_socket(s.current_id(), unsigned_at(info, 0), std::move(frame));
}

// The value as bytes of the engine's serializer, and back.
void serialize_value(Arguments info) {
  Isolate::State& s = state_of(info);
  if (Ref<Buffer> bytes = serialize(s.isolate, s.local_context(), info[0]))
    info.GetReturnValue().Set(new_array_buffer(s.isolate, bytes->data(), bytes->size()));
}

void deserialize_value(Arguments info) {
  Isolate::State& s = state_of(info);
  with_bytes(info[0], [&](const uint8_t* data, size_t size) {
    v8::Local<v8::Value> value;
    if (deserialize(s.isolate, s.local_context(), {data, size}).ToLocal(&value)) info.GetReturnValue().Set(value);
  });
}

// Whether a compatibility flag is on.
void has_flag(Arguments info) {
  Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(s.app && s.app->has_flag(to_latin1(s.isolate, info[0])));
}

void release_import(Arguments info) { state_of(info).host->release_import(unsigned_at(info, 0)); }

// Whether the engine knows the object's kind: it clones it, or refuses it in its own words.
void is_builtin(Arguments info) {
  const v8::Local<v8::Value> v = info[0];
  info.GetReturnValue().Set(v->IsDate() || v->IsRegExp() || v->IsNativeError() || v->IsArrayBuffer() ||
                            v->IsArrayBufferView() || v->IsNumberObject() || v->IsStringObject() ||
                            v->IsBooleanObject() || v->IsBigIntObject() || v->IsSymbolObject() || v->IsMap() ||
                            v->IsSet() || v->IsPromise() || v->IsWeakMap() || v->IsWeakSet() ||
                            v->IsGeneratorObject() || v->IsProxy() || v->IsSharedArrayBuffer() ||
                            v->IsMapIterator() || v->IsSetIterator() || v->IsWasmModuleObject() ||
                            v->IsModuleNamespaceObject() || v->IsArgumentsObject());
}

// oddKind(value): 1 an error, 2 a Proxy, 0 neither, whatever its prototype is.
void odd_kind(Arguments info) {
  info.GetReturnValue().Set(info[0]->IsNativeError() ? 1 : info[0]->IsProxy() ? 2 : 0);
}

// withoutMeter(text): the text of a function, or of an error with one in it.
void strip_meter(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  if (!info[0]->IsString()) return;
  info.GetReturnValue().Set(from_utf8(isolate, without_meter(to_utf8(isolate, info[0]))));
}

void has_enhanced_errors(Arguments info) {
  info.GetReturnValue().Set(state_of(info).app->has_flag(kEnhancedErrors));
}

// holdWeakly(event, promise): within settle_lost_events.
void hold_weakly(Arguments info) {
  Isolate::State& s = state_of(info);
  Isolate::State::HeldWeakly& held =
      s.held_weakly.emplace_back(unsigned_at(info, 0), v8::Global<v8::Value>(s.isolate, info[1]));
  held.promise.SetWeak();
}

// startBinding(operation, binding, method, arguments, gated): `arguments` is an array of simple values.
void start_binding(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  const std::string method = to_latin1(s.isolate, info[2]);
  Ref<const Cells> arguments = to_cells(s.isolate, s.local_context(), info[3]);
  ++s.slot(s.current_slot).pending;
  s.host->start_binding(s.current_id(), unsigned_at(info, 0), unsigned_at(info, 1), method,
                        std::move(arguments), info[4]->IsTrue());
}

// startTurn(operation): answered in a later turn of the same context.
void start_turn(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  ++s.slot(s.current_slot).pending;
  s.host->start_turn(s.current_id(), unsigned_at(info, 0));
}

// respond(event, status, statusText, headers, body, socket): `socket` is the end of a WebSocket, or absent.
void respond(Arguments info) {
  Isolate::State& s = state_of(info);
  Ref<HttpResponse> response = make_ref<HttpResponse>();
  response->status = static_cast<int>(unsigned_at(info, 1));
  response->status_text = to_latin1(s.isolate, info[2]);
  response->headers = HeaderList(to_latin1(s.isolate, info[3]));
  response->body = to_body(s.isolate, info[4]);
  response->socket = unsigned_at(info, 5);
  s.host->respond(s.current_id(), unsigned_at(info, 0), std::move(response));
}

// respondValue(event, value, hasValue)
void respond_value(Arguments info) {
  Isolate::State& s = state_of(info);
  Ref<Buffer> value;
  if (info[2]->IsTrue()) {
    value = rpc_bytes(s, info[1]);
    if (!value) return;
  }
  s.host->respond_value(s.current_id(), unsigned_at(info, 0), std::move(value));
}

// respondError(event, error)
void respond_error(Arguments info) {
  Isolate::State& s = state_of(info);
  const ErrorInfo error = s.describe_thrown(info[1]);
  if (s.ending != TurnKind::kOk) return;  // describing it ran the event out of its time
  s.host->respond_error(s.current_id(), unsigned_at(info, 0), error);
}

void report_rejection(Arguments info) {
  Isolate::State& s = state_of(info);
  const ErrorInfo error = s.describe(info[0]);
  s.host->console(s.current_id(), ConsoleLevel::kWarn,
                  "Uncaught (in promise) " + (error.stack.empty() ? error.text() : error.stack), {});
}

// waitUntilChanged(slot, pending)
void wait_until_changed(Arguments info) {
  Isolate::State& s = state_of(info);
  const uint32_t slot = unsigned_at(info, 0);
  if (slot == 0 || slot >= s.contexts.size() || !s.slot(slot).known) return;
  s.host->wait_until_changed(s.id_of(slot), static_cast<int>(unsigned_at(info, 1)));
}

void id_from_name(Arguments info) {
  Isolate::State& s = state_of(info);
  const std::string name = to_utf8(s.isolate, info[1]);
  info.GetReturnValue().Set(raw_id(s.isolate, s.host->id_from_name(unsigned_at(info, 0), name)));
}

void new_unique_id(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  info.GetReturnValue().Set(raw_id(s.isolate, s.host->new_unique_id(unsigned_at(info, 0))));
}

void parse_id(Arguments info) {
  Isolate::State& s = state_of(info);
  ObjectId id;
  const int fault = s.host->parse_id(unsigned_at(info, 0), to_utf8(s.isolate, info[1]), id);
  if (fault) {
    info.GetReturnValue().Set(fault);
  } else {
    info.GetReturnValue().Set(raw_id(s.isolate, id));
  }
}

void jurisdiction_of_id(Arguments info) {
  ObjectId id;
  if (!read_id(info, 1, id)) return;
  info.GetReturnValue().Set(state_of(info).host->jurisdiction_of(unsigned_at(info, 0), id));
}

void hex_of_id(Arguments info) {
  ObjectId id;
  if (!read_id(info, 0, id)) return;
  char hex[2 * kIdBytes];
  for (size_t i = 0; i < kIdBytes; ++i) {
    hex[2 * i] = "0123456789abcdef"[id.bytes[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[id.bytes[i] & 15];
  }
  info.GetReturnValue().Set(one_byte(info.GetIsolate(), {hex, sizeof hex}));
}

void begin_section(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  const SectionId section = s.host->begin_section(s.current_id());
  if (section != 0) ++s.slot(s.current_slot).pending;
  info.GetReturnValue().Set(section);
}

// endSection(section, ok, error)
void end_section(Arguments info) {
  Isolate::State& s = state_of(info);
  if (info[1]->IsTrue()) {
    s.host->end_section(s.current_id(), unsigned_at(info, 0), nullptr);
    return;
  }
  const ErrorInfo error = s.describe_thrown(info[2]);
  s.host->end_section(s.current_id(), unsigned_at(info, 0), &error);
}

// abort(reason): no JavaScript of the context runs after it.
void abort(Arguments info) {
  if (!require_event(info)) return;
  Isolate::State& s = state_of(info);
  ErrorInfo reason;
  if (info[0]->IsUndefined()) {
    reason.message = "Application called abort() to reset Durable Object.";
  } else {
    // Whatever it is, callers see an Error with its text.
    v8::Local<v8::String> text;
    v8::HandleScope handles(s.isolate);
    v8::TryCatch quiet(s.isolate);
    if (info[0]->ToString(s.local_context()).ToLocal(&text)) reason.message = to_utf8(s.isolate, text);
  }
  s.host->abort_context(s.current_id(), reason);
  s.terminate(TurnKind::kAborted, reason.message);
}

constexpr NativeFunction kNatives[] = {
    {"inContext", in_context},
    {"startFetch", start_fetch},
    {"startRpc", start_rpc},
    {"startRpcCall", start_rpc_call},
    {"keepResult", keep_result},
    {"respondRpc", respond_rpc},
    {"importOwn", import_own},
    {"releaseImport", release_import},
    {"openSockets", open_sockets},
    {"acceptSocket", accept_socket},
    {"sendSocket", send_socket},
    {"serializeValue", serialize_value},
    {"deserializeValue", deserialize_value},
    {"hasFlag", has_flag},
    {"writeStream", write_stream},
    {"failStream", fail_stream},
    {"readStream", read_stream},
    {"withdrawExport", withdraw_export},
    {"isBuiltin", is_builtin},
    {"oddKind", odd_kind},
    {"holdWeakly", hold_weakly},
    {"withoutMeter", strip_meter},
    {"hasEnhancedErrors", has_enhanced_errors},
    {"startBinding", start_binding},
    {"startTurn", start_turn},
    {"respond", respond},
    {"respondValue", respond_value},
    {"respondError", respond_error},
    {"reportRejection", report_rejection},
    {"waitUntilChanged", wait_until_changed},
    {"idFromName", id_from_name},
    {"newUniqueId", new_unique_id},
    {"parseId", parse_id},
    {"jurisdictionOfId", jurisdiction_of_id},
    {"hexOfId", hex_of_id},
    {"beginSection", begin_section},
    {"endSection", end_section},
    {"abort", abort},
};

}  // namespace

std::span<const NativeFunction> runtime_natives() { return kNatives; }

}  // namespace orrery::runtime
