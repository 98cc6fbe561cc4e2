// Time in the world: integer microseconds, never floating point. `Duration` is a length, `Instant` a
// moment counted from the world's beginning; wall-clock dates exist only where a host's clock makes
// them (sim/host). The two types never mix by accident.
#pragma once

#include <compare>
#include <cstdint>

namespace orrery {

struct Duration {
  int64_t us = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {us + o.us}; }
  constexpr Duration operator-(Duration o) const { return {us - o.us}; }
  constexpr Duration operator*(int64_t n) const { return {us * n}; }
  constexpr Duration operator/(int64_t n) const { return {us / n}; }
  constexpr Duration& operator+=(Duration o) { us += o.us; return *this; }
};

struct Instant {
  int64_t us = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {us + d.us}; }
  constexpr Instant operator-(Duration d) const { return {us - d.us}; }
  constexpr Duration operator-(Instant o) const { return {us - o.us}; }
};

constexpr Duration micros(int64_t n) { return {n}; }
constexpr Duration millis(int64_t n) { return {n * 1'000}; }
constexpr Duration seconds(int64_t n) { return {n * 1'000'000}; }
constexpr Duration minutes(int64_t n) { return seconds(n * 60); }

// Later than anything that is ever scheduled.
inline constexpr Instant kNever{INT64_MAX};

// A proportion kept as integers, so that no decision depends on floating point.
struct Ratio {
  int64_t numerator = 0;
  int64_t denominator = 1;
};

}  // namespace orrery
