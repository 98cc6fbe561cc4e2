// The edge cloud of one run, put together: world, hosts in their cities, network, directory, followers,
// objects, edges, clients and origins. Whoever drives a run (Python, tests, benchmarks) makes one, sends
// requests through its clients and steps its world.
//
// Every cloud host (1 .. hosts_per_pop of a point of presence) runs the same services; the five members of
// the directory live on hosts of their own in five cities.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/archive/client.h"
#include "platform/client/client.h"
#include "platform/client/load.h"
#include "platform/client/origin.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/alarms/shards.h"
#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/weaken.h"
#include "platform/edge/anycast.h"
#include "platform/edge/outbound.h"
#include "platform/kv/layout.h"
#include "platform/kv/probes.h"
#include "platform/worker/application.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery {

struct CloudOptions {
  World::Options world = {};
  // Codes of the points of presence that serve the app ("FRA"); empty: all 339.
  std::vector<std::string> pops = {};
  uint32_t hosts_per_pop = 3;
  // Whether the past of Durable Objects is kept, for point-in-time recovery: a write then stays in memory for a month.
  bool keep_past = false;
  // The software that hosts begin with (platform/durable/replication/release.h).
  uint32_t release = 1;
  durable::Weaken weaken = {};
  kv::Weaken kv_weaken = {};
  runtime::Weaken runtime_weaken = {};
  durable::ObjectHost::Options objects = {};
};

class Cloud {
 public:
  // The deployments of `application` (one converts by itself) and `geography` must outlive the cloud. The codes in
  // `options.pops` must be known, the application without fault.
  Cloud(const net::Geography& geography, worker::Application application, CloudOptions options);
  ~Cloud();
  Cloud(const Cloud&) = delete;

  World& world() { return world_; }
  host::Hosts& hosts() { return *hosts_; }
  net::Network& network() { return *network_; }
  const net::Geography& geography() const { return geography_; }
  uint32_t hosts_per_pop() const { return options_.hosts_per_pop; }
  edge::Anycast& anycast() { return *anycast_; }
  const CloudOptions& options() const { return options_; }
  const worker::Application& application() const { return application_; }

  // A new client at this point of presence's city; the name must be new.
  client::Client& add_client(uint32_t pop, std::string name);
  // An outside server that answers fetches to `host_name`; made at first call.
  client::Origin& origin(std::string_view host_name);
  const std::vector<std::unique_ptr<client::Client>>& clients() const { return clients_; }
  const std::vector<client::Origin*>& origins() const { return origin_list_; }

  // Uploads a version of a Worker (its slot), for a share of its work in millionths: objects that start from now on
  // go by it, hosts learn of it within seconds, each at a moment of its own. Empty, or why it is refused. The version
  // that serves already: the same code again, for which every object and isolate of the Worker is made anew.
  std::string deploy(uint32_t slot, uint32_t share = worker::kWholeShare);

  // The software of a host, from its next boot on.
  void set_release(std::string_view host, uint32_t release) { releases_[std::string(host)] = release; }
  // That of hosts not in use yet; those that are keep theirs.
  void set_release_of_new_hosts(uint32_t release);
  uint32_t release_of(std::string_view host) const {
    auto own = releases_.find(host);
    return own == releases_.end() ? options_.release : own->second;
  }

  // Every live object of a class: printable name and host.
  struct LiveObject {
    std::string name;
    std::string host;
    uint64_t epoch;
  };
  std::vector<LiveObject> objects(std::string_view class_name);
  // The instance behind a printable name ("do:Cart/42", by the class's label or its present name), or null if none is live.
  durable::Actor* find_object(std::string_view name);
  // "do:Cart/42" by the class's label, whatever name of it was given.
  std::string printable_name(std::string_view object) const;
  // RPC stubs that nobody has disposed of, by who holds them ("do:Cart/42").
  std::map<std::string, uint64_t> held_stubs();
  // True when no object has an event, timer or write under way.
  bool objects_idle();

  // Workers KV: the namespaces and delays, the hosts of the two back ends (none without a KV binding), and
  // the greatest record of a key at either, by binding name or namespace id; null when there is none.
  kv::Layout& kv() { return kv_; }
  const durable::AlarmShardOptions& alarms() const { return alarms_; }
  // Whose next alarm is to be delivered once more (a fault).
  durable::AlarmRepeats& alarm_repeats() { return alarm_repeats_; }
  const std::vector<std::string>& kv_hosts() const { return kv_hosts_; }
  Ref<const kv::Record> kv_record(std::string_view space, std::string_view key);
  std::vector<std::string> kv_keys(std::string_view space);

  // Names of the hosts that keep the past of objects; none when it is not kept.
  const std::vector<std::string>& archive_hosts() const { return archive_hosts_; }
  // Names of the hosts of the directory's first members, and of those that may take their places.
  const std::vector<std::string>& directory_hosts() const { return directory_hosts_; }
  const std::vector<std::string>& directory_spares() const { return directory_.spares; }

 private:
  void boot(host::Process& process);

  const net::Geography& geography_;
  worker::Application application_;
  CloudOptions options_;
  World world_;
  std::map<std::string, uint32_t, std::less<>> releases_;  // of hosts that differ from options_.release
  durable::DirectoryOptions directory_;
  durable::AlarmRepeats alarm_repeats_;
  durable::AlarmShardOptions alarms_;
  edge::Origins origins_;
  std::vector<client::Origin*> origin_list_;
  uint64_t last_origin_request_ = 0;
  std::vector<std::string> directory_hosts_;
  kv::Layout kv_;
  std::vector<std::string> kv_hosts_;
  std::array<host::HostId, archive::kStores> archive_ = {};
  std::vector<std::string> archive_hosts_;
  std::unique_ptr<kv::Probes> kv_probes_;
  std::unique_ptr<host::Hosts> hosts_;
  std::unique_ptr<edge::Anycast> anycast_;
  std::vector<std::unique_ptr<client::Client>> clients_;
  std::unique_ptr<net::Network> network_;  // last: its end shuts all processes down
};

}  // namespace orrery
