// A place in the user's own sources, after the source map was applied.
#pragma once

#include <string>

namespace orrery::runtime {

struct SourcePosition {
  std::string file;  // "src/index.ts"; empty: not known
  int line = 0;      // from 1
  int column = 0;    // from 1

  std::string text() const {
    if (file.empty()) return {};
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  bool operator==(const SourcePosition&) const = default;
};

}  // namespace orrery::runtime
