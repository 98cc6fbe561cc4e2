#include "platform/config/environment.h"

#include <algorithm>
#include <array>

#include "platform/config/closest.h"

namespace orrery::config {

namespace {

// Source: wrangler's configuration schema of 2026-08-22. Every other key is inherited.
constexpr std::array<std::string_view, 32> kNotInherited{
    "define", "vars", "secrets", "durable_objects", "workflows", "kv_namespaces", "queues",
    "r2_buckets", "d1_databases", "vectorize", "hyperdrive", "services",
    "analytics_engine_datasets", "ai", "browser", "images", "media", "stream", "version_metadata",
    "mtls_certificates", "tail_consumers", "streaming_tail_consumers", "dispatch_namespaces",
    "pipelines", "secrets_store_secrets", "ratelimits", "worker_loaders", "vpc_services",
    "vpc_networks", "send_email", "unsafe", "containers",
};

bool is_inherited(std::string_view key) {
  return std::find(kNotInherited.begin(), kNotInherited.end(), key) == kNotInherited.end();
}

std::string known_environments(const Value* all) {
  std::string out;
  if (all != nullptr && all->is_table()) {
    for (const Member& member : all->members) out += (out.empty() ? "" : ", ") + member.key;
  }
  return out.empty() ? "the file has no environments" : "the file has: " + out;
}

}  // namespace

Value merged_for_environment(const Value& top, const std::string& environment,
                             Findings& findings) {
  Value merged = top;
  std::erase_if(merged.members, [](const Member& member) { return member.key == "env"; });
  const Value* all = top.find("env");
  if (all != nullptr && !all->is_table()) {
    findings.fail(ConfigErrorKind::kWrongType, all->place,
                  "\"env\" must be a table, but is " + std::string(description_of(all->kind)));
    return merged;
  }
  if (environment.empty()) return merged;

  const Value* chosen = all == nullptr ? nullptr : all->find(environment);
  if (chosen == nullptr) {
    findings.fail(ConfigErrorKind::kUnknownEnvironment, {},
                  "there is no environment \"" + environment + "\" in the wrangler file",
                  known_environments(all));
    return merged;
  }
  if (!chosen->is_table()) {
    findings.fail(ConfigErrorKind::kWrongType, chosen->place,
                  "\"env." + environment + "\" must be a table, but is " +
                      std::string(description_of(chosen->kind)));
    return merged;
  }
  Value out = *chosen;
  for (Member& member : merged.members) {
    if (out.find(member.key) != nullptr) continue;
    if (!is_inherited(member.key)) {
      findings.warn(member.place, "\"" + member.key + "\" is not inherited: env." + environment +
                                      " does not have it; repeat it there");
      continue;
    }
    if (member.key == "name" && member.value.is_string()) {
      member.value.text += "-" + environment;  // wrangler's name of an environment's Worker
    }
    out.members.push_back(std::move(member));
  }
  return out;
}

}  // namespace orrery::config
