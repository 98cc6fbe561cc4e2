// Little-endian fields of the durable files of this part of the platform.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace orrery::durable {

class ByteWriter {
 public:
  ByteWriter& u32(uint32_t v) { return raw(&v, sizeof v); }
  ByteWriter& u64(uint64_t v) { return raw(&v, sizeof v); }
  ByteWriter& text(std::string_view s) {
    u32(static_cast<uint32_t>(s.size()));
    return raw(s.data(), s.size());
  }
  ByteWriter& raw(const void* data, size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. Past the end everything reads as zero and `ok()` is false from then
// on.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  std::string_view text() { return raw(u32()); }
  std::string_view raw(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }

 private:
  template <class T>
  T number() {
    T v = 0;
    std::string_view taken = raw(sizeof v);
    if (taken.size() == sizeof v) std::memcpy(&v, taken.data(), sizeof v);
    return v;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace orrery::durable
