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
// In front of the bytes of a packed value (pack_clone).
constexpr uint8_t kPackedTag = 0xfe;

class Delegate final : public v8::ValueSerializer::Delegate {
 public:
  // `root`: what is cloned as a whole; empty: what pack_clone made.
  Delegate(v8::Isolate* isolate, v8::Local<v8::Value> root) : isolate_(isolate), root_(root) {}
  void ThrowDataCloneError(v8::Local<v8::String> message) override {
    // The engine refuses what it meets first; the platform may have a reason of its own.
    v8::Local<v8::Value> reason;
    {
      v8::TryCatch caught(isolate_);
      if (root_.IsEmpty() || !pack_clone(isolate_, root_).IsEmpty()) {
        throw_data_clone_error(isolate_, message);
        if (!caught.HasCaught()) return;
      }
      if (caught.HasTerminated()) isolate_->TerminateExecution();
      else reason = caught.Exception();
    }
    if (reason.IsEmpty()) reason = v8::Undefined(isolate_);
    isolate_->ThrowException(reason);
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
  v8::Local<v8::Value> root_;
};

// What a serializer wrote, freed in the end.
struct Written {
  explicit Written(v8::ValueSerializer& serializer) : bytes(serializer.Release()) {}
  Written(const Written&) = delete;
  ~Written() { std::free(bytes.first); }
  std::span<const uint8_t> span() const { return {bytes.first, bytes.second}; }
  std::pair<uint8_t*, size_t> bytes;
};

// Whether an error ('r' with its first field) or an empty object ("o{" and no properties) may be among the engine's
// bytes. Other values may look the same, in texts above all: that costs a walk through the value and nothing else.
bool may_need_packing(std::span<const uint8_t> bytes) {
  for (size_t i = kHeaderBytes; i + 2 < bytes.size(); ++i) {
    if (bytes[i] == 'o' && bytes[i + 1] == '{' && bytes[i + 2] == 0) return true;
    if (bytes[i] != 'r') continue;
    switch (bytes[i + 1]) {
      case 'E': case 'R': case 'F': case 'S': case 'T': case 'U': case 'm': case 'c': case 's': case '.':
        return true;
      default:
        break;
    }
  }
  return false;
}

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
  {
    Delegate delegate(isolate, value);
    v8::ValueSerializer serializer(isolate, &delegate);
    serializer.WriteHeader();
    if (!serializer.WriteValue(context, value).FromMaybe(false)) return nullptr;
    const Written written(serializer);
    if (!may_need_packing(written.span())) [[likely]]
      return Buffer::copy(written.bytes.first, static_cast<uint32_t>(written.bytes.second));
    v8::Local<v8::Value> packed;
    if (!pack_clone(isolate, value).ToLocal(&packed)) return nullptr;
    if (packed->IsUndefined()) return Buffer::copy(written.bytes.first, static_cast<uint32_t>(written.bytes.second));
    value = packed;
  }
  Delegate delegate(isolate, {});
  v8::ValueSerializer serializer(isolate, &delegate);
  serializer.WriteHeader();
  if (!serializer.WriteValue(context, value).FromMaybe(false)) return nullptr;
  const Written written(serializer);
  Ref<Buffer> bytes = Buffer::make(static_cast<uint32_t>(written.bytes.second + 1));
  bytes->data()[0] = kPackedTag;
  std::memcpy(bytes->data() + 1, written.bytes.first, written.bytes.second);
  return bytes;
}

v8::MaybeLocal<v8::Value> deserialize(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                      std::span<const uint8_t> bytes, Stacks stacks) {
  const bool packed = !bytes.empty() && bytes[0] == kPackedTag;
  if (packed) bytes = bytes.subspan(1);
  if (bytes.size() > kHeaderBytes && bytes[0] == kVersionTag && bytes[1] == kVersion) {
    v8::Local<v8::Value> small;
    if (deserialize_small(isolate, bytes).ToLocal(&small)) return small;
  }
  v8::ValueDeserializer deserializer(isolate, bytes.data(), bytes.size());
  if (!deserializer.ReadHeader(context).FromMaybe(false)) return {};
  v8::Local<v8::Value> value;
  if (!deserializer.ReadValue(context).ToLocal(&value)) return {};
  return packed ? unpack_clone(isolate, value, stacks == Stacks::kKept) : value;
}

// Writes `value` and gives what can be read of it again; `buffers` change hands. Empty: an exception is pending.
static v8::MaybeLocal<v8::Value> write_and_read(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                                v8::Local<v8::Value> value, bool packed,
                                                const std::vector<v8::Local<v8::ArrayBuffer>>& buffers) {
  Delegate delegate(isolate, packed ? v8::Local<v8::Value>() : value);
  v8::ValueSerializer serializer(isolate, &delegate);
  for (size_t i = 0; i < buffers.size(); ++i) serializer.TransferArrayBuffer(static_cast<uint32_t>(i), buffers[i]);
  serializer.WriteHeader();
  if (!serializer.WriteValue(context, value).FromMaybe(false)) return {};
  const Written written(serializer);
  if (!packed && may_need_packing(written.span())) {
    v8::Local<v8::Value> message;
    if (!pack_clone(isolate, value).ToLocal(&message)) return {};
    if (!message->IsUndefined()) {
      v8::Local<v8::Value> copy;
      if (!write_and_read(isolate, context, message, true, buffers).ToLocal(&copy)) return {};
      return unpack_clone(isolate, copy, true);
    }
  }
  v8::ValueDeserializer deserializer(isolate, written.bytes.first, written.bytes.second);
  for (size_t i = 0; i < buffers.size(); ++i) {
    std::shared_ptr<v8::BackingStore> store = buffers[i]->GetBackingStore();
    buffers[i]->Detach();
    deserializer.TransferArrayBuffer(static_cast<uint32_t>(i), v8::ArrayBuffer::New(isolate, store));
  }
  if (!deserializer.ReadHeader(context).FromMaybe(false)) return {};
  return deserializer.ReadValue(context);
}

v8::MaybeLocal<v8::Value> structured_clone(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> value,
                                           v8::Local<v8::Array> transfer) {
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
  }
  return write_and_read(isolate, context, value, false, buffers);
}

}  // namespace orrery::runtime
