#include "platform/config/tests/temp_project.h"

#include <unistd.h>

#include <fstream>

namespace orrery::config::testing {

TempProject::TempProject() {
  static int count = 0;
  folder_ = std::filesystem::temp_directory_path() /
            ("orrery-config-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
  std::filesystem::create_directories(folder_);
}

TempProject::~TempProject() {
  std::error_code failure;
  std::filesystem::remove_all(folder_, failure);
}

TempProject& TempProject::with(const std::string& name, const std::string& content) {
  const std::filesystem::path path = folder_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return *this;
}

Result<Project> TempProject::read(const std::string& environment) {
  with("index.js", "export default {};\n");
  return read_project(folder_, {.environment = environment});
}

Result<Project> read_toml(const std::string& text, const std::string& environment) {
  TempProject project;
  project.with("wrangler.toml",
               "main = \"index.js\"\ncompatibility_date = \"2026-01-01\"\n" + text);
  return project.read(environment);
}

std::string outcome(const Result<Project>& result) {
  if (result.ok()) return "ok";
  const ConfigError& error = result.error();
  return std::string(name_of(error.kind)) + " " + error.file + ":" + std::to_string(error.line) +
         ":" + std::to_string(error.column);
}

}  // namespace orrery::config::testing
