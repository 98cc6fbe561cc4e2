// Jurisdictions and location hints of Durable Objects (platform.md section 3): numbers that JavaScript, ids and
// placement agree on (js/durable_object.js has the same order).
//
// A hint says near what an object that does not exist yet is made; it is best effort. A jurisdiction binds: the
// object runs and is stored only in its countries.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/net/geography.h"

namespace orrery::worker {

enum class Jurisdiction : uint8_t { kNone, kEu, kFedramp, kFedrampHigh, kUs };
inline constexpr std::array<std::string_view, 5> kJurisdictions = {"", "eu", "fedramp", "fedramp-high", "us"};

enum class LocationHint : uint8_t {
  kNone, kWnam, kEnam, kSam, kWeur, kEeur, kApac, kApacNe, kApacSe, kOc, kAfr, kMe,
};
inline constexpr std::array<std::string_view, 12> kLocationHints = {
    "", "wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me"};

// What JavaScript knows a namespace or stub by: the binding, and above it the hint, the routing mode and the
// jurisdiction.
struct NamespaceHandle {
  explicit NamespaceHandle(uint32_t packed)
      : binding(packed & 0xffff),
        hint(static_cast<LocationHint>(packed >> 16 & 0x7f)),
        primary_only((packed >> 23 & 1) != 0),
        jurisdiction(static_cast<Jurisdiction>(packed >> 24)) {}
  uint32_t binding;
  LocationHint hint;
  bool primary_only;  // its calls never go to a read replica
  Jurisdiction jurisdiction;
};

// Whether objects of the jurisdiction may be at a point of presence.
bool within(const net::Pop& pop, Jurisdiction jurisdiction);
// Where an object is made that is first asked for at `from`: there, or at the nearest point of presence that has the
// hint; always within the jurisdiction.
uint32_t place_for(const net::Geography& geography, uint32_t from, LocationHint hint, Jurisdiction jurisdiction);

}  // namespace orrery::worker
