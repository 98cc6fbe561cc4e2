#include "platform/config/files.h"

#include <fstream>
#include <iterator>
#include <system_error>

namespace orrery::config {

Result<std::string> read_file(const std::filesystem::path& path, const std::string& shown_name,
                              size_t bytes_max) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) {
    return ConfigError{.kind = ConfigErrorKind::kMissingFile, .file = shown_name,
                       .message = "the file does not exist"};
  }
  if (!std::filesystem::is_regular_file(status)) {
    return ConfigError{.kind = ConfigErrorKind::kUnreadable, .file = shown_name,
                       .message = "this is not a regular file"};
  }
  const auto size = std::filesystem::file_size(path, failure);
  if (!failure && size > bytes_max) {
    return ConfigError{.kind = ConfigErrorKind::kUnreadable, .file = shown_name,
                       .message = "the file has " + std::to_string(size) + " bytes, more than " +
                                  std::to_string(bytes_max) + " allowed"};
  }
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.good() && !stream.eof()) {
    return ConfigError{.kind = ConfigErrorKind::kUnreadable, .file = shown_name,
                       .message = "the file cannot be read",
                       .hint = "check its permissions"};
  }
  return bytes;
}

}  // namespace orrery::config
