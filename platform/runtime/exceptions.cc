// From a JavaScript exception to an ErrorInfo, with positions in the user's own sources.
#include <cctype>

#include "platform/runtime/clone_hooks.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::runtime {
namespace {

std::string property_text(v8::Isolate* isolate, v8::Local<v8::Context> context,
                          v8::Local<v8::Object> object, std::string_view name) {
  v8::Local<v8::Value> value;
  if (!object->Get(context, internalized(isolate, name)).ToLocal(&value)) return {};
  return to_utf8(isolate, value);
}

bool property_true(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                   std::string_view name) {
  v8::Local<v8::Value> value;
  return object->Get(context, internalized(isolate, name)).ToLocal(&value) &&
         value->BooleanValue(isolate);
}

// Splits "...(index.js:12:34)" or "... at index.js:12:34" into what is before the place and the place.
struct Place {
  size_t begin = 0, end = 0;
  std::string module;
  int line = 0, column = 0;
};

bool find_place(const std::string& text, Place& place) {
  size_t end = text.size();
  if (end && text[end - 1] == ')') --end;
  auto number = [&](size_t& at, int& value) {
    size_t begin = at;
    while (begin > 0 && std::isdigit(static_cast<unsigned char>(text[begin - 1]))) --begin;
    if (begin == at || begin == 0 || text[begin - 1] != ':' || at - begin > 9) return false;
    value = std::stoi(text.substr(begin, at - begin));
    at = begin - 1;
    return true;
  };
  size_t at = end;
  if (!number(at, place.column) || !number(at, place.line)) return false;
  size_t begin = text.rfind('(', at);
  begin = begin == std::string::npos ? text.rfind(' ', at) : begin;
  if (begin == std::string::npos) return false;
  place.begin = begin + 1;
  place.end = end;
  place.module = text.substr(place.begin, at - place.begin);
  return true;
}

}  // namespace

bool Isolate::State::map_position(const std::string& module, int line, int column,
                                  SourcePosition& out) const {
  if (app->lookup && app->lookup(module, line, column, out)) return true;
  out = {module, line, column};
  return true;
}

std::string Isolate::State::map_stack(const std::string& stack) const {
  std::string out;
  for (size_t at = 0; at < stack.size();) {
    size_t end = stack.find('\n', at);
    if (end == std::string::npos) end = stack.size();
    std::string line = stack.substr(at, end - at);
    at = end + 1;
    Place place;
    const bool frame = line.starts_with("    at ");
    if (frame && find_place(line, place)) {
      if (place.module == kBootstrapName) continue;
      SourcePosition position;
      if (map_position(place.module, place.line, place.column, position)) {
        line = line.substr(0, place.begin) + position.text() + line.substr(place.end);
      }
    }
    if (!out.empty()) out.push_back('\n');
    out += line;
  }
  return out;
}

ErrorInfo Isolate::State::describe(v8::Local<v8::Value> exception) const {
  ErrorInfo error;
  v8::HandleScope handles(isolate);
  v8::TryCatch quiet(isolate);  // getters of the error may throw
  v8::Local<v8::Context> c = local_context();
  if (!exception->IsObject()) {
    v8::Local<v8::String> text;
    if (exception->IsSymbol()) {
      error.message = "a symbol was thrown";
    } else if (exception->ToString(c).ToLocal(&text)) {
      error.message = to_utf8(isolate, text);
    }
    return error;
  }
  v8::Local<v8::Object> object = exception.As<v8::Object>();
  error.name = property_text(isolate, c, object, "name");
  error.message = property_text(isolate, c, object, "message");
  if (error.name.empty()) error.name = "Error";
  if (!exception->IsNativeError()) {
    v8::Local<v8::String> text;
    if (error.message.empty() && object->ToString(c).ToLocal(&text)) error.message = to_utf8(isolate, text);
  }
  error.stack = map_stack(property_text(isolate, c, object, "stack"));
  error.durable_object_id = property_text(isolate, c, object, "durableObjectId");
  error.retryable = property_true(isolate, c, object, "retryable");
  error.overloaded = property_true(isolate, c, object, "overloaded");
  error.remote = property_true(isolate, c, object, "remote");
  error.durable_object_reset = property_true(isolate, c, object, "durableObjectReset");
  // Its constructor by the prototype: the engine itself takes it for an Error.
  v8::Local<v8::Value> constructor;
  if (object->Get(c, one_byte(isolate, "constructor")).ToLocal(&constructor) && constructor->IsFunction())
    error.dom_exception = to_utf8(isolate, constructor.As<v8::Function>()->GetName()) == "DOMException";
  return error;
}

ErrorInfo Isolate::State::describe(v8::TryCatch& caught) const {
  v8::HandleScope handles(isolate);
  v8::Local<v8::Value> exception = caught.Exception();
  v8::Local<v8::Message> message = caught.Message();
  caught.Reset();  // an exception that C++ threw is still scheduled, and would break the getters
  ErrorInfo error = describe(exception);
  if (error.stack.find("\n    at ") == std::string::npos && !message.IsEmpty()) {
    const std::string module = to_utf8(isolate, message->GetScriptResourceName());
    SourcePosition position;
    if (!module.empty() && module != kBootstrapName &&
        map_position(module, message->GetLineNumber(local_context()).FromMaybe(0),
                     message->GetStartColumn() + 1, position)) {
      error.stack = error.text() + "\n    at " + position.text();
    }
  }
  return error;
}

SourcePosition Isolate::current_position() const {
  State& s = *state_;
  v8::HandleScope handles(s.isolate);
  SourcePosition position;
  v8::Local<v8::StackTrace> stack = v8::StackTrace::CurrentStackTrace(
      s.isolate, 16,
      static_cast<v8::StackTrace::StackTraceOptions>(v8::StackTrace::kScriptName |
                                                     v8::StackTrace::kLineNumber |
                                                     v8::StackTrace::kColumnOffset));
  for (int i = 0; i < stack->GetFrameCount(); ++i) {
    v8::Local<v8::StackFrame> frame = stack->GetFrame(s.isolate, static_cast<uint32_t>(i));
    v8::Local<v8::String> script = frame->GetScriptName();
    if (script.IsEmpty()) continue;
    const std::string name = to_utf8(s.isolate, script);
    if (name.empty() || name == kBootstrapName) continue;
    s.map_position(name, frame->GetLineNumber(), frame->GetColumn(), position);
    return position;
  }
  return position;
}

void throw_data_clone_error(v8::Isolate* isolate, v8::Local<v8::String> message) {
  Isolate::State& s = Isolate::from(isolate).state();
  v8::Local<v8::Value> argv[] = {message};
  v8::Local<v8::Value> error;
  if (s.call_quietly(kHookDataCloneError, 1, argv).ToLocal(&error)) isolate->ThrowException(error);
}

}  // namespace orrery::runtime
