// `.dev.vars` and `.env` files: one KEY=VALUE a line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery::config {

/// Parses as the common dotenv format: blank lines and lines starting with # are skipped; `export `
/// may stand before a key; a value may stand in ", ' or ` quotes, then it may run over lines; in "
/// quotes \n and \r are line breaks; without quotes it ends at " #" and is trimmed. Lines that are
/// no assignment are skipped, as that format's readers do. Of equal keys the last wins, at the
/// first's position. `${NAME}` is kept as written.
std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text);

}  // namespace orrery::config
