// SOMETIMES probes: rare situations that a good set of runs must reach at least once. Each is listed
// at link time, whether or not its line is ever reached, so results can name those never hit.
//
//   ORRERY_SOMETIMES(world, acks == 2 && one_slow, "replication waits for its third follower");
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

// All probes linked into this binary, sorted by text.
std::vector<std::string> sometimes_catalogue();

// Which probes one world has hit.
class Sometimes {
 public:
  void hit(uint32_t probe) {
    if (probe >= hits_.size()) hits_.resize(probe + 1);
    ++hits_[probe];
  }
  // Texts of the probes that this world hit, and of those it never did, each sorted.
  std::vector<std::string> seen() const;
  std::vector<std::string> never() const;

 private:
  std::vector<uint64_t> hits_;
};

namespace internal {
uint32_t register_probe(const char* text);
template <class P>
struct ProbeIndex {
  static inline const uint32_t value = register_probe(P::text());
};
}  // namespace internal

}  // namespace orrery

#define ORRERY_SOMETIMES(world, condition, probe_text)                             \
  do {                                                                             \
    struct OrreryProbe {                                                           \
      static constexpr const char* text() { return probe_text; }                   \
    };                                                                             \
    if (condition)                                                                 \
      (world).sometimes().hit(::orrery::internal::ProbeIndex<OrreryProbe>::value); \
  } while (false)
