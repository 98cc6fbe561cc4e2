// TOML's scalar values: strings, numbers, booleans, dates.
#pragma once

#include "platform/config/cursor.h"
#include "platform/config/document.h"

namespace orrery::config {

/// Reads any string: "basic", 'literal', or either in triple quotes. REQUIRES: a quote is here.
/// False after an error, which the cursor keeps.
bool read_toml_string(Cursor& at, std::string& out);

/// Reads a string in single quotes of either kind that stays on its line, as keys may be.
bool read_toml_line_string(Cursor& at, std::string& out);

/// Reads a string, number, boolean or date into `out` (kind and content, not its place).
bool read_toml_scalar(Cursor& at, Value& out);

}  // namespace orrery::config
