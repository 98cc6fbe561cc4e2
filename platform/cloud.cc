#include "platform/cloud.h"

#include <algorithm>

#include "platform/archive/store.h"
#include "platform/durable/alarms/alarm_client.h"
#include "platform/durable/alarms/alarm_scheduler.h"
#include "platform/durable/directory/directory_member.h"
#include "platform/durable/replication/follower.h"
#include "platform/durable/replication/replicated_log.h"
#include "platform/edge/edge_server.h"
#include "platform/edge/object_client.h"
#include "platform/kv/cache.h"
#include "platform/kv/central.h"
#include "platform/kv/service.h"
#include "platform/worker/events.h"
#include "platform/worker/host_workers.h"
#include "platform/worker/rpc_hub.h"
#include "platform/worker/web_sockets.h"
#include "sim/core/check.h"

namespace orrery {

inline constexpr Site kDeploy{"fault.deploy"};

namespace {
// News of an upload reaches the network within seconds. Source: platform.md 1.6.
constexpr Duration kDeploySpread = seconds(5);
// Five cities on four continents, so that a quorum is near everybody and no single cable cuts it.
constexpr std::string_view kDirectoryCities[durable::kDirectoryMembers] = {"IAD", "SJC", "AMS",
                                                                          "SIN", "NRT"};
// Where hosts stand ready to take the place of members who are gone for long; made when that happens.
constexpr std::string_view kSpareCities[] = {"LHR", "DFW", "HKG"};
// Two continents, so that no loss of one region takes both.
// Three more, one a continent.
constexpr std::string_view kArchiveCities[archive::kStores] = {"IAD", "AMS", "SIN"};
constexpr std::string_view kKvCities[kv::kBackEnds] = {"ORD", "FRA"};
}  // namespace

Cloud::Cloud(const net::Geography& geography, worker::Application application,
             CloudOptions options)
    : geography_(geography),
      application_(std::move(application)),
      options_(std::move(options)),
      world_(options_.world),
      kv_(geography) {
  ORRERY_CHECK(application_.fault().empty(), "the application is validated by the caller");
  application_.lose_renamed(options_.weaken.renames_lose);
  hosts_ = std::make_unique<host::Hosts>(world_, geography_,
                                         [this](host::Process& p) { boot(p); });
  network_ = net::make_network(world_, *hosts_, geography_);
  std::vector<uint32_t> pops;
  for (const std::string& code : options_.pops) {
    auto pop = geography_.find(code);
    ORRERY_CHECK(pop.has_value(), "points of presence are validated by the caller");
    pops.push_back(*pop);
  }
  alarms_.pops = pops;
  alarms_.hosts_per_pop = options_.hosts_per_pop;
  alarms_.weaken = options_.weaken;
  alarms_.repeats = &alarm_repeats_;
  anycast_ = std::make_unique<edge::Anycast>(*hosts_, geography_, std::move(pops),
                                             options_.hosts_per_pop);
  // Hosts are numbered in order of first use, so the members are known before they boot.
  directory_.weaken = options_.weaken;
  for (uint32_t i = 0; i < durable::kDirectoryMembers; ++i) directory_.members[i] = i;
  for (std::string_view city : kDirectoryCities)
    directory_hosts_.push_back(
        hosts_->at(*geography_.find(city), options_.hosts_per_pop + 1).name());
  for (std::string_view city : kSpareCities)
    directory_.spares.push_back("host:" + std::string(city) + "/" +
                                std::to_string(options_.hosts_per_pop + 1));
  kv_.hosts_per_pop = options_.hosts_per_pop;
  kv_.weaken = options_.kv_weaken;
  bool any_kv = false;
  for (uint32_t slot = 0; slot < application_.slots(); ++slot)
    any_kv = kv_.read_bindings(*application_.version(slot).code()) || any_kv;
  host::HostId next = durable::kDirectoryMembers;
  if (any_kv) {
    kv_probes_ = std::make_unique<kv::Probes>(world_);
    for (host::HostId& id : kv_.back_ends) id = next++;
    for (std::string_view city : kKvCities)
      kv_hosts_.push_back(hosts_->at(*geography_.find(city), options_.hosts_per_pop + 2).name());
  }
  if (!options_.keep_past) return;
  for (host::HostId& id : archive_) id = next++;
  for (std::string_view city : kArchiveCities)
    archive_hosts_.push_back(hosts_->at(*geography_.find(city), options_.hosts_per_pop + 3).name());
}

Cloud::~Cloud() { network_.reset(); }

void Cloud::boot(host::Process& process) {
  const auto& spares = directory_.spares;
  const bool member = process.host_id() < durable::kDirectoryMembers ||
                      std::find(spares.begin(), spares.end(), process.host().name()) != spares.end();
  if (member) {
    process.add<durable::DirectoryMember>(process, directory_);
    return;
  }
  for (uint32_t i = 0; i < kv::kBackEnds; ++i) {
    if (kv_.back_ends[i] != process.host_id()) continue;
    process.add<kv::CentralStore>(process, kv_, i + 1);
    return;
  }
  if (options_.keep_past && std::find(archive_.begin(), archive_.end(), process.host_id()) != archive_.end()) {
    process.add<archive::Store>(process);
    return;
  }
  auto& directory = process.add<durable::DirectoryClient>(process, directory_);
  durable::FollowerOptions follower_options;
  follower_options.weaken = options_.weaken;
  follower_options.keep_past = options_.keep_past;
  follower_options.release = {release_of(process.host().name())};
  process.add<durable::Follower>(process, directory, follower_options);
  durable::ReplicationOptions replication_options;
  replication_options.weaken = options_.weaken;
  replication_options.keep_past = options_.keep_past;
  replication_options.release = follower_options.release;
  auto& replication = process.add<durable::Replication>(process, directory, replication_options);
  auto& outbound = process.add<edge::EdgeOutbound>(process, origins_);
  auto& workers = process.add<worker::HostWorkers>(process, application_, outbound,
                                                   options_.runtime_weaken);
  workers.connect(process.add<worker::WebSockets>(process));
  auto& rpc = process.add<worker::RpcHub>(process, workers);
  process.add<durable::AlarmScheduler>(process, directory, replication, alarms_);
  process.add<durable::AlarmClient>(process, alarms_);
  durable::ObjectHost::Options object_options = options_.objects;
  object_options.hosts_per_pop = options_.hosts_per_pop;
  object_options.weaken = options_.weaken;
  auto& object_host = process.add<durable::ObjectHost>(process, workers, directory, replication, object_options);
  if (options_.keep_past) object_host.keep_past(process.add<archive::Client>(process, archive_));
  edge::ObjectClient::Options client_options;
  client_options.hosts_per_pop = options_.hosts_per_pop;
  client_options.weaken = options_.weaken;
  auto& objects = process.add<edge::ObjectClient>(process, application_, directory, client_options);
  outbound.connect(objects, process.add<edge::ServiceCalls>(process, workers), rpc);
  if (!kv_hosts_.empty()) {
    process.add<kv::CacheServer>(process, kv_);
    outbound.serve(runtime::BindingKind::kKv, process.add<kv::KvService>(process, kv_));
  }
  process.add<edge::EdgeServer>(process, workers).connect(objects);
}

client::Client& Cloud::add_client(uint32_t pop, std::string name) {
  clients_.push_back(std::make_unique<client::Client>(
      *hosts_, geography_, *anycast_, std::move(name), pop,
      "https://" + application_.worker(0).code()->name + ".example.com"));
  return *clients_.back();
}

client::Origin& Cloud::origin(std::string_view host_name) {
  // Origins stand in Ashburn, as most of the internet does.
  host::Host& host =
      hosts_->outside(*geography_.find("IAD"), "origin:" + std::string(host_name));
  if (auto* existing = host.process()->find<client::Origin>()) return *existing;
  auto& made = host.process()->add<client::Origin>(*host.process(), std::string(host_name),
                                                   last_origin_request_);
  origins_[std::string(host_name)] = host.id();
  origin_list_.push_back(&made);
  return made;
}

std::string Cloud::deploy(uint32_t slot, uint32_t share) {
  const uint32_t w = application_.worker_of(slot);
  const bool again = slot == application_.rollout(w).to && !application_.rollout(w).gradual();
  const size_t deleted = application_.deleted_classes().size();
  if (std::string refused = application_.upload(slot, share); !refused.empty()) return refused;
  if (application_.slots() > application_.size()) {
    ORRERY_SOMETIMES(world_, application_.rollout(w).gradual(), "a version is rolled out gradually");
    const worker::Deployment& d = application_.version(slot);
    world_.announce(worker::Deployed{kWorldLane, d.label(), share});
  }
  for (size_t i = deleted; i < application_.deleted_classes().size(); ++i)
    world_.announce(worker::ClassDeleted{kWorldLane, application_.deleted_classes()[i]});
  world_.loop().touch();
  for (host::HostId id = 0; id < hosts_->count(); ++id) {
    const Duration after = micros(world_.decide().between(kDeploy, 0, kDeploySpread.us, 0));
    world_.loop().schedule_in(after, kDeploy, kWorldOwner, [this, id, w, again] {
      world_.loop().touch();
      host::Process* process = hosts_->by_id(id).process();
      auto* objects = process ? process->find<durable::ObjectHost>() : nullptr;
      if (objects) objects->news(w, again);
    });
  }
  return {};
}

void Cloud::set_release_of_new_hosts(uint32_t release) {
  for (host::HostId id = 0; id < hosts_->count(); ++id)
    releases_.try_emplace(hosts_->by_id(id).name(), options_.release);
  options_.release = release;
}

std::vector<Cloud::LiveObject> Cloud::objects(std::string_view class_name) {
  std::vector<LiveObject> out;
  // A class that was renamed keeps its label; asked for by either.
  const std::string prefix = "do:" + std::string(application_.label_of(class_name)) + "/";
  for (host::HostId id = 0; id < hosts_->count(); ++id) {
    host::Host& h = hosts_->by_id(id);
    auto* objects = h.process() ? h.process()->find<durable::ObjectHost>() : nullptr;
    if (!objects) continue;
    objects->for_each([&](durable::Actor& actor) {
      const std::string& name = world_.trace().lane_at(actor.info().lane).name;
      if (name.starts_with(prefix))
        out.push_back({name.substr(prefix.size()), h.name(), actor.epoch()});
    });
  }
  return out;
}

std::string Cloud::printable_name(std::string_view object) const {
  const size_t slash = object.find('/');
  if (!object.starts_with("do:") || slash == object.npos || application_.uploads() == 0) return std::string(object);
  return "do:" + std::string(application_.label_of(object.substr(3, slash - 3))) + std::string(object.substr(slash));
}

durable::Actor* Cloud::find_object(std::string_view name) {
  const std::string printable = printable_name(name);
  durable::Actor* found = nullptr;
  for (host::HostId id = 0; id < hosts_->count(); ++id) {
    host::Host& h = hosts_->by_id(id);
    auto* objects = h.process() ? h.process()->find<durable::ObjectHost>() : nullptr;
    if (!objects) continue;
    objects->for_each([&](durable::Actor& actor) {
      // The newest epoch is the one that counts.
      if (world_.trace().lane_at(actor.info().lane).name == printable &&
          (!found || actor.epoch() > found->epoch()))
        found = &actor;
    });
  }
  return found;
}

Ref<const kv::Record> Cloud::kv_record(std::string_view space, std::string_view key) {
  const kv::Layout::Namespace* found = kv_.find(space);
  Ref<const kv::Record> newest;
  for (const std::string& name : kv_hosts_) {
    host::Process* process = hosts_->by_name(name)->process();
    if (!found || !process) continue;
    auto record = process->find<kv::CentralStore>()->newest(found->id, key);
    if (record && (!newest || record->version > newest->version)) newest = record;
  }
  return newest;
}

std::vector<std::string> Cloud::kv_keys(std::string_view space) {
  const kv::Layout::Namespace* found = kv_.find(space);
  std::vector<std::string> keys;
  for (const std::string& name : kv_hosts_) {
    host::Process* process = hosts_->by_name(name)->process();
    if (!found || !process) continue;
    for (const auto& record : process->find<kv::CentralStore>()->all(found->id))
      if (!kv_record(space, record->key->name)->deleted) keys.push_back(record->key->name);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::map<std::string, uint64_t> Cloud::held_stubs() {
  std::map<std::string, uint64_t> held;
  for (host::HostId id = 0; id < hosts_->count(); ++id) {
    host::Host& h = hosts_->by_id(id);
    if (auto* rpc = h.process() ? h.process()->find<worker::RpcHub>() : nullptr) rpc->count_held(held);
  }
  return held;
}

bool Cloud::objects_idle() {
  bool idle = true;
  for (host::HostId id = 0; id < hosts_->count(); ++id) {
    host::Host& h = hosts_->by_id(id);
    auto* objects = h.process() ? h.process()->find<durable::ObjectHost>() : nullptr;
    if (objects)
      objects->for_each([&](durable::Actor& actor) { idle = idle && !actor.busy(); });
  }
  return idle;
}

}  // namespace orrery
