// Built without RTTI: it subclasses V8's serializer delegate.
#include "platform/runtime/clone.h"

#include <vector>
#include <cstdlib>
#include <cstring>

#include "platform/runtime/clone_hooks.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::runtime {
namespace {

// The header: version tag, version 15.
constexpr uint8_t kVersionTag = 0xff;
constexpr uint8_t kVersion = 15;
constexpr size_t kHeaderBytes = 2;

class Delegate final : public v8::ValueSerializer::Delegate {
 public:
  explicit Delegate(v8::Isolate* isolate) : isolate_(isolate) {}
  void ThrowDataCloneError(v8::Local<v8::String> message) override {
    throw_data_clone_error(isolate_, message);
  }
  v8::Maybe<uint32_t> GetSharedArrayBufferId(v8::Isolate* isolate,
                                             v8::Local<v8::SharedArrayBuffer>) override {
    throw_data_clone_error(isolate, one_byte(isolate, "#<SharedArrayBuffer> could not be cloned."));
    return v8::Nothing<uint32_t>();
  }
  v8::Maybe<bool> WriteHostObject(v8::Isolate* isolate, v8::Local<v8::Object>) override {
    throw_data_clone_error(isolate, one_byte(isolate, "#<Object> could not be cloned."));
    return v8::Nothing<bool>();
  }

