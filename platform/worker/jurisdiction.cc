#include "platform/worker/jurisdiction.h"

#include <algorithm>

namespace orrery::worker {

namespace {

// The members of the European Union.
constexpr std::array<std::string_view, 27> kEuCountries = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"};
constexpr std::array<std::string_view, 6> kNorthEastAsia = {"HK", "JP", "KR", "MN", "MO", "TW"};
constexpr std::array<std::string_view, 10> kSouthEastAsia = {"BN", "ID", "KH", "LA", "MM",
                                                             "MY", "PH", "SG", "TH", "VN"};

template <size_t N>
bool one_of(const std::array<std::string_view, N>& all, std::string_view code) {
  return std::find(all.begin(), all.end(), code) != all.end();
}

bool has_hint(const net::Pop& pop, LocationHint hint) {
  switch (hint) {
    case LocationHint::kNone: return true;
    case LocationHint::kApacNe: return one_of(kNorthEastAsia, pop.cca2);
    case LocationHint::kApacSe: return one_of(kSouthEastAsia, pop.cca2);
    default: return pop.hint == kLocationHints[static_cast<size_t>(hint)];
  }
}

}  // namespace

bool within(const net::Pop& pop, Jurisdiction jurisdiction) {
  switch (jurisdiction) {
    case Jurisdiction::kNone: return true;
    case Jurisdiction::kEu: return one_of(kEuCountries, pop.cca2);
    case Jurisdiction::kFedramp:
    case Jurisdiction::kFedrampHigh:
    case Jurisdiction::kUs: return pop.cca2 == "US";
  }
  return true;
}

uint32_t place_for(const net::Geography& geography, uint32_t from, LocationHint hint, Jurisdiction jurisdiction) {
  // The hint gives way where no place has both.
  for (const LocationHint wanted : {hint, LocationHint::kNone}) {
    auto fits = [&](uint32_t pop) {
      return within(geography.at(pop), jurisdiction) && has_hint(geography.at(pop), wanted);
    };
    if (fits(from)) return from;
    for (const uint32_t pop : geography.nearest(from))
      if (fits(pop)) return pop;
  }
  return from;
}

}  // namespace orrery::worker
