#include "platform/runtime/v8_strings.h"

#include <cstring>

namespace orrery::runtime {

v8::Local<v8::String> from_utf8(v8::Isolate* isolate, std::string_view text) {
  v8::Local<v8::String> result;
  if (!v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal,
                               static_cast<int>(text.size()))
           .ToLocal(&result)) {
    return v8::String::Empty(isolate);  // longer than V8 allows
  }
  return result;
}

namespace {

constexpr int kWriteOptions = v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8;

}  // namespace

std::string to_utf8(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (!value->IsString()) return {};
  auto text = value.As<v8::String>();
  std::string out;
  out.resize(static_cast<size_t>(text->Utf8Length(isolate)));
  text->WriteUtf8(isolate, out.data(), static_cast<int>(out.size()), nullptr, kWriteOptions);
  return out;
}

std::string to_latin1(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (!value->IsString()) return {};
  auto text = value.As<v8::String>();
  std::string out;
  out.resize(static_cast<size_t>(text->Length()));
  text->WriteOneByte(isolate, reinterpret_cast<uint8_t*>(out.data()), 0, text->Length(),
                     v8::String::NO_NULL_TERMINATION);
  return out;
}

HttpBody to_body(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value->IsString()) {
    auto text = value.As<v8::String>();
    if (text->IsOneByte()) {
      Ref<Buffer> bytes = Buffer::make(static_cast<uint32_t>(text->Length()));
      text->WriteOneByte(isolate, bytes->data(), 0, text->Length(), v8::String::NO_NULL_TERMINATION);
      HttpBody body = HttpBody::of(std::move(bytes));
      if (body.ascii) return body;
    }
    Ref<Buffer> bytes = Buffer::make(static_cast<uint32_t>(text->Utf8Length(isolate)));
    text->WriteUtf8(isolate, reinterpret_cast<char*>(bytes->data()), static_cast<int>(bytes->size()),
                    nullptr, kWriteOptions);
    return HttpBody::of(std::move(bytes));
  }
  HttpBody body;
  with_bytes(value, [&](const uint8_t* data, size_t size) {
    body = HttpBody::of(Buffer::copy(data, static_cast<uint32_t>(size)));
  });
  return body;
}

v8::Local<v8::Value> from_body(v8::Isolate* isolate, const HttpBody& body) {
  if (!body) return v8::Null(isolate);
  if (body.ascii) return one_byte(isolate, body.text());
  return new_array_buffer(isolate, body.bytes->data(), body.size());
}

v8::Local<v8::ArrayBuffer> new_array_buffer(v8::Isolate* isolate, const void* data, size_t size) {
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, size);
  if (size) std::memcpy(buffer->GetBackingStore()->Data(), data, size);
  return buffer;
}

}  // namespace orrery::runtime
