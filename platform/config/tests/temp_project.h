// A project folder of its own for a test, deleted with the object.
#pragma once

#include <filesystem>
#include <string>

#include "platform/config/project.h"

namespace orrery::config::testing {

class TempProject {
 public:
  TempProject();
  ~TempProject();
  TempProject(const TempProject&) = delete;
  TempProject& operator=(const TempProject&) = delete;

  /// Writes a file, making its folders.
  TempProject& with(const std::string& name, const std::string& content);
  /// Reads the project with an `index.js` as its main module.
  Result<Project> read(const std::string& environment = "");

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// The project of one wrangler.toml, with "main" and a date put before the text.
Result<Project> read_toml(const std::string& text, const std::string& environment = "");

/// "kind file:line:column", or "ok".
std::string outcome(const Result<Project>& result);

}  // namespace orrery::config::testing
