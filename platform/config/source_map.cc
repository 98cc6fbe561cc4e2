#include "platform/config/source_map.h"

#include <algorithm>
#include <limits>

namespace orrery::config {

namespace {

// An integer of the document as int32, or nothing.
std::optional<int32_t> small_integer(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  const int64_t value = json.get<int64_t>();
  if (value < -1 || value > std::numeric_limits<int32_t>::max() - 1) return std::nullopt;
  return static_cast<int32_t>(value);
}

}  // namespace

std::optional<SourceMap> SourceMap::parse(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto sources = json.find("sources");
  const auto lines = json.find("lines");
  if (sources == json.end() || !sources->is_array()) return std::nullopt;
  if (lines == json.end() || !lines->is_array()) return std::nullopt;

  SourceMap map;
  for (const Json& source : *sources) {
    if (!source.is_string()) return std::nullopt;
    map.sources_.push_back(source.get<std::string>());
  }
  const auto source_count = static_cast<int32_t>(map.sources_.size());
  for (const Json& line : *lines) {
    if (!line.is_array() || line.size() % 4 != 0) return std::nullopt;
    map.line_starts_.push_back(static_cast<uint32_t>(map.segments_.size()));
    int32_t last_column = 0;
    for (size_t i = 0; i < line.size(); i += 4) {
      const auto column = small_integer(line[i]);
      const auto source = small_integer(line[i + 1]);
      const auto source_line = small_integer(line[i + 2]);
      const auto source_column = small_integer(line[i + 3]);
      if (!column || !source || !source_line || !source_column) return std::nullopt;
      if (*column < last_column || *source >= source_count) return std::nullopt;
      if (*source_line < 0 || *source_column < 0) return std::nullopt;
      last_column = *column;
      map.segments_.push_back({*column, *source, *source_line, *source_column});
    }
  }
  map.line_starts_.push_back(static_cast<uint32_t>(map.segments_.size()));
  return map;
}

std::optional<SourcePosition> SourceMap::lookup(int line, int column) const {
  if (line < 1 || column < 1 || static_cast<size_t>(line) >= line_starts_.size()) {
    return std::nullopt;
  }
  const auto first = segments_.begin() + line_starts_[static_cast<size_t>(line) - 1];
  const auto last = segments_.begin() + line_starts_[static_cast<size_t>(line)];
  const auto after = std::upper_bound(
      first, last, column - 1, [](int c, const Segment& segment) { return c < segment.column; });
  if (after == first) return std::nullopt;
  const Segment& segment = *(after - 1);
  if (segment.source < 0) return std::nullopt;
  return SourcePosition{.source = sources_[static_cast<size_t>(segment.source)],
                        .line = segment.source_line,
                        .column = segment.source_column + 1};
}

}  // namespace orrery::config
