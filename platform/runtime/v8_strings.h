// Strings between C++ and V8, with the one-byte paths that the hot path lives on.
#pragma once

#include <v8.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/runtime/cells.h"
#include "platform/runtime/http.h"

namespace orrery::runtime {

// Each byte becomes one character (Latin-1).
inline v8::Local<v8::String> one_byte(v8::Isolate* isolate, std::string_view bytes) {
  return v8::String::NewFromOneByte(isolate, reinterpret_cast<const uint8_t*>(bytes.data()),
                                    v8::NewStringType::kNormal, static_cast<int>(bytes.size()))
      .ToLocalChecked();
}

// As above, for text that repeats (names, methods): equal strings share one object.
inline v8::Local<v8::String> internalized(v8::Isolate* isolate, std::string_view bytes) {
  return v8::String::NewFromOneByte(isolate, reinterpret_cast<const uint8_t*>(bytes.data()),
                                    v8::NewStringType::kInternalized, static_cast<int>(bytes.size()))
      .ToLocalChecked();
}

v8::Local<v8::String> from_utf8(v8::Isolate* isolate, std::string_view text);

// The characters of a string as UTF-8 (lone surrogates become U+FFFD). Not a string: empty.
std::string to_utf8(v8::Isolate* isolate, v8::Local<v8::Value> value);

// As above, but lone surrogates keep their value, in three bytes each: what SQLite is given.
std::string to_wtf8(v8::Isolate* isolate, v8::Local<v8::Value> value);

// The low byte of each character: for text known to be Latin-1 (headers, raw ids).
std::string to_latin1(v8::Isolate* isolate, v8::Local<v8::Value> value);

// A body given as null, string or bytes (view or buffer). The bytes are copied.
HttpBody to_body(v8::Isolate* isolate, v8::Local<v8::Value> value);
// Null, an ASCII string, or an ArrayBuffer with a copy of the bytes.
v8::Local<v8::Value> from_body(v8::Isolate* isolate, const HttpBody& body);

// An array with the value of each cell.
v8::Local<v8::Array> from_cells(v8::Isolate* isolate, const Cells& cells);
// The elements of an array as cells; objects other than bytes read as undefined.
Ref<Cells> to_cells(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> array);

// A new buffer with a copy of the bytes.
v8::Local<v8::ArrayBuffer> new_array_buffer(v8::Isolate* isolate, const void* data, size_t size);

// Calls `use(data, size)` with the bytes of an ArrayBuffer or a view on one; false for anything else.
template <class Use>
bool with_bytes(v8::Local<v8::Value> value, Use use) {
  if (value->IsArrayBufferView()) {
    auto view = value.As<v8::ArrayBufferView>();
    auto* base = static_cast<uint8_t*>(view->Buffer()->GetBackingStore()->Data());
    use(base + view->ByteOffset(), view->ByteLength());
    return true;
  }
  if (value->IsArrayBuffer()) {
    auto buffer = value.As<v8::ArrayBuffer>();
    use(static_cast<uint8_t*>(buffer->GetBackingStore()->Data()), buffer->ByteLength());
    return true;
  }
  return false;
}

}  // namespace orrery::runtime
