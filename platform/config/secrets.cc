#include "platform/config/secrets.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "platform/config/dotenv.h"
#include "platform/config/files.h"

namespace orrery::config {

namespace {

constexpr size_t kSecretsFileBytesMax = size_t{1} << 20;

// An environment's name becomes part of a file name only when it cannot lead elsewhere.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

std::vector<std::string> secret_files(const std::filesystem::path& folder,
                                      const std::string& environment) {
  const auto exists = [&](const std::string& name) {
    std::error_code failure;
    return std::filesystem::exists(folder / name, failure);
  };
  const bool with_environment = is_plain_name(environment);
  if (with_environment && exists(".dev.vars." + environment)) return {".dev.vars." + environment};
  if (exists(".dev.vars")) return {".dev.vars"};
  std::vector<std::string> out{".env"};
  if (with_environment) out.push_back(".env." + environment);
  out.push_back(".env.local");
  if (with_environment) out.push_back(".env." + environment + ".local");
  std::erase_if(out, [&](const std::string& name) { return !exists(name); });
  return out;
}

void put_secret(std::vector<PlacedBinding>& bindings, const std::string& file,
                const std::string& name, const std::string& value) {
  std::erase_if(bindings, [&](const PlacedBinding& placed) {
    const std::string& type = placed.binding.type;
    return placed.binding.name == name && (type == "var" || type == "json" || type == "secret");
  });
  bindings.push_back({.binding = {.type = "secret", .name = name, .fields = Json{{"value", value}}},
                      .file = file, .place = {}, .key = file});
}

}  // namespace

void add_secrets(const std::filesystem::path& folder, const std::string& environment,
                 std::vector<PlacedBinding>& bindings, Findings& findings) {
  for (const std::string& file : secret_files(folder, environment)) {
    Result<std::string> text = read_file(folder / file, file, kSecretsFileBytesMax);
    if (!text) {
      if (!findings.error) findings.error = text.error();
      return;
    }
    for (const auto& [name, value] : parse_dotenv(*text)) put_secret(bindings, file, name, value);
  }
}

}  // namespace orrery::config
