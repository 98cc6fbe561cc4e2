// UTF-8 decoding as the WHATWG Encoding Standard has it: each maximal part of a broken sequence becomes one
// U+FFFD. A byte order mark is kept.
#pragma once

#include <string>
#include <string_view>

namespace orrery::runtime {

bool is_ascii(std::string_view bytes);

// Appends the decoded text; false when anything was malformed.
bool decode_utf8(std::string_view bytes, std::u16string& out);

}  // namespace orrery::runtime