 private:
  v8::Isolate* isolate_;
};

size_t write_varint(uint8_t* out, uint32_t value) {
  size_t n = 0;
  while (value >= 0x80) {
    out[n++] = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  out[n++] = static_cast<uint8_t>(value);
  return n;
}

// Makes the same bytes as V8 for values that need no object table. Null: not such a value.
Ref<Buffer> serialize_small(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  uint8_t bytes[kHeaderBytes + 9] = {kVersionTag, kVersion};
  size_t size = kHeaderBytes;
  if (value->IsInt32()) {
    const int32_t n = value.As<v8::Int32>()->Value();
    bytes[size++] = 'I';
    size += write_varint(bytes + size, (static_cast<uint32_t>(n) << 1) ^ static_cast<uint32_t>(n >> 31));
  } else if (value->IsNumber()) {
    const double d = value.As<v8::Number>()->Value();
    bytes[size++] = 'N';
    std::memcpy(bytes + size, &d, sizeof d);
    size += sizeof d;
  } else if (value->IsTrue()) {
    bytes[size++] = 'T';
  } else if (value->IsFalse()) {
    bytes[size++] = 'F';
  } else if (value->IsNull()) {
    bytes[size++] = '0';
  } else if (value->IsUndefined()) {
    bytes[size++] = '_';
  } else if (value->IsString() && value.As<v8::String>()->IsOneByte()) {
    auto text = value.As<v8::String>();
    const auto length = static_cast<uint32_t>(text->Length());
    bytes[size++] = '"';
    size += write_varint(bytes + size, length);
    Ref<Buffer> out = Buffer::make(static_cast<uint32_t>(size + length));
    std::memcpy(out->data(), bytes, size);
    text->WriteOneByte(isolate, out->data() + size, 0, text->Length(), v8::String::NO_NULL_TERMINATION);
    return out;
  } else {
    return nullptr;
  }
  return Buffer::copy(bytes, static_cast<uint32_t>(size));
}

bool read_varint(std::span<const uint8_t> bytes, size_t& at, uint32_t& value) {
  value = 0;
  for (int shift = 0; shift < 35 && at < bytes.size(); shift += 7) {
    const uint8_t b = bytes[at++];
    value |= static_cast<uint32_t>(b & 0x7f) << shift;
    if (!(b & 0x80)) return true;
  }
  return false;
}

v8::MaybeLocal<v8::Value> deserialize_small(v8::Isolate* isolate, std::span<const uint8_t> bytes) {
  size_t at = kHeaderBytes;
  const uint8_t tag = bytes[at++];
  switch (tag) {
    case 'I': {
      uint32_t zigzag;
      if (!read_varint(bytes, at, zigzag)) return {};
      return v8::Integer::New(isolate, static_cast<int32_t>((zigzag >> 1) ^ -(zigzag & 1)));
    }
    case 'N': {
      double d;
      if (at + sizeof d > bytes.size()) return {};
      std::memcpy(&d, bytes.data() + at, sizeof d);
      return v8::Number::New(isolate, d);
    }
    case 'T':
      return v8::True(isolate);
    case 'F':
      return v8::False(isolate);
    case '0':
      return v8::Null(isolate);
    case '_':
      return v8::Undefined(isolate);
    case '"': {
      uint32_t length;
      if (!read_varint(bytes, at, length) || length > bytes.size() - at) return {};
      return one_byte(isolate, {reinterpret_cast<const char*>(bytes.data()) + at, length});
    }
    default:
      return {};
  }
}

}  // namespace

Ref<Buffer> serialize(v8::Isolate* isolate, v8::Local<v8::Context> context,
                      v8::Local<v8::Value> value) {
  if (Ref<Buffer> small = serialize_small(isolate, value)) return small;
  Delegate delegate(isolate);
  v8::ValueSerializer serializer(isolate, &delegate);
  serializer.WriteHeader();
  if (!serializer.WriteValue(context, value).FromMaybe(false)) return nullptr;
  const std::pair<uint8_t*, size_t> out = serializer.Release();
  Ref<Buffer> bytes = Buffer::copy(out.first, static_cast<uint32_t>(out.second));
  std::free(out.first);
  return bytes;
}

v8::MaybeLocal<v8::Value> deserialize(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                      std::span<const uint8_t> bytes) {
  if (bytes.size() > kHeaderBytes && bytes[0] == kVersionTag && bytes[1] == kVersion) {
    v8::Local<v8::Value> small;
    if (deserialize_small(isolate, bytes).ToLocal(&small)) return small;
  }
  v8::ValueDeserializer deserializer(isolate, bytes.data(), bytes.size());
  if (!deserializer.ReadHeader(context).FromMaybe(false)) return {};
  return deserializer.ReadValue(context);
}

v8::MaybeLocal<v8::Value> structured_clone(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> value,
                                           v8::Local<v8::Array> transfer) {
  Delegate delegate(isolate);
  v8::ValueSerializer serializer(isolate, &delegate);
  std::vector<v8::Local<v8::ArrayBuffer>> buffers;
  for (uint32_t i = 0; i < transfer->Length(); ++i) {
    v8::Local<v8::Value> item;
    if (!transfer->Get(context, i).ToLocal(&item)) return {};
    bool good = item->IsArrayBuffer() && item.As<v8::ArrayBuffer>()->IsDetachable();
    for (const auto& seen : buffers) good = good && seen != item;
    if (!good) {
      throw_data_clone_error(isolate, one_byte(isolate, "A value in the transfer list could not be transferred."));
      return {};
    }
    buffers.push_back(item.As<v8::ArrayBuffer>());
    serializer.TransferArrayBuffer(static_cast<uint32_t>(buffers.size() - 1), buffers.back());
  }
  serializer.WriteHeader();
  if (!serializer.WriteValue(context, value).FromMaybe(false)) return {};
  const std::pair<uint8_t*, size_t> out = serializer.Release();
  v8::ValueDeserializer deserializer(isolate, out.first, out.second);
  for (size_t i = 0; i < buffers.size(); ++i) {
    std::shared_ptr<v8::BackingStore> store = buffers[i]->GetBackingStore();
    buffers[i]->Detach();
    deserializer.TransferArrayBuffer(static_cast<uint32_t>(i), v8::ArrayBuffer::New(isolate, store));
  }
  v8::MaybeLocal<v8::Value> copy;
  if (deserializer.ReadHeader(context).FromMaybe(false)) copy = deserializer.ReadValue(context);
  std::free(out.first);
  return copy;
}

}  // namespace orrery::runtime
