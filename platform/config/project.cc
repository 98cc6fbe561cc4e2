#include "platform/config/project.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "platform/config/bindings.h"
#include "platform/config/document.h"
#include "platform/config/environment.h"
#include "platform/config/files.h"
#include "platform/config/migrations.h"
#include "platform/config/project_keys.h"
#include "platform/config/secrets.h"
#include "platform/config/utf8.h"

namespace orrery::config {

namespace {

constexpr size_t kWranglerFileBytesMax = size_t{4} << 20;

// wrangler's order.
constexpr std::string_view kWranglerFiles[] = {"wrangler.json", "wrangler.jsonc", "wrangler.toml"};

// The wrangler file: the one given, or the first one in the folder given.
Result<std::filesystem::path> find_wrangler_file(const std::filesystem::path& given) {
  std::error_code failure;
  const auto status = std::filesystem::status(given, failure);
  if (std::filesystem::is_regular_file(status)) {
    const std::string extension = given.extension().string();
    if (extension == ".json" || extension == ".jsonc" || extension == ".toml") return given;
    return ConfigError{.kind = ConfigErrorKind::kMissingFile, .file = given.string(),
                       .message = "this is not a wrangler file",
                       .hint = "give the project's folder, or its wrangler.toml or wrangler.jsonc"};
  }
  if (!std::filesystem::is_directory(status)) {
    return ConfigError{.kind = ConfigErrorKind::kMissingFile, .file = given.string(),
                       .message = "there is no such folder",
                       .hint = "give the folder with the project's wrangler file"};
  }
  for (const std::string_view name : kWranglerFiles) {
    if (std::filesystem::exists(given / name, failure)) return given / name;
  }
  return ConfigError{.kind = ConfigErrorKind::kMissingFile, .file = given.string(),
                     .message = "there is no wrangler.json, wrangler.jsonc or wrangler.toml here",
                     .hint = "give the folder with the project's wrangler file"};
}

// Durable Object bindings to this Worker's own classes need the class; others are somebody else's.
void check_bound_classes(const Project& project, const std::vector<PlacedBinding>& bindings,
                         const ClassTable& classes, bool toml, Findings& findings) {
  for (const PlacedBinding& placed : bindings) {
    if (placed.binding.type != "durable_object") continue;
    const std::string script = placed.binding.text("script");
    if (!script.empty() && script != project.name) continue;
    const std::string name = placed.binding.text("class");
    if (name.empty() || classes.find(name) != nullptr) continue;
    findings.fail(ConfigErrorKind::kClassWithoutMigration, placed.place,
                  "the binding \"" + placed.binding.name + "\" uses the Durable Object class \"" +
                      name + "\", but no migration makes that class",
                  toml ? "add: [[migrations]] tag = \"v1\" new_sqlite_classes = [\"" + name + "\"]"
                       : "add: \"migrations\": [{\"tag\": \"v1\", \"new_sqlite_classes\": [\"" +
                             name + "\"]}]");
  }
}

// Secrets the file says the Worker needs, which nothing gives.
void check_required_secrets(TableReader& top, const std::vector<PlacedBinding>& bindings,
                            Findings& findings) {
  const Value* table = top.table("secrets");
  if (table == nullptr) return;
  TableReader secrets(*table, "secrets", findings);
  for (const PlacedText& wanted : secrets.texts("required")) {
    bool given = false;
    for (const PlacedBinding& placed : bindings) given |= placed.binding.name == wanted.text;
    if (given) continue;
    findings.warn(wanted.place, "the secret \"" + wanted.text +
                                    "\" is required, but neither .dev.vars nor .env gives it");
  }
}

Json pairs_to_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json out = Json::object();
  for (const auto& [key, value] : pairs) out[key] = value;
  return out;
}

Json bindings_to_json(const std::vector<Binding>& bindings) {
  Json out = Json::array();
  for (const Binding& binding : bindings) {
    Json item{{"type", binding.type}, {"name", binding.name}};
    item.update(binding.fields);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

Result<Project> read_project(const std::filesystem::path& given, const ReadOptions& options) {
  Result<std::filesystem::path> file = find_wrangler_file(given);
  if (!file) return file.error();
  Project project;
  std::error_code failure;
  project.folder = std::filesystem::absolute(file->parent_path(), failure).lexically_normal();
  project.config_file = file->filename().string();
  project.environment = options.environment;

  Result<std::string> text = read_file(*file, project.config_file, kWranglerFileBytesMax);
  if (!text) return text.error();
  if (const size_t bad = first_bad_utf8(*text); bad < text->size()) {
    const auto lines = std::count(text->begin(), text->begin() + static_cast<long>(bad), '\n');
    return ConfigError{.kind = ConfigErrorKind::kSyntax, .file = project.config_file,
                       .line = static_cast<int>(lines) + 1,
                       .message = "this line holds bytes that are no text",
                       .hint = "save the file as UTF-8"};
  }
  const bool toml = file->extension() == ".toml";
  Result<Value> document = toml ? parse_toml(*text, project.config_file)
                                : parse_jsonc(*text, project.config_file);
  if (!document) return document.error();
  Findings findings{.file = project.config_file, .error = {}, .warnings = {}};
  if (!document->is_table()) {
    findings.fail(ConfigErrorKind::kWrongType, document->place,
                  "the wrangler file must hold an object, but holds " +
                      std::string(description_of(document->kind)));
    return *findings.error;
  }

  const Value merged = merged_for_environment(*document, options.environment, findings);
  if (findings.error) return *findings.error;
  TableReader top(merged, "", findings);
  read_project_keys(top, project, findings);
  ClassTable classes = read_classes(top, findings);
  std::vector<PlacedBinding> bindings = read_bindings(top, findings);
  add_secrets(project.folder, options.environment, bindings, findings);
  check_unique_names(bindings, findings);
  check_bound_classes(project, bindings, classes, toml, findings);
  check_required_secrets(top, bindings, findings);
  top.warn_of_unknown_keys();
  if (findings.error) return *findings.error;

  for (PlacedBinding& placed : bindings) project.bindings.push_back(std::move(placed.binding));
  project.classes = std::move(classes.classes);
  project.migrations = std::move(classes.migrations);
  project.warnings = std::move(findings.warnings);
  return project;
}

std::string to_json(const Project& project) {
  Json out{{"orrery", 1},
           {"folder", project.folder.string()},
           {"config_file", project.config_file},
           {"environment", project.environment},
           {"name", project.name},
           {"main", project.main},
           {"compatibility_date", project.compatibility_date},
           {"enabled_flags", project.flags.enabled},
           {"bindings", bindings_to_json(project.bindings)}};
  Json classes = Json::array();
  Json places = Json::object();
  for (const DurableObjectClass& known : project.classes) {
    classes.push_back({{"class", known.name}, {"storage", name_of(known.storage)}});
    places[known.name] = {{"line", known.place.line}, {"column", known.place.column}};
  }
  out["durable_objects"] = std::move(classes);
  out["class_places"] = std::move(places);
  out["migrations"] = project.migrations;
  out["crons"] = project.crons;
  out["queue_consumers"] = project.queue_consumers;
  Json limits = Json::object();
  if (project.limits.cpu_ms) limits["cpu_ms"] = *project.limits.cpu_ms;
  if (project.limits.subrequests) limits["subrequests"] = *project.limits.subrequests;
  out["limits"] = std::move(limits);
  out["routes"] = project.routes;
  if (!project.assets.is_null()) out["assets"] = project.assets;
  if (!project.placement.is_null()) out["placement"] = project.placement;
  Json rules = Json::array();
  for (const ModuleRule& rule : project.build.rules) {
    rules.push_back(
        {{"type", rule.type}, {"globs", rule.globs}, {"fallthrough", rule.fallthrough}});
  }
  out["rules"] = std::move(rules);
  out["alias"] = pairs_to_json(project.build.alias);
  out["define"] = pairs_to_json(project.build.define);
  out["no_bundle"] = project.build.no_bundle;
  out["minify"] = project.build.minify;
  out["keep_names"] = project.build.keep_names;
  if (!project.build.tsconfig.empty()) out["tsconfig"] = project.build.tsconfig;
  Json warnings = Json::array();
  for (const Warning& warning : project.warnings) warnings.push_back(warning.text());
  out["warnings"] = std::move(warnings);
  return dump(out);
}

}  // namespace orrery::config
