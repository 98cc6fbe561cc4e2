#include "sim/net/geography.h"

#include <algorithm>
#include <array>

#include "sim/core/check.h"

namespace orrery::net {

namespace {

constexpr Pop kPops[] = {
#include "sim/net/pops.inc"
};
constexpr uint32_t kCount = std::size(kPops);

constexpr uint32_t kTriangle[] = {
#include "sim/net/delays.inc"
};
static_assert(std::size(kTriangle) == size_t{kCount} * (kCount - 1) / 2);

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Number of letters to change, add or drop to turn one word into the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

Geography::Geography() : delays_(size_t{kCount} * kCount), nearest_(kCount) {
  size_t next = 0;
  for (uint32_t i = 0; i < kCount; ++i) {
    delays_[size_t{i} * kCount + i] = static_cast<uint32_t>(kIntraPopDelay.us);
    for (uint32_t j = 0; j < i; ++j)
      delays_[size_t{i} * kCount + j] = delays_[size_t{j} * kCount + i] = kTriangle[next++];
  }
}

uint32_t Geography::pop_count() const { return kCount; }

const Pop& Geography::at(uint32_t pop) const {
  ORRERY_CHECK(pop < kCount);
  return kPops[pop];
}

std::optional<uint32_t> Geography::find_pop(std::string_view iata) const {
  // The file is sorted by code.
  auto it = std::lower_bound(std::begin(kPops), std::end(kPops), iata,
                             [](const Pop& p, std::string_view code) { return p.iata < code; });
  if (it == std::end(kPops) || it->iata != iata) return std::nullopt;
  return static_cast<uint32_t>(it - std::begin(kPops));
}

CityResult Geography::by_city(std::string_view city) const {
  std::string wanted = lower(city);
  for (uint32_t i = 0; i < kCount; ++i)
    if (kPops[i].key == wanted || lower(kPops[i].city) == wanted) return {i, {}};
  if (auto pop = find_pop(city)) return {pop, {}};

  std::vector<std::pair<size_t, uint32_t>> close;
  for (uint32_t i = 0; i < kCount; ++i) {
    bool begins = wanted.size() >= 3 && kPops[i].key.starts_with(wanted);
    close.emplace_back(begins ? 0 : edit_distance(wanted, kPops[i].key), i);
  }
  std::sort(close.begin(), close.end());
  std::string error = "no point of presence is in a city named \"" + std::string(city) + "\"";
  const char* separator = "; did you mean ";
  for (size_t i = 0; i < 3 && close[i].first <= 3; ++i) {
    error += separator + std::string(kPops[close[i].second].city);
    separator = ", ";
  }
  return {std::nullopt, error};
}

Duration Geography::delay(uint32_t a, uint32_t b) const {
  ORRERY_CHECK(a < kCount && b < kCount);
  return micros(delays_[size_t{a} * kCount + b]);
}

const std::vector<uint32_t>& Geography::nearest(uint32_t pop) const {
  ORRERY_CHECK(pop < kCount);
  std::vector<uint32_t>& list = nearest_[pop];
  if (list.empty()) {
    for (uint32_t i = 0; i < kCount; ++i)
      if (i != pop) list.push_back(i);
    const uint32_t* row = &delays_[size_t{pop} * kCount];
    std::sort(list.begin(), list.end(),
              [row](uint32_t a, uint32_t b) { return row[a] != row[b] ? row[a] < row[b] : a < b; });
  }
  return list;
}

}  // namespace orrery::net
