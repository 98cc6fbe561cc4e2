#include "platform/config/project_keys.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace orrery::config {

namespace {

void read_main(TableReader& top, Project& project, Findings& findings) {
  std::optional<std::string> main = top.text("main");
  if (findings.error) return;
  if (!main || main->empty()) {
    std::string hint = "add main = \"src/index.ts\"";
    if (top.any("pages_build_output_dir") != nullptr) {
      hint = "Pages projects are not supported yet; a Worker with main = \"...\" is";
    } else if (top.any("assets") != nullptr) {
      hint = "Workers of static assets alone are not supported yet; add main = \"src/index.ts\"";
    }
    return findings.fail(ConfigErrorKind::kMissingMain, main ? top.place_of("main") : Place{},
                         "\"main\" is missing: it names the module the Worker starts with", hint);
  }
  project.main = *main;
  const Place place = top.table().find("main")->place;
  if (main->find('\0') != std::string::npos) {
    return findings.fail(ConfigErrorKind::kBadValue, place, "\"main\" is not a file name");
  }
  std::error_code failure;
  if (!std::filesystem::is_regular_file(project.folder / *main, failure)) {
    std::string hint = "correct the path, relative to the wrangler file";
    if (top.table().find("build") != nullptr) {
      hint += "; build.command is not run: run it first if it makes this file";
    }
    return findings.fail(ConfigErrorKind::kMissingMain, place,
                         "\"main\" names \"" + *main + "\", which is not a file", hint);
  }
  if (main->ends_with(".py")) {
    findings.fail(ConfigErrorKind::kUnsupported, place, "Python Workers are not supported yet",
                  "main must be a JavaScript or TypeScript module");
  }
}

void read_compatibility(TableReader& top, Project& project, Findings& findings) {
  const std::optional<std::string> date = top.text("compatibility_date");
  const std::vector<PlacedText> flags = top.texts("compatibility_flags");
  if (findings.error) return;
  project.compatibility_date = date.value_or(std::string(kCompatibilityDateDefault));
  if (!date) {
    findings.warn({},
                  "no compatibility_date is given; " + project.compatibility_date + " is taken");
  }
  for (const PlacedText& flag : flags) project.compatibility_flags.push_back(flag.text);
  Result<CompatFlags> resolved =
      resolve_compat_flags(project.compatibility_date, project.compatibility_flags);
  if (resolved) {
    project.flags = std::move(*resolved);
    return;
  }
  Place place = top.place_of("compatibility_flags");
  const ConfigErrorKind kind = resolved.error().kind;
  if (kind == ConfigErrorKind::kBadDate || kind == ConfigErrorKind::kFutureDate) {
    place = top.table().find("compatibility_date")->place;
  }
  for (const PlacedText& flag : flags) {
    if (resolved.error().message.find("\"" + flag.text + "\"") == std::string::npos) continue;
    place = flag.place;
    break;
  }
  findings.fail(kind, place, resolved.error().message, resolved.error().hint);
}

void read_triggers(TableReader& top, Project& project, Findings& findings) {
  const Value* table = top.table("triggers");
  if (table == nullptr) return;
  TableReader triggers(*table, "triggers", findings);
  for (const PlacedText& cron : triggers.texts("crons")) {
    int fields = 0;
    bool inside = false;
    for (const char c : cron.text) {
      const bool blank = c == ' ' || c == '\t';
      if (!blank && !inside) ++fields;
      inside = !blank;
    }
    if (fields != 5) {
      findings.fail(ConfigErrorKind::kBadValue, cron.place,
                    "\"" + cron.text + "\" is not a cron expression: it has " +
                        std::to_string(fields) + " fields",
                    "write minute, hour, day of month, month, day of week: \"*/5 * * * *\"");
    }
    project.crons.push_back(cron.text);
  }
  triggers.warn_of_unknown_keys();
}

void read_queue_consumers(TableReader& top, Project& project, Findings& findings) {
  const Value* table = top.table("queues");
  if (table == nullptr) return;
  TableReader queues(*table, "queues", findings);
  queues.accept({"producers"});
  for (TableReader& reader : queues.tables("consumers")) {
    Json consumer{{"queue", reader.required_text("queue")}};
    for (const char* key : {"max_batch_size", "max_batch_timeout", "max_retries", "retry_delay",
                            "max_concurrency", "visibility_timeout_ms"}) {
      const std::optional<int64_t> number = reader.integer(key);
      if (!number) continue;
      if (*number < 0) {
        findings.fail(ConfigErrorKind::kBadValue, reader.place_of(key),
                      "\"" + reader.name_of(key) + "\" must not be negative");
      }
      consumer[key] = *number;
    }
    for (const char* key : {"dead_letter_queue", "type"}) {
      if (auto text = reader.text(key)) consumer[key] = *text;
    }
    reader.warn_of_unknown_keys();
    project.queue_consumers.push_back(std::move(consumer));
  }
  queues.warn_of_unknown_keys();
}

void read_limits(TableReader& top, Project& project, Findings& findings) {
  const Value* table = top.table("limits");
  if (table == nullptr) return;
  TableReader limits(*table, "limits", findings);
  const auto positive = [&](const char* key) {
    const std::optional<int64_t> number = limits.integer(key);
    if (number && *number <= 0) {
      findings.fail(ConfigErrorKind::kBadValue, limits.place_of(key),
                    "\"" + limits.name_of(key) + "\" must be greater than 0");
    }
    return number;
  };
  project.limits.cpu_ms = positive("cpu_ms");
  project.limits.subrequests = positive("subrequests");
  limits.warn_of_unknown_keys();
}

void read_routes(TableReader& top, Project& project, Findings& findings) {
  const auto add = [&](const Value& value) {
    if (value.is_string()) {
      project.routes.push_back({{"pattern", value.text}});
    } else if (value.is_table() && value.find("pattern") != nullptr &&
               value.find("pattern")->is_string()) {
      project.routes.push_back(to_json(value));
    } else {
      findings.fail(ConfigErrorKind::kWrongType, value.place,
                    "a route must be a string or a table with a \"pattern\"");
    }
  };
  if (const Value* route = top.any("route")) add(*route);
  const Value* routes = top.any("routes");
  if (routes == nullptr) return;
  if (!routes->is_array()) {
    return findings.fail(ConfigErrorKind::kWrongType, routes->place, "\"routes\" must be a list");
  }
  for (const Value& route : routes->items) add(route);
}

void read_rules(TableReader& top, Project& project, Findings& findings) {
  constexpr std::array<std::string_view, 7> kTypes{"ESModule", "CommonJS", "CompiledWasm", "Text",
                                                   "Data", "PythonModule", "PythonRequirement"};
  for (TableReader& reader : top.tables("rules")) {
    ModuleRule rule{.type = reader.required_text("type"), .globs = reader.plain_texts("globs")};
    rule.fallthrough = reader.boolean("fallthrough").value_or(false);
    reader.warn_of_unknown_keys();
    if (std::find(kTypes.begin(), kTypes.end(), rule.type) == kTypes.end()) {
      findings.fail(ConfigErrorKind::kBadValue, reader.place_of("type"),
                    "unknown module type \"" + rule.type + "\"",
                    "use Text, Data, CompiledWasm, ESModule or CommonJS");
    }
    project.build.rules.push_back(std::move(rule));
  }
}

std::vector<std::pair<std::string, std::string>> read_pairs(TableReader& top, const char* key,
                                                            Findings& findings) {
  std::vector<std::pair<std::string, std::string>> out;
  const Value* table = top.table(key);
  if (table == nullptr) return out;
  TableReader reader(*table, key, findings);
  for (const Member& member : table->members) {
    if (auto text = reader.text(member.key)) out.emplace_back(member.key, *text);
  }
  return out;
}

void read_build(TableReader& top, Project& project, Findings& findings) {
  read_rules(top, project, findings);
  project.build.alias = read_pairs(top, "alias", findings);
  project.build.define = read_pairs(top, "define", findings);
  project.build.no_bundle = top.boolean("no_bundle").value_or(false);
  project.build.minify = top.boolean("minify").value_or(false);
  project.build.keep_names = top.boolean("keep_names").value_or(true);
  project.build.tsconfig = top.text("tsconfig").value_or("");
  if (!project.build.tsconfig.empty()) {
    std::error_code failure;
    if (project.build.tsconfig.find('\0') != std::string::npos ||
        !std::filesystem::is_regular_file(project.folder / project.build.tsconfig, failure)) {
      findings.fail(ConfigErrorKind::kMissingFile, top.table().find("tsconfig")->place,
                    "\"tsconfig\" names \"" + project.build.tsconfig + "\", which is not a file",
                    "correct the path, or remove the key");
    }
  }
  if (const Value* build = top.table("build"); build != nullptr && build->find("command")) {
    findings.warn(build->place, "build.command is not run: run it yourself when sources change");
  }
}

}  // namespace

