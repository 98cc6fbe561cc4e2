#include "platform/config/app.h"

#include <algorithm>
#include <array>

#include "platform/config/files.h"

namespace orrery::config {

namespace {

// Far above what a bundle of a deployable Worker (10 MB) and its map need.
constexpr size_t kAppFileBytesMax = size_t{256} << 20;

constexpr std::array<std::pair<std::string_view, ModuleType>, 5> kModuleTypes{{
    {"esm", ModuleType::kEsModule}, {"wasm", ModuleType::kWasm}, {"text", ModuleType::kText},
    {"data", ModuleType::kData}, {"json", ModuleType::kJson},
}};

// Reads the parts of app.json; the first thing wrong is kept and ends the loading.
class AppReader {
 public:
  explicit AppReader(const std::filesystem::path& folder) : folder_(folder) {}

  Result<App> read() {
    if (std::error_code failure; !std::filesystem::is_directory(folder_, failure)) {
      return ConfigError{.kind = ConfigErrorKind::kMissingFile, .file = folder_.string(),
                         .message = "there is no app folder here",
                         .hint = "bundle the project first"};
    }
    Result<std::string> text = read_file(folder_ / "app.json", "app.json", kAppFileBytesMax);
    if (!text) return garbled("app.json cannot be read: " + text.error().message);
    Json json = Json::parse(*text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return garbled("app.json is not JSON");
    if (json.value("orrery", Json()) != Json(1)) {
      return garbled("app.json is not of version 1");
    }
    read_scalars(json);
    read_modules(json);
    read_bindings(json);
    read_classes(json);
    const auto map = json.find("source_map");
    if (map != json.end()) {
      auto parsed = SourceMap::parse(*map);
      if (!parsed) fail("\"source_map\" is not a source map");
      if (parsed) app_.source_map = std::move(*parsed);
      json.erase("source_map");
    }
    read_blocks(json);
    if (!error_ && app_.find_module(app_.main) == nullptr) {
      fail("the entry module \"" + app_.main + "\" is not among the modules");
    }
    if (error_) return *error_;
    app_.document = std::move(json);
    return std::move(app_);
  }

 private:
  static ConfigError garbled(std::string message) {
    return ConfigError{.kind = ConfigErrorKind::kBadApp, .file = "app.json",
                       .message = std::move(message),
                       .hint = "delete the app folder and bundle the project again"};
  }
  void fail(std::string message) {
    if (!error_) error_ = garbled(std::move(message));
  }

  std::string string_of(const Json& object, const char* key, bool required) {
    const auto found = object.find(key);
    if (found == object.end()) {
      if (required) fail(std::string("\"") + key + "\" is missing");
      return {};
    }
    if (!found->is_string()) {
      fail(std::string("\"") + key + "\" is not a string");
      return {};
    }
    return found->get<std::string>();
  }

  std::vector<std::string> strings_of(const Json& object, const char* key) {
    std::vector<std::string> out;
    for (const Json* item : items_of(object, key)) {
      if (item->is_string()) out.push_back(item->get<std::string>());
      else fail(std::string("\"") + key + "\" holds something that is not a string");
    }
    return out;
  }

  std::vector<const Json*> items_of(const Json& object, const char* key) {
    std::vector<const Json*> out;
    const auto found = object.find(key);
    if (found == object.end()) return out;
    if (!found->is_array()) {
      fail(std::string("\"") + key + "\" is not a list");
      return out;
    }
    for (const Json& item : *found) out.push_back(&item);
    return out;
  }

  // The objects of a list; anything else in it is an error.
  std::vector<const Json*> objects_of(const Json& object, const char* key) {
    std::vector<const Json*> out = items_of(object, key);
    for (const Json* item : out) {
      if (item->is_object()) continue;
      fail(std::string("\"") + key + "\" holds something that is not an object");
      return {};
    }
    return out;
  }

  void read_scalars(const Json& json) {
    app_.name = string_of(json, "name", false);
    app_.main = string_of(json, "main", true);
    app_.compatibility_date = string_of(json, "compatibility_date", false);
    app_.content_hash = string_of(json, "content_hash", true);
    app_.flags = strings_of(json, "compatibility_flags");
    std::sort(app_.flags.begin(), app_.flags.end());
    app_.exports = strings_of(json, "exports");
    app_.crons = strings_of(json, "crons");
    if (const auto limits = json.find("limits"); limits != json.end()) {
      if (!limits->is_object()) return fail("\"limits\" is not an object");
      app_.limits.cpu_ms = limit_of(*limits, "cpu_ms");
      app_.limits.subrequests = limit_of(*limits, "subrequests");
    }
  }

  std::optional<int64_t> limit_of(const Json& limits, const char* key) {
    const auto found = limits.find(key);
    if (found == limits.end()) return std::nullopt;
    if (!found->is_number_integer() || found->get<int64_t>() <= 0) {
      fail(std::string("\"limits.") + key + "\" is not a positive integer");
      return std::nullopt;
    }
    return found->get<int64_t>();
  }

  void read_blocks(Json& json) {
    const auto blocks = json.find("blocks");
    if (blocks == json.end()) return;
    const size_t sources = app_.source_map.sources().size();
    bool sound = blocks->is_array() && blocks->size() % 2 == 0;
    for (size_t i = 0; sound && i < blocks->size(); i += 2) {
      const Json &source = (*blocks)[i], &line = (*blocks)[i + 1];
      sound = source.is_number_integer() && line.is_number_integer() && source >= -1 && line >= 0 &&
              line <= INT32_MAX && source < static_cast<int64_t>(sources);
      if (sound) app_.blocks.emplace_back(source.get<int32_t>(), line.get<int32_t>());
    }
    if (!sound) fail("\"blocks\" is not a list of places");
    json.erase("blocks");
  }

  void read_modules(const Json& json) {
    for (const Json* item : objects_of(json, "modules")) {
      Module module;
      module.name = string_of(*item, "name", true);
      const std::string type = string_of(*item, "type", true);
      const std::string file = string_of(*item, "file", true);
      if (error_) return;
      const auto known = std::find_if(kModuleTypes.begin(), kModuleTypes.end(),
                                      [&](const auto& entry) { return entry.first == type; });
      if (known == kModuleTypes.end()) return fail("unknown module type \"" + type + "\"");
      module.type = known->second;
      // A module file lies in the folder itself: a garbled name must not lead outside.
      if (file.empty() || file.find('/') != std::string::npos || file == ".." ||
          file.find('\0') != std::string::npos) {
        return fail("\"" + file + "\" is not the name of a module file");
      }
      if (app_.find_module(module.name) != nullptr) {
        return fail("two modules are named \"" + module.name + "\"");
      }
      Result<std::string> bytes = read_file(folder_ / file, file, kAppFileBytesMax);
      if (!bytes) return fail("module file " + file + ": " + bytes.error().message);
      module.bytes = std::move(*bytes);
      app_.modules.push_back(std::move(module));
    }
  }

  void read_bindings(const Json& json) {
    for (const Json* item : objects_of(json, "bindings")) {
      Binding binding{.type = string_of(*item, "type", true),
                      .name = string_of(*item, "name", true),
                      .fields = *item};
      binding.fields.erase("type");
      binding.fields.erase("name");
      if (app_.find_binding(binding.name) != nullptr) {
        return fail("two bindings are named \"" + binding.name + "\"");
      }
      app_.bindings.push_back(std::move(binding));
    }
  }

  void read_classes(const Json& json) {
    for (const Json* item : objects_of(json, "durable_objects")) {
      DurableObjectClass made{.name = string_of(*item, "class", true)};
      const std::string storage = string_of(*item, "storage", true);
      if (storage != "sqlite" && storage != "kv" && !error_) {
        return fail("unknown storage \"" + storage + "\"");
      }
      made.storage = storage == "kv" ? StorageKind::kKv : StorageKind::kSqlite;
      app_.classes.push_back(std::move(made));
    }
  }

  std::filesystem::path folder_;
  App app_;
  std::optional<ConfigError> error_;
};

}  // namespace

std::string Binding::text(std::string_view key) const {
  const auto found = fields.find(std::string(key));
  if (found == fields.end()) return {};
  return found->is_string() ? found->get<std::string>() : dump(*found);
}

bool App::has_flag(std::string_view flag) const {
  return std::binary_search(flags.begin(), flags.end(), flag);
}

const Module* App::find_module(std::string_view wanted) const {
  for (const Module& module : modules) {
    if (module.name == wanted) return &module;
  }
  return nullptr;
}

const Binding* App::find_binding(std::string_view wanted) const {
  for (const Binding& binding : bindings) {
    if (binding.name == wanted) return &binding;
  }
  return nullptr;
}

const DurableObjectClass* App::find_class(std::string_view wanted) const {
  for (const DurableObjectClass& known : classes) {
    if (known.name == wanted) return &known;
  }
  return nullptr;
}

Result<App> load_app(const std::filesystem::path& folder) { return AppReader(folder).read(); }

std::string_view name_of(StorageKind kind) { return kind == StorageKind::kKv ? "kv" : "sqlite"; }

std::string_view name_of(ModuleType type) {
  for (const auto& [name, known] : kModuleTypes) {
    if (known == type) return name;
  }
  return "esm";
}

}  // namespace orrery::config
