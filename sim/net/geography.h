// Where things are: the 339 points of presence and the one-way delay between each two, from a
// committed table of whole microseconds (tools/make_delays.py says how it was made). Immutable; one
// object serves any number of worlds.
//
// Not modelled: routes. Delay is symmetric and follows the great circle; faults make it worse.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/time.h"
#include "sim/host/places.h"

namespace orrery::net {

// One point of presence, as in pops.csv. All texts live as long as the program.
struct Pop {
  std::string_view iata;     // "FRA"
  std::string_view city;     // "Frankfurt", with its diacritics
  std::string_view key;      // lower case, without diacritics
  std::string_view country;  // "Germany"
  std::string_view cca2;     // "DE"
  std::string_view region;   // "Europe"
  std::string_view lat;      // decimal degrees, as text
  std::string_view lon;
  std::string_view hint;      // nearest Durable Object location hint, approximately: "weur"
  std::string_view timezone;  // IANA zone: "Europe/Berlin"
};

// Between two hosts of one point of presence.
inline constexpr Duration kIntraPopDelay = micros(150);
// From a host to itself.
inline constexpr Duration kLoopbackDelay = micros(20);

// What looking a city up gives: a point of presence, or an error text with the nearest spellings.
struct CityResult {
  std::optional<uint32_t> pop;
  std::string error;
};

class Geography : public host::Places {
 public:
  Geography();

  uint32_t pop_count() const override;
  std::string_view pop_code(uint32_t pop) const override { return at(pop).iata; }
  const Pop& at(uint32_t pop) const;
  // By code, exact case.
  std::optional<uint32_t> find_pop(std::string_view iata) const override;
  std::optional<uint32_t> find(std::string_view iata) const { return find_pop(iata); }
  // By city name, any case, diacritics optional; a code in capitals is taken as well.
  CityResult by_city(std::string_view city) const;

  // One way, symmetric; kIntraPopDelay for a == b.
  Duration delay(uint32_t a, uint32_t b) const;
  // All other points of presence, nearest first (equal delays: lower index first). Computed at the
  // first question, kept as long as this object.
  const std::vector<uint32_t>& nearest(uint32_t pop) const;

 private:
  std::vector<uint32_t> delays_;  // full square, row by row
  mutable std::vector<std::vector<uint32_t>> nearest_;
};

}  // namespace orrery::net
