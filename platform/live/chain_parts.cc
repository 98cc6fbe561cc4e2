// The ends of blocking chains: links, the directory, followers, the alarm scheduler, Workers KV.
#include "platform/durable/alarms/alarm_scheduler.h"
#include "platform/durable/alarms/alarm_shard.h"
#include "platform/durable/directory/directory_member.h"
#include "platform/kv/central.h"
#include "platform/live/blocking_chain.h"

namespace orrery::live {

std::string BlockingChain::state_of(host::HostId from, host::HostId to) {
  host::Host& host = cloud_.hosts().by_id(to);
  if (!host.up()) return host.name() + " (down)";
  if (host.paused()) return host.name() + " (paused)";
  std::string cut;
  for (const std::string& name : cloud_.network().blocked_by(from, to)) cut += " " + name;
  if (!cut.empty()) return host.name() + " (cut off by" + cut + ")";
  for (const std::string& name : cloud_.network().blocked_by(to, from)) cut += " " + name;
  return cut.empty() ? host.name() : host.name() + " (its answers cut off by" + cut + ")";
}

std::string BlockingChain::directory_from(host::HostId from) {
  uint32_t reached = 0;
  std::string missing;
  // Of the view that the host knows, for those are whom it asks.
  std::vector<host::HostId> members;
  host::Process* process = cloud_.hosts().by_id(from).process();
  const auto* client = process ? process->find<durable::DirectoryClient>() : nullptr;
  if (client) members = client->view()->hosts();
  else
    for (const std::string& name : cloud_.directory_hosts())
      members.push_back(cloud_.hosts().by_name(name)->id());
  for (host::HostId id : members) {
    std::string state = state_of(from, id);
    if (state == cloud_.hosts().by_id(id).name()) {
      host::Process* there = cloud_.hosts().by_id(id).process();
      const auto* member = there ? there->find<durable::DirectoryMember>() : nullptr;
      if (!member || member->serving()) {
        ++reached;
        continue;
      }
      state += member->blank() ? " (without a state)" : " (between two views)";
    }
    missing += (missing.empty() ? "" : ", ") + state;
  }
  return std::to_string(reached) + " of " + std::to_string(durable::kDirectoryMembers) +
         " members of the directory can be reached" + (missing.empty() ? "" : ", not " + missing);
}

std::string BlockingChain::followers_of(host::HostId from, const durable::ReplicatedLog& log,
                                        uint64_t entry) {
  uint32_t have = 0;
  std::string missing;
  for (const auto& follower : log.followers()) {
    if (follower.match >= entry) {
      ++have;
      continue;
    }
    missing += (missing.empty() ? "" : ", ") + state_of(from, follower.host) + " has " +
               std::to_string(follower.match) + (follower.needs_image ? " and needs an image" : "");
  }
  return std::to_string(have) + " of " + std::to_string(durable::kFollowerQuorum) +
         " followers have acknowledged it" + (missing.empty() ? "" : "; " + missing);
}

Chain BlockingChain::of_alarm(const std::string& name, uint64_t object_key,
                              const runtime::ObjectId& id) {
  path_.clear();
  const uint32_t number = durable::alarm_shard_of(object_key);
  const std::string shard = "do:$alarms/" + std::to_string(number);
  std::string candidates;
  Chain chain;
  for (host::HostId host : durable::alarm_candidates(cloud_.hosts(), cloud_.alarms(), number)) {
    host::Process* process = cloud_.hosts().by_id(host).process();
    auto* scheduler = process ? process->find<durable::AlarmScheduler>() : nullptr;
    const durable::AlarmShard* owned = scheduler ? scheduler->owned(number) : nullptr;
    if (owned)
      chain.links.push_back({name, "the alarm scheduler's shard " + shard,
                             "owned by " + host_name(host) + "; " + owned->waiting_on(id)});
    candidates += (candidates.empty() ? "" : ", ") + state_of(host, host);
  }
  if (chain.links.empty())
    chain.links.push_back({name, "the alarm scheduler's shard " + shard,
                           "no host owns it; its candidates are " + candidates});
  const std::string object = "do:" + name.substr(name.find(':') + 1);
  if (durable::Actor* actor = cloud_.find_object(object); actor && actor->busy()) {
    Chain rest = of_object(object);
    chain.links.insert(chain.links.end(), rest.links.begin(), rest.links.end());
  }
  return chain;
}

Chain BlockingChain::of_key(std::string_view space_id, const std::string& key) {
  path_.clear();
  const kv::Layout::Namespace* space = cloud_.kv().find(space_id);
  const std::string name = "kv:" + (space ? space->name : std::string(space_id)) + "/" + key;
  Chain chain;
  for (const std::string& host : cloud_.kv_hosts()) {
    host::Process* process = cloud_.hosts().by_name(host)->process();
    const kv::CentralStore* store = process ? process->find<kv::CentralStore>() : nullptr;
    std::string why = !store              ? "that host is down"
                      : !store->serving() ? "it serves nobody until it has learned from the other one"
                                          : "";
    if (why.empty()) {
      auto record = store->newest(space_id, key);
      why = record ? "it has version " + record->version.text() : "it has never heard of the key";
    }
    chain.links.push_back({name, "the back end on " + host, why});
  }
  return chain;
}

}  // namespace orrery::live
