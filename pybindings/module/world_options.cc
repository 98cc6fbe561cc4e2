#include "pybindings/module/world_options.h"

#include <nlohmann/json.hpp>

#include "pybindings/module/app.h"
#include "pybindings/module/geography.h"

namespace orrery::python {

namespace {

using Json = nlohmann::json;

// `weaken={"quorum": 2}` and the other planted weaknesses, by the names scenarios use.
void read_weaken(const Json& json, CloudOptions& cloud) {
  durable::Weaken& weaken = cloud.weaken;
  for (const auto& [name, value] : json.items()) {
    bool on = value.is_boolean() ? value.get<bool>() : true;
    if (name == "quorum" && value.is_number_integer() && value.get<int>() == 2)
      weaken.quorum_of_two = true;
    else if (name == "quorum" && value.is_number_integer() && value.get<int>() == 3)
      weaken.quorum_of_two = false;
    else if (name == "lease_check")
      weaken.lease_unchecked = !on;
    else if (name == "epoch_check")
      weaken.epoch_unchecked = !on;
    else if (name == "sync_before_ack")
      weaken.ack_before_sync = !on;
    else if (name == "torn_tail_check")
      weaken.torn_tail_accepted = !on;
    else if (name == "epoch_in_recovery")
      weaken.stale_epoch_read = !on;
    else if (name == "kv_negative_ttl")
      cloud.kv_weaken.negative_kept = !on;
    else if (name == "kv_write_order")
      cloud.kv_weaken.last_arrival_wins = !on;
    else
      throw BadInput("weaken: unknown entry \"" + name +
                     "\"; known are quorum (2), lease_check, epoch_check, sync_before_ack, "
                     "torn_tail_check, epoch_in_recovery, kv_negative_ttl, kv_write_order (each false)");
  }
}

}  // namespace

WorldOptions read_world_options(const std::string& text) {
  WorldOptions out;
  try {
    Json json = Json::parse(text);
    auto& decisions = out.cloud.world.decisions;
    decisions.seed = json.at("seed").get<uint64_t>();
    std::string base = json.value("base", "seed");
    if (base != "seed" && base != "default")
      throw BadInput("base is \"seed\" or \"default\", not \"" + base + "\"");
    decisions.base = base == "seed" ? DecisionBase::kSeed : DecisionBase::kDefault;
    for (const auto& [key, value] : json.value("overrides", Json::object()).items()) {
      std::string site;
      uint64_t cause;
      uint32_t ordinal;
      if (!parse_decision_key(key, site, cause, ordinal))
        throw BadInput("override \"" + key + "\" is not <site>/<cause>/<ordinal>");
      decisions.overrides[key] = value.get<int64_t>();
    }
    out.cloud.world.record = json.value("record", false);
    for (const auto& pop : json.value("pops", std::vector<std::string>{})) {
      if (!geography().find(pop)) {
        auto city = geography().by_city(pop);
        if (!city.pop)
          throw BadInput("pops: \"" + pop + "\" is no point of presence; " + city.error);
        out.cloud.pops.emplace_back(geography().at(*city.pop).iata);
      } else {
        out.cloud.pops.push_back(pop);
      }
    }
    out.faults = json.value("faults", "none");
    out.monitors = json.value("monitors", true);
    out.swarm_horizon = micros(json.value("horizon_us", out.swarm_horizon.us));
    read_weaken(json.value("weaken", Json::object()), out.cloud);
  } catch (const Json::exception& e) {
    throw BadInput(std::string("world options: ") + e.what());
  }
  return out;
}

}  // namespace orrery::python
