// "Did you mean ...": the known word closest to one that is not known.
#pragma once

#include <string_view>
#include <vector>

namespace orrery::config {

/// The candidate with the fewest edits, at most about a third of the word; empty when none is near.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace orrery::config
