// The fuzz targets: each takes any bytes and ends the process (a failed ORRERY_CHECK, or what a sanitizer finds) when a
// promise is broken. libFuzzer calls them through entry.cc, replay_test.cc with the committed inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace orrery::fuzz_targets {

using Bytes = std::span<const uint8_t>;

void wrangler(Bytes input);
void history(Bytes input);
void vfs(Bytes input);
void sql(Bytes input);
void structured_clone(Bytes input);
// The readers written in Python (python_readers.cc); only where CPython is embedded.
void capsule(Bytes input);
void requests(Bytes input);

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// An input read as small numbers; zeros behind its end.
class Choices {
 public:
  explicit Choices(Bytes bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  uint32_t byte() { return done() ? 0 : bytes_[at_++]; }
  uint32_t word() {
    const uint32_t high = byte();
    return high << 8 | byte();
  }
  // One of 0 .. count - 1.
  uint32_t below(uint32_t count) { return byte() % count; }

 private:
  Bytes bytes_;
  size_t at_ = 0;
};

}  // namespace orrery::fuzz_targets
