#include "pybindings/module/world_options.h"

#include <nlohmann/json.hpp>

#include "pybindings/module/app.h"
#include "pybindings/module/geography.h"
#include "pybindings/module/planted_drift.h"

namespace orrery::python {

namespace {

using Json = nlohmann::json;

// The planted weaknesses by the names of the guarantees they switch off: `weaken={"lease_check": false}`.
struct Weakness {
  std::string_view guarantee;
  bool& off;
};

// Names as scenarios and `--weaken` use them; "quorum" alone takes a number.
void read_weaken(const Json& json, CloudOptions& cloud) {
  durable::Weaken& w = cloud.weaken;
  const Weakness known[] = {
      {"lease_check", w.lease_unchecked},
      {"epoch_check", w.epoch_unchecked},
      {"sync_before_ack", w.ack_before_sync},
      {"torn_tail_check", w.torn_tail_accepted},
      {"epoch_in_recovery", w.stale_epoch_read},
      {"lease_before_grant", w.grants_early},
      {"answers_wait", w.answers_early},
      {"calls_wait", w.calls_early},
      {"sections_exclude", w.sections_open},
      {"turns_whole", w.turns_split},
      {"rollback", w.rollback_kept},
      {"rollback_of_alarm", w.rollback_keeps_alarm},
      {"alarm_until_success", w.alarm_deleted_early},
      {"alarm_retry_count", w.retries_forgotten},
      {"stub_order", w.stub_order_lost},
      {"clock_frozen", cloud.runtime_weaken.clock_runs},
      {"ids_checked", cloud.runtime_weaken.ids_unchecked},
      {"archive_confirms", w.archive_unsure},
      {"image_whole", w.image_behind},
      {"batch_once", w.batch_applied_twice},
      {"ack_once", w.ack_counted_twice},
      {"tail_kept", w.repeats_cut},
      {"followers_registered", w.change_unregistered},
      {"frames_wait", w.frames_early},
      {"frames_queue", w.frames_overtake},
      {"streams_wait", w.streams_early},
      {"writes_lock", w.writes_unlocked},
      {"transactions_lock", w.transactions_unlocked},
      {"sync_waits", w.sync_early},
      {"inner_rollback", w.inner_rollback_kept},
      {"abort_discards", w.abort_commits},
      {"failed_section_resets", w.failed_sections_pass},
      {"waiting_keeps", w.evicts_waiting},
      {"constructor_first", w.constructor_late},
      {"at_most_once", w.resent_blindly},
      {"alarm_retries", w.retries_refused},
      {"alarm_pause", w.retries_at_once},
      {"alarm_promise", w.alarm_unpromised},
      {"gate_order", w.gate_lifo},
      {"delete_all", w.delete_all_keeps},
      {"alarm_takeover", w.alarms_forgotten},
      {"lease_ends", w.leases_forever},
      {"lost_member_rejoins", w.directory_votes_blank},
      {"release_check", w.old_release_reads_torn},
      {"replica_durable", w.replica_reads_ahead},
      {"bookmark_waits", w.bookmark_ignored},
      {"version_pinned", w.versions_drawn},
      {"rename_keeps", w.renames_lose},
      {"kv_negative_ttl", cloud.kv_weaken.negative_kept},
      {"kv_reconcile", cloud.kv_weaken.never_reconciles},
      {"kv_write_order", cloud.kv_weaken.last_arrival_wins},
  };
  for (const auto& [name, value] : json.items()) {
    if (name == "quorum" && (value == 2 || value == 3)) {
      w.quorum_of_two = value == 2;
      continue;
    }
    const Weakness* found = nullptr;
    for (const Weakness& k : known)
      if (k.guarantee == name) found = &k;
    if (found) {
      found->off = value.is_boolean() && !value.get<bool>();
      continue;
    }
    std::string text = "weaken: unknown entry \"" + name + "\"; known are quorum (2)";
    for (const Weakness& k : known) text += ", " + std::string(k.guarantee);
    throw BadInput(text + " (each false)");
  }
}

Sweep read_sweep(const Json& json) {
  static constexpr std::pair<std::string_view, Sweep::Kind> kKinds[] = {
      {"disk", Sweep::Kind::kDisk},
      {"message", Sweep::Kind::kMessage},
      {"commit-step", Sweep::Kind::kCommitStep},
      {"host-call", Sweep::Kind::kHostCall}};
  Sweep sweep;
  const auto kind = json.at("kind").get<std::string>();
  for (const auto& [name, value] : kKinds)
    if (name == kind) sweep.kind = value;
  if (sweep.kind == Sweep::Kind::kNone)
    throw BadInput("sweep: \"" + kind + "\" is not disk, message, commit-step or host-call");
  const auto n = json.at("n").get<int64_t>();
  if (n < 1) throw BadInput("sweep: n counts from 1");
  sweep.n = static_cast<uint64_t>(n);
  return sweep;
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
    // A name of its own: `items` of a temporary would outlive it.
    const Json overrides = json.value("overrides", Json::object());
    for (const auto& [key, value] : overrides.items()) {
      std::string site;
      uint64_t cause;
      uint32_t ordinal;
      if (!parse_decision_key(key, site, cause, ordinal))
        throw BadInput("override \"" + key + "\" is not <site>/<cause>/<ordinal>");
      decisions.overrides[key] = value.get<int64_t>();
    }
    out.cloud.world.record = json.value("record", false);
    out.cloud.world.causes = json.value("causes", false);
    out.cloud.world.list_decisions = json.value("decisions", false);
    if (json.contains("free_from") && json.at("free_from").is_number())
      decisions.free_from = json.at("free_from").get<uint64_t>();
    out.until_rule = json.value("until_rule", "");
    out.cloud.world.positions = json.value("positions", true);
    out.cloud.world.pairs = json.value("pairs", false);
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
    if (json.contains("past") && json.at("past").is_boolean()) out.past = json.at("past").get<bool>();
    for (const Json& redraw : json.value("redraw", Json::array())) {
      out.redraws.push_back({redraw.at("at_step").get<uint64_t>(), redraw.at("seed").get<uint64_t>()});
      if (out.redraws.size() > 1 && out.redraws.back().at_step < out.redraws[out.redraws.size() - 2].at_step)
        throw BadInput("redraw: entries stand in the order of their steps");
    }
    if (json.contains("record_from")) out.record_from = json.at("record_from").get<uint64_t>();
    for (const auto& name : json.value("plant", std::vector<std::string>{})) {
      if (!is_planted_drift(name)) throw BadInput("plant: unknown \"" + name + "\"");
      out.plant.push_back(name);
    }
    out.swarm_horizon = micros(json.value("horizon_us", out.swarm_horizon.us));
    const std::string schedule = json.value("schedule", "fifo");
    const auto strategy = explore::parse_strategy(schedule);
    if (!strategy)
      throw BadInput("schedule: \"" + schedule + "\" is not fifo, random, pct:1 to pct:16, pos or portfolio");
    out.schedule = explore::resolve(*strategy, decisions.seed);
    out.enumerate = json.value("enumerate", false);
    if (json.contains("sweep") && !json["sweep"].is_null()) out.cloud.world.sweep = read_sweep(json["sweep"]);
    read_weaken(json.value("weaken", Json::object()), out.cloud);
  } catch (const Json::exception& e) {
    throw BadInput(std::string("world options: ") + e.what());
  }
  return out;
}

}  // namespace orrery::python
