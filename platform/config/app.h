// A bundled app, as bundle/ writes it: modules, bindings, classes, limits, flags and the way back
// to the user's source. Immutable after loading; owns its bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/error.h"
#include "platform/config/json.h"
#include "platform/config/source_map.h"

namespace orrery::config {

enum class ModuleType { kEsModule, kWasm, kText, kData, kJson };

struct Module {
  std::string name{};  // worker.js imports it as "./" + name
  ModuleType type = ModuleType::kEsModule;
  std::string bytes{};
};

/// One property of `env`. `type` is the word of app.json ("durable_object", "var", "json",
/// "secret", "kv", "r2", "d1", "queue", "service", ...; README.md lists them with their fields).
struct Binding {
  std::string type{};
  std::string name{};
  Json fields{};  // an object: what the type has besides type and name

  /// A field as text: strings as they are, absent ones "", others as JSON.
  std::string text(std::string_view key) const;
};

enum class StorageKind { kSqlite, kKv };

/// A Durable Object class that exists after all migrations.
struct DurableObjectClass {
  std::string name{};
  StorageKind storage = StorageKind::kSqlite;
  Place place{};  // in the wrangler file, of what made it; not kept in app.json
};

struct Limits {
  std::optional<int64_t> cpu_ms;
  std::optional<int64_t> subrequests;
};

struct App {
  std::string name{};
  std::string main;  // name of the entry module
  std::string compatibility_date;
  std::vector<std::string> flags;  // compatibility flags that are on, sorted
  std::vector<Module> modules;
  std::vector<Binding> bindings;
  std::vector<DurableObjectClass> classes;
  std::vector<std::string> exports;  // of the entry module
  std::vector<std::string> crons;
  Limits limits;
  Json document;  // all of app.json but source_map and blocks: migrations, routes, assets, ...
  std::string content_hash;
  SourceMap source_map;
  std::vector<std::pair<int32_t, int32_t>> blocks;  // of the entry module: index into the map's sources or -1, line

  bool has_flag(std::string_view flag) const;
  const Module* find_module(std::string_view name) const;
  const Binding* find_binding(std::string_view name) const;
  const DurableObjectClass* find_class(std::string_view name) const;

  /// The user's source of a place in the entry module; line and column from 1, as in V8's stack
  /// traces.
  std::optional<SourcePosition> original_position(int line, int column) const {
    return source_map.lookup(line, column);
  }
};

/// Loads an app folder. Every byte is checked for shape: a truncated or garbled folder is kBadApp,
/// a folder that is not there kMissingFile.
Result<App> load_app(const std::filesystem::path& folder);

std::string_view name_of(StorageKind kind);
std::string_view name_of(ModuleType type);

}  // namespace orrery::config
