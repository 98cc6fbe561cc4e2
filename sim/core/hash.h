// The two hash functions of the world: a compile-time one for names, a 64-bit mixer for values.
// Both are fixed for ever: capsules and trace hashes depend on them.
#pragma once

#include <cstdint>
#include <string_view>

namespace orrery {

// FNV-1a over the name, then mixed; usable at compile time.
constexpr uint64_t hash_name(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325ull;
  for (char c : name) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ull;
  }
  return h;
}

// The finaliser of SplitMix64: a bijection in which every input bit moves every output bit.
constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  x ^= x >> 31;
  return x;
}

constexpr uint64_t mix64(uint64_t a, uint64_t b) {
  return mix64(a * 0x9e3779b97f4a7c15ull + (b ^ 0x6a09e667f3bcc909ull));
}

// Hash of bytes (xxHash3 with seed 0): for texts that reach the trace hash.
uint64_t hash_bytes(const void* data, uint64_t size);
inline uint64_t hash_bytes(std::string_view s) { return hash_bytes(s.data(), s.size()); }

}  // namespace orrery
