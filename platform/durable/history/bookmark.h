// A bookmark: a moment in an object's past, as JavaScript has it. Text of four groups of hexadecimal digits (8-8-8-32), whose
// order is the order of the moments (platform.md 5.4): the entry's index in two groups, the epoch, and a proof that it is this
// object's. It means: all entries up to that index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery::durable {

struct Bookmark {
  uint64_t index = 0;
  uint64_t epoch = 0;  // of whoever gave it
};

// `key`: the object's (ObjectInfo).
std::string to_text(const Bookmark& bookmark, uint64_t key);
// Nothing when the text is no bookmark of this object.
std::optional<Bookmark> parse_bookmark(std::string_view text, uint64_t key);

}  // namespace orrery::durable
