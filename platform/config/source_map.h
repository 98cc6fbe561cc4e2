// The way back from a place in bundled code to the user's own source, as app.json records it: for
// each generated line a list of segments, ascending by column. A place belongs to the last segment
// that starts at or before it on its line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/json.h"

namespace orrery::config {

/// A place in a source file: lines and columns from 1.
struct SourcePosition {
  std::string source;  // relative to the project folder: "src/index.ts"
  int line = 0;
  int column = 0;
  bool operator==(const SourcePosition&) const = default;
};

class SourceMap {
 public:
  SourceMap() = default;

  /// Reads app.json's "source_map". Nothing when the document is not a well-formed map.
  static std::optional<SourceMap> parse(const Json& json);

  /// The source of a generated place, line and column from 1 as in V8's stack traces. Nothing for
  /// code that is nobody's (the bundler's helpers) and for places outside the file.
  std::optional<SourcePosition> lookup(int line, int column) const;

  const std::vector<std::string>& sources() const { return sources_; }
  bool empty() const { return segments_.empty(); }

 private:
  struct Segment {
    int32_t column;         // generated, from 0
    int32_t source;         // index into sources_, -1: nobody's
    int32_t source_line;    // from 1
    int32_t source_column;  // from 0
  };

  std::vector<std::string> sources_;
  std::vector<Segment> segments_;     // of all lines, in order
  std::vector<uint32_t> line_starts_;  // index of a line's first segment; one more at the end
};

}  // namespace orrery::config
