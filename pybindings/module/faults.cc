// Faults that a scenario or a preset brings into a world.
#include <algorithm>
#include <optional>

#include "platform/durable/steps.h"
#include "pybindings/module/native_world.h"
#include "sim/core/check.h"
#include "sim/fault/swarm.h"

namespace orrery::python {

// What the swarm may hit: the points of presence that serve the app, their nearest neighbours (where
// followers are), and the directory.
static fault::Terrain terrain_of(Cloud& cloud) {
  constexpr size_t kNeighbours = 5;
  const net::Geography& places = cloud.geography();
  fault::Terrain terrain;
  terrain.pops = cloud.options().pops;
  // An app served from everywhere is tried in the places where most of its users are.
  if (terrain.pops.empty()) terrain.pops = {"FRA", "IAD", "SIN", "NRT", "LHR", "SJC", "GRU", "SYD"};
  std::vector<uint32_t> hosting;
  auto add = [&](uint32_t pop) {
    if (std::find(hosting.begin(), hosting.end(), pop) == hosting.end()) hosting.push_back(pop);
  };
  for (const std::string& code : terrain.pops) add(*places.find(code));
  for (const std::string& code : terrain.pops) {
    const auto& near = places.nearest(*places.find(code));
    for (size_t i = 0; i < kNeighbours; ++i) add(near[i]);
  }
  for (uint32_t pop : hosting)
    for (uint32_t n = 1; n <= cloud.options().hosts_per_pop; ++n)
      terrain.hosts.push_back("host:" + std::string(places.at(pop).iata) + "/" + std::to_string(n));
  fault::Quorum directory{.name = "directory", .hosts = cloud.directory_hosts(), .may_lose = 2};
  for (const std::string& host : directory.hosts) terrain.hosts.push_back(host);
  terrain.quorums.push_back(std::move(directory));
  // A KV write is acknowledged by one back end alone: until they have reconciled, neither may lose its disk.
  if (!cloud.kv_hosts().empty()) {
    terrain.hosts.insert(terrain.hosts.end(), cloud.kv_hosts().begin(), cloud.kv_hosts().end());
    terrain.quorums.push_back({.name = "KV back ends", .hosts = cloud.kv_hosts(), .may_lose = 0});
  }
  for (const durable::steps::Step* step : durable::steps::kAll) terrain.steps.emplace_back(step->name);
  return terrain;
}

static uint64_t fault_cause(const std::string& name) {
  fault::Fault named;
  named.kind = fault::FaultKind::kPartition;
  named.name = name;
  return fault::Injector::cause_of(named);
}

void NativeWorld::fault(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw BadInput("fault: not a JSON object");
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  if (json.value("kind", "") == "isolate_owner") {
    CloudFaults::Isolation isolation;
    isolation.object = json.value("target", "");
    isolation.name = json.value("name", "isolate:" + isolation.object);
    auto from = json.value("from", std::vector<std::string>{"directory", "followers"});
    isolation.directory = isolation.followers = false;
    for (const std::string& part : from) {
      if (part == "directory") isolation.directory = true;
      else if (part == "followers") isolation.followers = true;
      else if (part.size() == 11 && part.starts_with("followers:") && part[10] >= '1' && part[10] <= '4') {
        isolation.followers = true;
        isolation.followers_cut = static_cast<uint32_t>(part[10] - '0');
      } else {
        throw BadInput("isolate_owner: from_ holds \"directory\", \"followers\" or \"followers:3\", not \"" +
                       part + "\"");
      }
    }
    isolation.at = Instant{json.value("at_us", int64_t{0})};
    isolation.for_ = micros(json.value("for_us", int64_t{0}));
    if (!isolation.object.starts_with("do:")) isolation.object = "do:" + isolation.object;
    CauseScope own(world().cause(), fault_cause(isolation.name));
    Decisions& decide = world().decide();
    const bool begins = decide.given(Site{"fault.begins"}, 1) != 0;
    isolation.at = Instant{std::max<int64_t>(0, decide.given(Site{"fault.at_us"}, isolation.at.us))};
    const int64_t lasts = decide.given(Site{"fault.lasts_us"}, isolation.for_.us);
    if (isolation.for_.us > 0) isolation.for_ = micros(std::max<int64_t>(1, lasts));
    isolated_.push_back({isolation.name, isolation.object, isolation.at, begins});
    if (!begins) return;
    CauseScope command(world().cause(), mix64(hash_name("scenario.command"), commands_));
    return faults_->isolate_owner(isolation);
  }
  fault::Fault fault;
  std::string error;
  if (!fault::parse_fault(json, &fault, &error)) throw BadInput("fault: " + error);
  error = injector_->add(std::move(fault));
  if (!error.empty()) throw BadInput("fault: " + error);
}

void NativeWorld::deploy(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw BadInput("deploy: not a JSON object");
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  if (std::string error = faults_->check_deploy(json, true); !error.empty()) throw BadInput(error);
  faults_->deploy(json);
}

void NativeWorld::heal() {
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  injector_->stop();
}

// A delay of KV's propagation, which sim's swarm does not know of. By default none.
static std::optional<fault::Fault> draw_kv_delay(World& world, fault::Preset preset,
                                                 Duration horizon) {
  constexpr Site kPresent{"swarm.kv_delay"};
  constexpr Site kWhen{"swarm.kv_delay.when"};
  const std::string name = "kv_delay-1";
  CauseScope cause(world.cause(), mix64(hash_name("swarm.cause"), hash_name(name)));
  Decisions& decide = world.decide();
  if (!decide.chance(kPresent, preset == fault::Preset::kLite ? Ratio{1, 4} : Ratio{1, 2})) return {};
  // Over, and what it held back seen, before the quiet time ends.
  const Duration quiet = fault::quiet_from(horizon);
  const int64_t at = decide.between(kWhen, 0, quiet.us / 2, 0);
  const int64_t length = decide.between(kWhen, 1, quiet.us / 2, 1);
  const int64_t delay = decide.between(kWhen, 1, (horizon - quiet).us, 1);
  nlohmann::json json = {{"kind", "kv_delay"}, {"name", name},      {"at_us", at},
                         {"for_us", length},   {"target", "kv:*"}, {"delay_us", delay}};
  fault::Fault fault;
  std::string error;
  ORRERY_CHECK(fault::parse_fault(json, &fault, &error));
  return fault;
}

void NativeWorld::plan_swarm(const WorldOptions& options) {
  auto preset = fault::parse_preset(options.faults);
  if (!preset)
    throw BadInput("faults=\"" + options.faults + "\": known are none, lite, swarm, storm");
  if (*preset == fault::Preset::kNone) return;
  preset_ = *preset;
  horizon_ = options.swarm_horizon;
  storm_end_ = Instant{} + fault::quiet_from(horizon_);
  draw_faults();
}

// Plans the preset's faults from now on, beside those of it that have begun.
void NativeWorld::draw_faults() {
  if (terrain_.hosts.empty()) terrain_ = terrain_of(*cloud_);
  const fault::Terrain& terrain = terrain_;
  fault::FaultPlan plan;
  for (const auto& fault : injector_->faults())
    if (drawn_faults_.count(fault->name) && injector_->has_begun(*fault)) plan.push_back(*fault);
  const bool begun = !plan.empty();
  const Duration now = world().now() - Instant{};
  auto to_come = [&](const fault::Fault& f) { return now.us == 0 || f.at > now; };
  for (fault::Fault& f : fault::draw_swarm(world(), preset_, terrain, horizon_))
    if (to_come(f)) plan.push_back(std::move(f));
  // What both plans hold may be more than any system survives.
  if (begun) {
    plan = fault::trim(plan, terrain, fault::quiet_from(horizon_));
    std::erase_if(plan, [&](const fault::Fault& f) { return f.at <= now; });
  }
  if (!cloud_->kv_hosts().empty())
    if (auto delay = draw_kv_delay(world(), preset_, horizon_); delay && to_come(*delay))
      plan.push_back(std::move(*delay));
  for (fault::Fault& f : plan) {
    const bool for_good = fault::kills_for_good(f);
    std::string error = injector_->add(std::move(f));
    ORRERY_CHECK(error.empty(), "the swarm draws only what can be carried out");
    const std::string& name = injector_->faults().back()->name;
    drawn_faults_.insert(name);
    if (for_good) dead_for_good_.insert(name);
  }
}

void NativeWorld::redraw(uint64_t seed) {
  // Not the seed itself: the future of a run whose own seed it is would be no other one.
  world().decide().redraw(mix64(seed, hash_name("redraw")));
  redrawn_.push_back(seed);
  if (preset_ == fault::Preset::kNone) return;
  for (const std::string& name : injector_->drop_planned(drawn_faults_)) {
    drawn_faults_.erase(name);
    dead_for_good_.erase(name);
  }
  draw_faults();
}

void NativeWorld::list_decisions(Json& out) const {
  Json decisions = Json::array();
  for (const DecisionRecord& d : cloud_->world().decision_records())
    decisions.push_back({d.key, d.value, d.usual, d.sequence});
  out["decision_list"] = std::move(decisions);
  Json asked = Json::array();
  for (const Asked& a : asked_) {
    const OperationResult& result = operations_[a.operation];
    Json entry = {{"key", a.key}, {"client", a.client}, {"what", a.what}, {"asked_us", a.at.us},
                  {"dropped", result.dropped}};
    if (result.kind != OperationResult::Kind::kPending && !result.dropped) {
      entry["sent_us"] = result.exchange.sent.us;
      entry["took_us"] = (result.exchange.received - result.exchange.sent).us;
    }
    asked.push_back(std::move(entry));
  }
  out["operations"] = std::move(asked);
  const Trace& trace = cloud_->world().trace();
  if (trace.texts()) {
    // The lines of what came from outside: requests and frames that left, faults.
    Json lines = Json::array();
    for (const RecordedEvent& event : trace.recorded()) {
      const std::string_view kind = event.kind;
      const bool sent = kind == "socket.sent" && trace.lane_at(event.lane).kind == "client";
      if (kind == "client.request" || kind == "fault.begin" || sent)
        lines.push_back({event.sequence, story_line(trace, event)});
    }
    out["from_outside"] = std::move(lines);
  }
  Json plan = Json::array();
  fault::FaultPlan begun;
  for (const auto& fault : injector_->faults()) {
    const bool happened = injector_->has_begun(*fault);
    if (happened) begun.push_back(*fault);
    if (fault->kind == fault::FaultKind::kHeal) continue;
    plan.push_back({{"name", fault->name},
                    {"kind", fault::to_string(fault->kind)},
                    {"where", fault->where()},
                    {"cause", hex64(fault::Injector::cause_of(*fault))},
                    {"drawn", hex64(mix64(hash_name("swarm.cause"), hash_name(fault->name)))},
                    {"at_us", fault->at.us},
                    {"us", (fault->for_.us > 0 ? fault->for_ : fault->restart_after).us},
                    {"begun", happened}});
  }
  for (const Isolated& i : isolated_)
    plan.push_back({{"name", i.name}, {"kind", "isolate_owner"}, {"where", i.object},
                    {"cause", hex64(fault_cause(i.name))}, {"drawn", ""}, {"at_us", i.at.us}, {"us", 0},
                    {"begun", i.begins}});
  out["plan"] = std::move(plan);
  // A scenario may ask for what no system survives; then it is for the scenario to say what is still expected.
  const fault::Terrain terrain = terrain_.hosts.empty() ? terrain_of(*cloud_) : terrain_;
  out["unsurvivable"] = fault::why_not_survivable(begun, terrain, Duration{INT64_MAX / 4});
}

}  // namespace orrery::python
