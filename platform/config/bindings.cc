#include "platform/config/bindings.h"

#include <map>
#include <optional>

namespace orrery::config {

namespace {

enum class FieldType { kText, kInteger, kBoolean, kAny };

struct Field {
  std::string_view key;       // in the wrangler file
  std::string_view app_name;  // in app.json
  FieldType type = FieldType::kText;
  bool required = false;
};

enum class Shape { kList, kSingle };

struct BindingRule {
  std::string_view key;       // of the wrangler file; a dot leads one table down
  std::string_view type;      // of app.json
  std::string_view name_key;  // that holds the property's name
  Shape shape;
  std::vector<Field> fields;
};

// Source: wrangler's configuration schema of 2026-08-22. Keys that only matter to the account or to
// remote development (preview ids, `remote`) are accepted and dropped.
const std::vector<BindingRule>& binding_rules() {
  using enum FieldType;
  static const std::vector<BindingRule> rules{
      {"durable_objects.bindings", "durable_object", "name", Shape::kList,
       {{"class_name", "class", kText, true}, {"script_name", "script"},
        {"environment", "environment"}}},
      {"kv_namespaces", "kv", "binding", Shape::kList, {{"id", "id"}}},
      {"r2_buckets", "r2", "binding", Shape::kList,
       {{"bucket_name", "bucket"}, {"jurisdiction", "jurisdiction"}}},
      {"d1_databases", "d1", "binding", Shape::kList,
       {{"database_name", "database"}, {"database_id", "id"}, {"migrations_dir", "migrations_dir"},
        {"migrations_table", "migrations_table"}, {"migrations_pattern", "migrations_pattern"}}},
      {"queues.producers", "queue", "binding", Shape::kList,
       {{"queue", "queue", kText, true}, {"delivery_delay", "delivery_delay", kInteger}}},
      {"services", "service", "binding", Shape::kList,
       {{"service", "service", kText, true}, {"entrypoint", "entrypoint"},
        {"environment", "environment"}, {"props", "props", kAny}}},
      {"hyperdrive", "hyperdrive", "binding", Shape::kList,
       {{"id", "id"}, {"localConnectionString", "local_connection_string"}}},
      {"analytics_engine_datasets", "analytics_engine", "binding", Shape::kList,
       {{"dataset", "dataset"}}},
      {"workflows", "workflow", "binding", Shape::kList,
       {{"name", "workflow", kText, true}, {"class_name", "class", kText, true},
        {"script_name", "script"}, {"limits", "limits", kAny}}},
      {"vectorize", "vectorize", "binding", Shape::kList, {{"index_name", "index"}}},
      {"send_email", "send_email", "name", Shape::kList,
       {{"destination_address", "destination_address"},
        {"allowed_destination_addresses", "allowed_destination_addresses", kAny},
        {"allowed_sender_addresses", "allowed_sender_addresses", kAny}}},
      {"mtls_certificates", "mtls_certificate", "binding", Shape::kList,
       {{"certificate_id", "certificate"}}},
      {"dispatch_namespaces", "dispatch_namespace", "binding", Shape::kList,
       {{"namespace", "namespace"}, {"outbound", "outbound", kAny}}},
      {"secrets_store_secrets", "secrets_store_secret", "binding", Shape::kList,
       {{"store_id", "store"}, {"secret_name", "secret"}}},
      {"ratelimits", "ratelimit", "name", Shape::kList,
       {{"namespace_id", "namespace", kAny}, {"simple", "simple", kAny}}},
      {"worker_loaders", "worker_loader", "binding", Shape::kList, {}},
      {"pipelines", "pipeline", "binding", Shape::kList,
       {{"pipeline", "pipeline"}, {"stream", "stream"}}},
      {"vpc_services", "vpc_service", "binding", Shape::kList, {{"service_id", "service"}}},
      {"vpc_networks", "vpc_network", "binding", Shape::kList,
       {{"network_id", "network"}, {"tunnel_id", "tunnel"}}},
      {"unsafe.bindings", "unsafe", "name", Shape::kList, {{"type", "kind"}}},
      {"ai", "ai", "binding", Shape::kSingle, {}},
      {"browser", "browser", "binding", Shape::kSingle, {}},
      {"images", "images", "binding", Shape::kSingle, {}},
      {"media", "media", "binding", Shape::kSingle, {}},
      {"stream", "stream", "binding", Shape::kSingle, {}},
      {"version_metadata", "version_metadata", "binding", Shape::kSingle, {}},
  };
  return rules;
}

std::optional<Json> field_of(TableReader& reader, const Field& field) {
  switch (field.type) {
    case FieldType::kText:
      if (field.required) return Json(reader.required_text(field.key));
      if (auto text = reader.text(field.key)) return Json(*text);
      return std::nullopt;
    case FieldType::kInteger:
      if (auto integer = reader.integer(field.key)) return Json(*integer);
      return std::nullopt;
    case FieldType::kBoolean:
      if (auto boolean = reader.boolean(field.key)) return Json(*boolean);
      return std::nullopt;
    case FieldType::kAny:
      if (const Value* value = reader.any(field.key)) return to_json(*value);
      return std::nullopt;
  }
  return std::nullopt;
}

PlacedBinding read_binding(TableReader& reader, const BindingRule& rule, Findings& findings,
                           std::string key) {
  PlacedBinding out{.binding = {.type = std::string(rule.type)},
                    .file = findings.file, .place = reader.place(), .key = std::move(key)};
  out.binding.name = reader.required_text(
      rule.name_key, "it names the property of env that the Worker uses");
  if (reader.table().find(rule.name_key) != nullptr) {
    out.place = reader.table().find(rule.name_key)->place;
  }
  out.binding.fields = Json::object();
  for (const Field& field : rule.fields) {
    if (auto value = field_of(reader, field)) {
      out.binding.fields[std::string(field.app_name)] = std::move(*value);
    }
  }
  reader.accept({"remote", "experimental_remote", "preview_id", "preview_bucket_name",
                 "preview_database_id", "database_internal_env", "raw", "localConnectionString"});
  if (rule.type != "unsafe") reader.warn_of_unknown_keys();
  return out;
}

void read_vars(TableReader& top, std::vector<PlacedBinding>& out, Findings& findings) {
  const Value* vars = top.table("vars");
  if (vars == nullptr) return;
  for (const Member& member : vars->members) {
    const bool text = member.value.is_string();
    Json value = to_json(member.value);
    out.push_back({.binding = {.type = text ? "var" : "json", .name = member.key,
                               .fields = Json{{"value", std::move(value)}}},
                   .file = findings.file, .place = member.place, .key = "vars." + member.key});
  }
}

// A reader of the table that holds a rule's key: "queues.producers" lies in the table "queues".
// Nothing when that table is absent.
std::optional<TableReader> holder_of(TableReader& top, std::string_view key, Findings& findings) {
  const size_t dot = key.find('.');
  if (dot == std::string_view::npos) return TableReader(top.table(), "", findings);
  const Value* table = top.table(key.substr(0, dot));
  if (table == nullptr) return std::nullopt;
  return TableReader(*table, std::string(key.substr(0, dot)), findings);
}

}  // namespace

std::vector<PlacedBinding> read_bindings(TableReader& top, Findings& findings) {
  std::vector<PlacedBinding> out;
  read_vars(top, out, findings);
  for (const BindingRule& rule : binding_rules()) {
    const size_t dot = rule.key.find('.');
    top.accept({rule.key.substr(0, dot)});
    std::optional<TableReader> holder = holder_of(top, rule.key, findings);
    if (!holder) continue;
    const std::string_view key =
        dot == std::string_view::npos ? rule.key : rule.key.substr(dot + 1);
    if (rule.shape == Shape::kSingle) {
      if (const Value* table = holder->table(key)) {
        TableReader reader(*table, std::string(rule.key), findings);
        out.push_back(read_binding(reader, rule, findings, std::string(rule.key)));
      }
      continue;
    }
    size_t index = 0;
    for (TableReader& reader : holder->tables(key)) {
      out.push_back(read_binding(reader, rule, findings,
                                 std::string(rule.key) + "[" + std::to_string(index++) + "]"));
    }
  }
  if (const Value* assets = top.any("assets"); assets != nullptr && assets->is_table()) {
    TableReader reader(*assets, "assets", findings);
    if (auto name = reader.text("binding")) {
      out.push_back({.binding = {.type = "assets", .name = *name, .fields = Json::object()},
                     .file = findings.file, .place = reader.place_of("binding"), .key = "assets"});
    }
  }
  return out;
}

void check_unique_names(const std::vector<PlacedBinding>& bindings, Findings& findings) {
  std::map<std::string_view, const PlacedBinding*> first;
  for (const PlacedBinding& placed : bindings) {
    const auto [found, added] = first.emplace(placed.binding.name, &placed);
    if (added || placed.binding.name.empty()) continue;
    const PlacedBinding& other = *found->second;
    findings.fail(ConfigErrorKind::kDuplicateBinding, placed.place,
                  "two bindings are named \"" + placed.binding.name + "\": " + placed.key +
                      " here, and " + other.key + " in line " + std::to_string(other.place.line),
                  "give each binding a name of its own");
    return;
  }
}

}  // namespace orrery::config