void read_project_keys(TableReader& top, Project& project, Findings& findings) {
  project.name = top.text("name").value_or("");
  if (project.name.empty()) project.name = "worker";
  read_main(top, project, findings);
  read_compatibility(top, project, findings);
  read_triggers(top, project, findings);
  read_queue_consumers(top, project, findings);
  read_limits(top, project, findings);
  read_routes(top, project, findings);
  read_build(top, project, findings);
  if (const Value* assets = top.table("assets")) project.assets = to_json(*assets);
  if (const Value* placement = top.table("placement")) project.placement = to_json(*placement);
  for (const char* key : {"site", "wasm_modules", "text_blobs", "data_blobs", "containers"}) {
    if (top.any(key) == nullptr) continue;
    findings.warn(top.place_of(key), "\"" + std::string(key) + "\" is not supported yet: ignored");
  }
  // What only matters to an account, to an upload or to wrangler itself.
  top.accept({"$schema", "env", "account_id", "workers_dev", "preview_urls", "upload_source_maps",
              "observability", "logpush", "cache", "access", "send_metrics", "keep_vars", "dev",
              "legacy_env", "pages_build_output_dir", "find_additional_modules", "base_dir",
              "preserve_file_names", "first_party_worker", "tail_consumers",
              "streaming_tail_consumers", "cloudchamber", "compliance_region", "jsx_factory",
              "jsx_fragment", "node_compat", "usage_model", "secrets", "python_modules", "previews",
              "unsafe", "logfwdr"});
}

}  // namespace orrery::config
