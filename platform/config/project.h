// A user's wrangler project as its wrangler file describes it, for one environment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/config/app.h"
#include "platform/config/compat_flags.h"
#include "platform/config/error.h"
#include "platform/config/json.h"
#include "platform/config/table_reader.h"

namespace orrery::config {

struct ReadOptions {
  std::string environment{};  // env.NAME of the wrangler file; empty: the top level
};

/// Which imports are modules of their own: "Text", "Data", "CompiledWasm", ...
struct ModuleRule {
  std::string type;
  std::vector<std::string> globs;
  bool fallthrough = false;
};

struct BuildOptions {
  std::vector<ModuleRule> rules;
  std::vector<std::pair<std::string, std::string>> alias;
  std::vector<std::pair<std::string, std::string>> define;
  bool no_bundle = false;
  bool minify = false;
  bool keep_names = true;
  std::string tsconfig;  // relative to the folder; empty: esbuild looks for it
};

struct Project {
  std::filesystem::path folder;  // absolute
  std::string config_file;       // relative to the folder: "wrangler.toml"
  std::string environment;
  std::string name;
  std::string main;  // relative to the folder
  std::string compatibility_date;
  std::vector<std::string> compatibility_flags;  // as written
  CompatFlags flags;                             // resolved
  std::vector<Binding> bindings;                 // of env, in the file's order, secrets last
  std::vector<DurableObjectClass> classes;       // that exist after all migrations
  Json migrations = Json::array();               // normalised: tag and the non-empty lists
  std::vector<std::string> crons;
  Json queue_consumers = Json::array();
  Json routes = Json::array();
  Json assets;     // null: none
  Json placement;  // null: none
  Limits limits;
  BuildOptions build;
  std::vector<Warning> warnings;
};

/// Reads a project folder (or the wrangler file in it) as wrangler does: wrangler.json, else
/// wrangler.jsonc, else wrangler.toml; inheritable keys of an environment fall back to the top
/// level, the others do not; `.dev.vars` or else `.env` give secrets. Never throws; any bytes as
/// input give a project or one error.
Result<Project> read_project(const std::filesystem::path& folder, const ReadOptions& options = {});

/// The document that bundle/bundle.mjs takes on its standard input, without "out".
std::string to_json(const Project& project);

}  // namespace orrery::config
