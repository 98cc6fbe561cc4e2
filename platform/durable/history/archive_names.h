// Names of an object's past in the archive. They say what is inside, so that a listing is enough to know what to fetch:
//
//   past/<key>/log/<last>.<first>.<first ms>.<last ms>   entries first to last and when they were made
//   past/<key>/image/<index>.<ms>                        the whole database after entry `index`
//
// All numbers are sixteen hexadecimal digits, so names sort by the entry they end with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::durable {

struct ArchivedLog {
  uint64_t last = 0;
  uint64_t first = 0;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  std::string name(uint64_t key) const;
};

struct ArchivedImage {
  uint64_t index = 0;
  int64_t ms = 0;
  std::string name(uint64_t key) const;
};

// What the archive has of an object, each by rising index.
struct ArchivedPast {
  std::vector<ArchivedLog> logs;
  std::vector<ArchivedImage> images;
  // The archive has every entry up to here.
  uint64_t complete_to() const;
};

// The prefix of all names of an object.
std::string archive_prefix(uint64_t key);
// Of a listing; names that are none of ours are passed over.
ArchivedPast parse_past(const std::vector<std::string>& names, uint64_t key);

}  // namespace orrery::durable
