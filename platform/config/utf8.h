// UTF-8: whether bytes are text, and the bytes of a code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::config {

/// The offset of the first byte that does not belong to well-formed UTF-8 (no surrogates, no
/// overlong forms, at most U+10FFFF), or the text's size when all is well.
size_t first_bad_utf8(std::string_view text);

/// Appends a code point; a surrogate or one past U+10FFFF, which have no UTF-8 form, as U+FFFD.
void append_utf8(std::string& out, uint32_t code);

}  // namespace orrery::config
