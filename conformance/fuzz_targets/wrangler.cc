// Goal: any bytes as wrangler file, secrets or bundled app give a value or one error with a text, never an exception, and
// what was read is printed as JSON that reads as the same. Method: the first byte says which file the rest is.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "conformance/fuzz_targets/targets.h"
#include "platform/config/app.h"
#include "platform/config/document.h"
#include "platform/config/dotenv.h"
#include "platform/config/project.h"
#include "platform/config/utf8.h"

namespace orrery::fuzz_targets {
namespace {

using config::Json;

// Nested deeper than the reader of JSON allows, which TOML may be.
constexpr size_t kJsonBytesMax = 1 << 16;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-fuzz-XXXXXX").string();
    ORRERY_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
    write("index.js", "export default {};\n");
    write("worker.js", "export default {};\n");
  }
  ~Folder() {
    std::error_code failure;
    std::filesystem::remove_all(path_, failure);
  }
  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(path_ / name, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
  }

 private:
  std::filesystem::path path_;
};

void check_error(const config::ConfigError& error) {
  ORRERY_CHECK(!error.message.empty() && error.message.find('\n') == std::string::npos, "an error is one line");
  ORRERY_CHECK(error.line >= 0 && error.column >= 0);
  ORRERY_CHECK(!Json::parse(config::to_json(error), nullptr, false).is_discarded(), "an error is printed as JSON");
}

void read_project_in(const Folder& folder) {
  for (const char* environment : {"", "prod"}) {
    const auto project = config::read_project(folder.path(), {.environment = environment});
    if (!project.ok())
      check_error(project.error());
    else
      ORRERY_CHECK(!Json::parse(config::to_json(*project), nullptr, false).is_discarded(), "a project is printed as JSON");
  }
}

// The values of a document, printed, read as the same values.
void check_document(const config::Result<config::Value>& value) {
  if (!value.ok()) return check_error(value.error());
  const std::string printed = config::to_json(*value).dump();
  if (printed.size() > kJsonBytesMax) return;
  const auto again = config::parse_jsonc(printed, "again.json");
  if (!again.ok()) {
    ORRERY_CHECK(again.error().message.find("nest") != std::string::npos, "printed JSON is read again");
    return;
  }
  ORRERY_CHECK(config::to_json(*again).dump() == printed, "printed JSON is read as the same");
}

}  // namespace

void wrangler(Bytes input) {
  if (input.empty()) return;
  static Folder folder;
  const std::string_view text = text_of(input.subspan(1));
  constexpr std::string_view kGood = "name = \"x\"\nmain = \"index.js\"\ncompatibility_date = \"2026-01-01\"\n";
  std::string file = "wrangler.toml";
  switch (input[0]) {
    case 'j': file = "wrangler.json"; break;
    case 'c': file = "wrangler.jsonc"; break;
    case 'v': file = ".dev.vars"; break;
    case 'e': file = ".env"; break;
    case 'a': file = "app.json"; break;
    default: break;
  }
  // Whoever reads a file looks for this first; the readers of its text keep what they are given.
  const bool printable = config::first_bad_utf8(text) == text.size();
  if (file[0] == '.') {
    config::parse_dotenv(text);
    folder.write("wrangler.toml", kGood);
  } else {
    const auto value = file == "wrangler.toml" ? config::parse_toml(text, file) : config::parse_jsonc(text, file);
    if (printable) check_document(value);
  }
  folder.write(file, text);
  if (file == "app.json") {
    const auto app = config::load_app(folder.path());
    if (app.ok())
      (void)app->original_position(1, 1);
    else
      check_error(app.error());
  } else {
    read_project_in(folder);
  }
  std::filesystem::remove(folder.path() / file);
  std::filesystem::remove(folder.path() / "wrangler.toml");
}

}  // namespace orrery::fuzz_targets
