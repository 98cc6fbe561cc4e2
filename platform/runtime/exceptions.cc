// From a JavaScript exception to an ErrorInfo, with positions in the user's own sources.
#include <cctype>

#include "platform/runtime/clone.h"
#include "platform/runtime/clone_hooks.h"
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/meter_text.h"
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

// Takes an error's class and message from its text as the engine writes it without running anything, "TypeError: text".
// False: it begins with no class that errors keep.
static bool read_text(const std::string& text, ErrorInfo& error) {
  static constexpr std::string_view kKept[] = {
      "Error", "RangeError", "TypeError", "SyntaxError", "ReferenceError", "EvalError", "URIError",
      "AggregateError", "CompileError", "LinkError", "RuntimeError"};
  for (std::string_view name : kKept) {
    if (!text.starts_with(name)) continue;
    error.name = name;
    size_t at = name.size();
    if (at == text.size() || text[at] != ':') at = text.size() - 1;
    do ++at; while (at < text.size() && text[at] == ' ');
    error.message = text.substr(at);
    return true;
  }
  return false;
}

static bool is_computed(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                        std::string_view name) {
  const v8::Local<v8::String> key = internalized(isolate, name);
  for (v8::Local<v8::Value> at = object; at->IsObject() && !at->IsProxy(); at = at.As<v8::Object>()->GetPrototype()) {
    v8::Local<v8::Value> found;
    if (!at.As<v8::Object>()->GetOwnPropertyDescriptor(context, key).ToLocal(&found)) return false;
    if (found->IsObject()) return found.As<v8::Object>()->Has(context, internalized(isolate, "get")).FromMaybe(false);
  }
  return false;
}

ErrorInfo Isolate::State::describe(v8::Local<v8::Value> exception) const {
  ErrorInfo error;
  v8::HandleScope handles(isolate);
  v8::TryCatch quiet(isolate);  // getters of the error may throw
  v8::Local<v8::Context> c = local_context();
  v8::Local<v8::String> shown;
  const std::string text = exception->ToDetailString(c).ToLocal(&shown) ? without_meter(to_utf8(isolate, shown)) : "";
  if (!exception->IsObject()) {
    error.message = text;
    return error;
  }
  v8::Local<v8::Object> object = exception.As<v8::Object>();
  // Its constructor by the prototype: the engine itself takes it for an Error.
  v8::Local<v8::Value> constructor;
  if (object->Get(c, one_byte(isolate, "constructor")).ToLocal(&constructor) && constructor->IsFunction())
    error.dom_exception = to_utf8(isolate, constructor.As<v8::Function>()->GetName()) == "DOMException";
  const bool own_name = exception->IsNativeError() && (error.dom_exception || !read_text(text, error));
  if (own_name) {
    // A name that is computed stays behind.
    error.name = is_computed(isolate, c, object, "name") ? "Error" : property_text(isolate, c, object, "name");
    error.message = property_text(isolate, c, object, "message");
  } else if (!exception->IsNativeError() && !read_text(text, error)) {
    error.message = text;
    // A class of the platform whose own name the bundler has changed.
    if (text.starts_with("#<_") && !constructor.IsEmpty() && constructor->IsObject())
      error.message = "#<" + property_text(isolate, c, constructor.As<v8::Object>(), "name") + ">";
  }
  if (error.name.empty()) error.name = "Error";
  error.stack = map_stack(property_text(isolate, c, object, "stack"));
  error.durable_object_id = property_text(isolate, c, object, "durableObjectId");
  // One of the two is what an error is: being overloaded counts more.
  error.overloaded = property_true(isolate, c, object, "overloaded");
  error.retryable = !error.overloaded && property_true(isolate, c, object, "retryable");
  error.remote = property_true(isolate, c, object, "remote");
  return error;
}

ErrorInfo Isolate::State::describe_thrown(v8::Local<v8::Value> exception) const {
  ErrorInfo error = describe(exception);
  // Other values have no more than their text, and what cannot be cloned goes without.
  if (!exception->IsObject() || error.dom_exception || ending != TurnKind::kOk) return error;
  v8::HandleScope handles(isolate);
  v8::TryCatch quiet(isolate);
  error.detail = serialize(isolate, local_context(), exception);
  return error;
}

ErrorInfo Isolate::State::describe(v8::TryCatch& caught) const {
  v8::HandleScope handles(isolate);
  v8::Local<v8::Value> exception = caught.Exception();
  v8::Local<v8::Message> message = caught.Message();
  caught.Reset();  // an exception that C++ threw is still scheduled, and would break the getters
  ErrorInfo error = describe_thrown(exception);
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

v8::MaybeLocal<v8::Value> pack_clone(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  return Isolate::from(isolate).state().call_quietly(kHookPackClone, 1, &value);
}

v8::MaybeLocal<v8::Value> unpack_clone(v8::Isolate* isolate, v8::Local<v8::Value> message, bool keep_stacks) {
  v8::Local<v8::Value> argv[] = {message, v8::Boolean::New(isolate, keep_stacks)};
  return Isolate::from(isolate).state().call_quietly(kHookUnpackClone, 2, argv);
}

}  // namespace orrery::runtime
