#include "platform/cloud_faults.h"

#include <algorithm>
#include <optional>

#include "platform/durable/replication/events.h"
#include "platform/durable/replication/release.h"
#include "platform/faults/targets.h"
#include "platform/kv/events.h"
#include "platform/worker/events.h"

namespace orrery {

inline constexpr Site kRestart{"fault.restart_after_turn"};
inline constexpr Site kUpgrade{"fault.upgrade"};
inline constexpr Site kIsolate{"fault.isolate_owner"};

// The namespace that a kv_delay names ("kv:FLAGS"); empty: all of them.
static std::string_view kv_space(const fault::Fault& fault) {
  std::string_view target = fault.target;
  if (target.starts_with("kv:")) target.remove_prefix(3);
  return target == "kv" || target == "*" ? std::string_view() : target;
}

static bool among(const std::vector<std::string>& names, const host::Host& host) {
  return std::find(names.begin(), names.end(), host.name()) != names.end();
}

// A member of the directory, or one that may become one.
bool CloudFaults::in_directory(const host::Host& host) const {
  return among(cloud_.directory_hosts(), host) || among(cloud_.directory_spares(), host);
}

std::string CloudFaults::check(const fault::Fault& fault) {
  if (fault.kind == fault::FaultKind::kEvict) return {};
  if (fault.kind == fault::FaultKind::kKvDelay) {
    const auto& delay = fault.fields.find("delay_us");
    if (delay == fault.fields.end() || !delay->is_number_integer() || delay->get<int64_t>() <= 0)
      return "kv_delay: delay_us must be a whole number above 0";
    if (cloud_.kv_hosts().empty()) return "kv_delay: this app has no KV namespace";
    std::string_view space = kv_space(fault);
    if (!space.empty() && !cloud_.kv().find(space))
      return "kv_delay: there is no KV namespace \"" + std::string(space) + "\"";
    return {};
  }
  if (fault.kind == fault::FaultKind::kDeploy) {
    return check_deploy(fault.fields, false);
  }
  if (fault.kind == fault::FaultKind::kMove) {
    const auto& to = fault.fields.find("to");
    if (to == fault.fields.end() || !to->is_string() || !cloud_.geography().find(to->get<std::string>()))
      return "move: `to` must be the code of a point of presence, like \"FRA\"";
    return {};
  }
  if (fault.kind == fault::FaultKind::kCrashInTurn) {
    for (const char* field : {"host_call", "restart_after_us"}) {
      const auto& value = fault.fields.find(field);
      if (value == fault.fields.end() || !value->is_number_integer() || value->get<int64_t>() <= 0)
        return std::string("crash_in_turn: ") + field + " must be a whole number above 0";
    }
    return {};
  }
  if (fault.kind == fault::FaultKind::kUpgrade) {
    const int64_t release = fault.fields.contains("release") && fault.fields["release"].is_number_integer()
                                ? fault.fields["release"].get<int64_t>() : 0;
    if (release < 1 || release > durable::kNewestRelease)
      return "upgrade: release must be a number from 1 to " + std::to_string(durable::kNewestRelease);
    for (const char* field : {"every_us", "down_us"}) {
      const auto& value = fault.fields.find(field);
      if (value == fault.fields.end() || !value->is_number_integer() || value->get<int64_t>() <= 0)
        return std::string("upgrade: ") + field + " must be a whole number above 0";
    }
    const std::string& target = fault.target;
    if (target != "*" && !target.starts_with("do:") && !target.starts_with("replicas:") &&
        !cloud_.hosts().by_name(target) && !cloud_.geography().find(target))
      return "upgrade: \"" + target + "\" is no host, point of presence or object, nor \"*\"";
    return {};
  }
  if (fault.kind == fault::FaultKind::kCrashAtStep) return StepCrashes::check(fault);
  if (OutsideFaults::takes(fault.kind)) return outside_.check(fault);
  return std::string(fault::to_string(fault.kind)) + " is not supported yet: no WebSocket outlives its object's memory here";
}

std::string CloudFaults::begin(const fault::Fault& fault) {
  if (std::string error = check(fault); !error.empty()) return error;
  if (fault.kind == fault::FaultKind::kKvDelay) {
    const kv::Layout::Namespace* space = cloud_.kv().find(kv_space(fault));
    auto& delay = cloud_.kv().delays[fault.name];
    delay = {space ? space->id : "", micros(fault.fields["delay_us"].get<int64_t>())};
    announce_kv_delay(delay.space);
    return {};
  }
  if (fault.kind == fault::FaultKind::kDeploy) {
    std::string refused = deploy(fault.fields);
    if (!refused.empty()) cloud_.world().announce(worker::DeployRefused{kWorldLane, refused});
    return refused;
  }
  if (fault.kind == fault::FaultKind::kCrashInTurn) {
    crash_in_turn(fault);
    return {};
  }
  if (fault.kind == fault::FaultKind::kUpgrade) {
    upgrade(fault);
    return {};
  }
  if (fault.kind == fault::FaultKind::kMove) return move(fault);
  if (fault.kind == fault::FaultKind::kCrashAtStep) {
    step_crashes_.begin(fault);
    return {};
  }
  if (OutsideFaults::takes(fault.kind)) {
    outside_.begin(fault);
    return {};
  }
  // An object that is not live has nothing to lose.
  if (durable::Actor* actor = cloud_.find_object(fault.target))
    actor->object_host().evict(*actor, "evicted by a fault");
  return {};
}

void CloudFaults::end(const fault::Fault& fault) {
  if (fault.kind == fault::FaultKind::kCrashAtStep) return step_crashes_.end(fault);
  if (OutsideFaults::takes(fault.kind)) return outside_.end(fault);
  auto delay = cloud_.kv().delays.find(fault.name);
  if (fault.kind != fault::FaultKind::kKvDelay || delay == cloud_.kv().delays.end()) return;
  const std::string space = delay->second.space;
  cloud_.kv().delays.erase(delay);
  announce_kv_delay(space);
}

std::string CloudFaults::find_deployment(const nlohmann::json& fields, uint32_t& slot, uint32_t& share) {
  const worker::Application& application = cloud_.application();
  const auto text = [&](const char* key) {
    auto it = fields.find(key);
    return it != fields.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  const std::string app = text("app"), version = text("version");
  const auto ppm = fields.find("share_ppm");
  share = worker::kWholeShare;
  if (ppm != fields.end()) {
    if (!ppm->is_number_integer() || ppm->get<int64_t>() < 1 || ppm->get<int64_t>() > worker::kWholeShare)
      return "deploy: a share is more than nothing and at most the whole";
    share = static_cast<uint32_t>(ppm->get<int64_t>());
  }
  const uint32_t named = application.find_worker(app);
  const std::string no_worker = "there is no Worker \"" + app + "\"";
  std::string why;
  if (named != worker::kNoWorker && version.empty()) {
    slot = application.rollout(named).to;
    return {};
  }
  if (named == worker::kNoWorker && !version.empty()) return "deploy: " + no_worker;
  slot = application.find_version(version.empty() ? "" : app, version.empty() ? app : version, why);
  if (slot != worker::kNoWorker) return {};
  if (application.slots() == application.size() && version.empty()) return "deploy: " + no_worker;
  return "deploy: " + (version.empty() ? no_worker + ", and " : std::string()) + why;
}

std::string CloudFaults::check_deploy(const nlohmann::json& fields, bool now) {
  uint32_t slot = 0, share = 0;
  if (std::string error = find_deployment(fields, slot, share); !error.empty() || !now) return error;
  std::string refused = cloud_.application().refuses(slot, share);
  return refused.empty() ? refused : "deploy: " + refused;
}

std::string CloudFaults::deploy(const nlohmann::json& fields) {
  uint32_t slot = 0, share = 0;
  if (std::string error = find_deployment(fields, slot, share); !error.empty()) return error;
  return cloud_.deploy(slot, share);
}

std::string CloudFaults::move(const fault::Fault& fault) {
  durable::Actor* actor = cloud_.find_object(fault.target);
  if (!actor) return {};  // it sleeps, and wakes at home
  const uint32_t pop = *cloud_.geography().find(fault.fields["to"].get<std::string>());
  if (!worker::within(cloud_.geography().at(pop), actor->jurisdiction()))
    return "move: " + fault.target + " may not leave its jurisdiction, \"" +
           std::string(worker::kJurisdictions[static_cast<size_t>(actor->jurisdiction())]) + "\"";
  const uint32_t number = 1 + static_cast<uint32_t>(actor->info().key % cloud_.hosts_per_pop());
  actor->move(pop, cloud_.hosts().at(pop, number).id());
  return {};
}

// Each Worker on the host counts its own host calls, or one object its own; the first that is there ends the process.
void CloudFaults::crash_in_turn(const fault::Fault& fault) {
  durable::Actor* actor = cloud_.find_object(fault.target);
  host::Host* host = actor ? &actor->object_host().process().host() : cloud_.hosts().by_name(fault.target);
  auto* workers = host && host->process() ? host->process()->find<worker::HostWorkers>() : nullptr;
  if (!workers) return;  // nothing runs there now
  const auto calls = fault.fields["host_call"].get<uint32_t>();
  const Duration down = micros(fault.fields["restart_after_us"].get<int64_t>());
  const auto crash = [this, host, down] {
    ORRERY_SOMETIMES(cloud_.world(), true, "a process crashes in the middle of a turn");
    cloud_.hosts().crash(*host);
    cloud_.world().loop().schedule_in(down, kRestart, kWorldOwner, [this, host] { cloud_.hosts().restart(*host); });
  };
  if (actor) return actor->worker().crash_at_host_call(calls, actor->context_id(), crash);
  for (uint32_t slot = 0; slot < workers->slots(); ++slot)
    if (auto* worker = workers->find(slot)) worker->crash_at_host_call(calls, runtime::kNoContext, crash);
}

// Hosts in use, in order of their first use. Those of the directory, of KV's back ends and of the archive follow nobody.
std::vector<std::string> CloudFaults::hosts_to_upgrade(const std::string& target) {
  if (target.starts_with("host:")) return {target};
  std::vector<std::string> names;
  if (target.starts_with("do:") || target.starts_with("replicas:")) return hosts_of(target);
  const std::optional<uint32_t> pop = cloud_.geography().find(target);
  for (host::HostId id = 0; id < cloud_.hosts().count(); ++id) {
    const host::Host& h = cloud_.hosts().by_id(id);
    if (h.outside() || (pop && h.pop() != *pop)) continue;
    if (in_directory(h) || among(cloud_.kv_hosts(), h) || among(cloud_.archive_hosts(), h)) continue;
    names.push_back(h.name());
  }
  return names;
}

// One host after the other; one that is down comes back with the new release when it comes back.
void CloudFaults::upgrade(const fault::Fault& fault) {
  const auto release = fault.fields["release"].get<uint32_t>();
  const Duration every = micros(fault.fields["every_us"].get<int64_t>());
  const Duration down = micros(fault.fields["down_us"].get<int64_t>());
  int64_t turn = 0;
  const std::vector<std::string> names = hosts_to_upgrade(fault.target);
  if (fault.target == "*") cloud_.set_release_of_new_hosts(release);
  for (const std::string& name : names) {
    host::Host* host = cloud_.hosts().by_name(name);
    cloud_.world().loop().schedule_in(every * turn++, kUpgrade, kWorldOwner, [this, host, release, down] {
      cloud_.world().announce(durable::Upgraded{host->lane(), cloud_.release_of(host->name()), release});
      cloud_.set_release(host->name(), release);
      if (!host->up()) return;
      cloud_.hosts().crash(*host);
      cloud_.world().loop().schedule_in(down, kUpgrade, kWorldOwner, [this, host] { cloud_.hosts().restart(*host); });
    });
  }
}

void CloudFaults::announce_kv_delay(const std::string& space) {
  World& world = cloud_.world();
  const kv::Layout::Namespace* named = cloud_.kv().find(space);
  const LaneId lane = named ? world.trace().lane("kv:" + named->name, "kv") : kWorldLane;
  world.announce(kv::DelayDeclared{lane, space, cloud_.kv().delay_of(space)});
}

bool CloudFaults::knows(std::string_view entity) const { return is_entity(entity); }

std::string CloudFaults::explain(std::string_view entity) const { return explain_entity(cloud_, entity); }

std::vector<std::string> CloudFaults::hosts_of(std::string_view entity) { return hosts_of_entity(cloud_, entity); }

void CloudFaults::isolate_owner(Isolation isolation) {
  isolations_.push_back(std::move(isolation));
  const Isolation* planned = &isolations_.back();
  cloud_.world().loop().schedule(planned->at, kIsolate, kWorldOwner,
                                 [this, planned] { begin_isolation(*planned); });
}

void CloudFaults::begin_isolation(const Isolation& isolation) {
  durable::Actor* actor = cloud_.find_object(isolation.object);
  if (!actor) return;  // nobody owns it yet
  host::Host& owner = actor->object_host().process().host();
  uint32_t pop = owner.pop();
  std::vector<std::string> island = {owner.name()};
  if (isolation.followers_cut > 0) {
    auto followers = actor->followers();
    for (size_t i = 0; i + isolation.followers_cut < followers.size(); ++i)
      island.push_back(cloud_.hosts().by_id(followers[i]).name());
  }
  bool whole_island = isolation.followers_cut > 0;
  auto cut = [this, directory = isolation.directory, followers = isolation.followers, pop, island,
              whole_island](const host::Host& h) {
    if (h.outside() || among(island, h)) return false;
    return in_directory(h) ? directory : followers && (whole_island || h.pop() != pop);
  };
  cloud_.network().partition(isolation.name, {.names = island}, {.predicate = cut});
  if (isolation.for_.us > 0)
    cloud_.world().loop().schedule_in(isolation.for_, kIsolate, kWorldOwner,
                                      [this, &isolation] { cloud_.network().heal(isolation.name); });
}

}  // namespace orrery
