// Histories drawn at random: operations on real objects, some answers made up, some never given.
#pragma once

#include <cstdint>

#include "conformance/check/check.h"

namespace orrery::check {

// A source of small numbers, the same on every machine.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return (x ^ (x >> 31)) % bound;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

struct RandomHistory {
  std::uint64_t operations = 10;
  std::uint64_t processes = 4;
  std::uint64_t values = 3;  // of the domain; 0: every written value is new
  std::uint64_t keys = 1;
  std::uint64_t wrong_one_in = 8;    // answers made up; 0: never
  std::uint64_t unknown_one_in = 6;  // operations nobody answers; 0: never
  std::uint64_t fail_one_in = 0;     // operations that do not happen, and say so; 0: never
};

// Operations on a real object, each taking effect at a random moment, some answers then made up.
history::History random_history(Model model, const RandomHistory& shape, Chance& chance);

}  // namespace orrery::check
