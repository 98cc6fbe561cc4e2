#include "platform/runtime/v8_strings.h"

#include <cstring>
#include <vector>

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

std::string bytes_of(v8::Isolate* isolate, v8::Local<v8::Value> value, int options) {
  if (!value->IsString()) return {};
  auto text = value.As<v8::String>();
  std::string out;
  out.resize(static_cast<size_t>(text->Utf8Length(isolate)));
  text->WriteUtf8(isolate, out.data(), static_cast<int>(out.size()), nullptr, options);
  return out;
}

}  // namespace

std::string to_utf8(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  return bytes_of(isolate, value, kWriteOptions);
}

std::string to_wtf8(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  return bytes_of(isolate, value, v8::String::NO_NULL_TERMINATION);
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
  if (value->IsUint32()) body.stream = value.As<v8::Uint32>()->Value();
  with_bytes(value, [&](const uint8_t* data, size_t size) {
    body = HttpBody::of(Buffer::copy(data, static_cast<uint32_t>(size)));
  });
  return body;
}

v8::Local<v8::Value> from_body(v8::Isolate* isolate, const HttpBody& body) {
  if (body.stream) return v8::Integer::NewFromUnsigned(isolate, body.stream);
  if (!body) return v8::Null(isolate);
  if (body.ascii) return one_byte(isolate, body.text());
  return new_array_buffer(isolate, body.bytes->data(), body.size());
}

v8::Local<v8::ArrayBuffer> new_array_buffer(v8::Isolate* isolate, const void* data, size_t size) {
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, size);
  if (size) std::memcpy(buffer->GetBackingStore()->Data(), data, size);
  return buffer;
}

v8::Local<v8::Array> from_cells(v8::Isolate* isolate, const Cells& cells) {
  std::vector<v8::Local<v8::Value>> values;
  values.reserve(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells.at(i);
    switch (cell.kind) {
      case Cell::Kind::kUndefined: values.push_back(v8::Undefined(isolate)); break;
      case Cell::Kind::kNull: values.push_back(v8::Null(isolate)); break;
      case Cell::Kind::kBoolean: values.push_back(v8::Boolean::New(isolate, cell.number != 0)); break;
      case Cell::Kind::kNumber: values.push_back(v8::Number::New(isolate, cell.number)); break;
      case Cell::Kind::kText: values.push_back(from_utf8(isolate, cell.view())); break;
      case Cell::Kind::kBytes:
        values.push_back(new_array_buffer(isolate, cell.view().data(), cell.view().size()));
        break;
    }
  }
  return v8::Array::New(isolate, values.data(), values.size());
}

Ref<Cells> to_cells(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> array) {
  Ref<Cells> cells = make_ref<Cells>();
  if (!array->IsArray()) return cells;
  auto list = array.As<v8::Array>();
  for (uint32_t i = 0; i < list->Length(); ++i) {
    v8::Local<v8::Value> value;
    if (!list->Get(context, i).ToLocal(&value)) return cells;
    if (value->IsString()) {
      cells->add(Cell::text(to_utf8(isolate, value)));
    } else if (value->IsNumber()) {
      cells->add(Cell::of(value.As<v8::Number>()->Value()));
    } else if (value->IsBoolean()) {
      cells->add(Cell::boolean(value->IsTrue()));
    } else if (value->IsNull()) {
      cells->add(Cell::null());
    } else {
      Ref<Buffer> bytes;
      with_bytes(value, [&](const uint8_t* data, size_t size) {
        bytes = Buffer::copy(data, static_cast<uint32_t>(size));
      });
      cells->add(bytes ? Cell::bytes(std::move(bytes)) : Cell::undefined());
    }
  }
  return cells;
}

}  // namespace orrery::runtime
