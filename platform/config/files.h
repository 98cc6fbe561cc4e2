// Reading whole files, with the error value that fits when that fails.
#pragma once

#include <filesystem>
#include <string>

#include "platform/config/error.h"

namespace orrery::config {

/// All bytes of a regular file of at most `bytes_max` bytes. `shown_name` is the name for errors.
Result<std::string> read_file(const std::filesystem::path& path, const std::string& shown_name,
                              size_t bytes_max);

}  // namespace orrery::config
