#include "platform/config/closest.h"

#include <algorithm>
#include <cstddef>

namespace orrery::config {

namespace {

// Longer words than this are not compared: the work grows with the square.
constexpr size_t kLengthMax = 80;

// Levenshtein's distance.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > kLengthMax) return {};
  std::string_view best;
  // Two swapped letters are two edits, so words of four letters may have that many.
  size_t best_distance = (word.size() == 4 || word.size() == 5 ? 2 : word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLengthMax) continue;
    const size_t edits = distance(word, candidate);
    if (edits >= best_distance) continue;
    best = candidate;
    best_distance = edits;
  }
  return best;
}

}  // namespace orrery::config
