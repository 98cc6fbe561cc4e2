#include "platform/faults/targets.h"

#include <algorithm>

#include "platform/durable/alarms/alarm_scheduler.h"

namespace orrery {

namespace {

constexpr std::string_view kFollowers = "followers:";
constexpr std::string_view kReplicas = "replicas:";
constexpr std::string_view kScheduler = "scheduler:";

struct Numbered {
  std::string_view group;
  size_t number = 0;  // 0: all
  bool well_formed = true;
};

// "directory/2"
Numbered numbered(std::string_view target) {
  const size_t slash = target.find('/');
  if (slash == target.npos) return {target};
  const std::string_view rest = target.substr(slash + 1);
  const bool digit = rest.size() == 1 && rest[0] >= '1' && rest[0] <= '9';
  return {target.substr(0, slash), digit ? static_cast<size_t>(rest[0] - '0') : 0, digit};
}

const std::vector<std::string>* group_of(Cloud& cloud, std::string_view name) {
  if (name == "directory") return &cloud.directory_hosts();
  if (name == "kv") return &cloud.kv_hosts();
  return nullptr;
}

// How many followers are meant, and of which object ("2:do:Cart/42").
size_t take_count(std::string_view& object) {
  if (object.size() < 2 || object[1] != ':' || object[0] < '1' || object[0] > '5') return durable::kFollowers;
  const auto count = static_cast<size_t>(object[0] - '0');
  object.remove_prefix(2);
  return count;
}

std::vector<std::string> followers_of(Cloud& cloud, std::string_view object, size_t count) {
  durable::Actor* actor = cloud.find_object(object);
  if (!actor || actor->epoch() == 0) return {};
  std::vector<std::string> names;
  for (host::HostId follower : actor->followers())
    if (names.size() < count) names.push_back(cloud.hosts().by_id(follower).name());
  return names;
}

std::vector<std::string> scheduler_of(Cloud& cloud, std::string_view object) {
  const std::string name = cloud.printable_name(object);
  for (host::HostId id = 0; id < cloud.hosts().count(); ++id) {
    host::Host& h = cloud.hosts().by_id(id);
    auto* scheduler = h.process() ? h.process()->find<durable::AlarmScheduler>() : nullptr;
    if (scheduler && scheduler->keeps_alarm_of(name)) return {h.name()};
  }
  return {};
}

}  // namespace

bool is_entity(std::string_view target) {
  const std::string_view group = target.substr(0, target.find('/'));
  return group == "directory" || group == "kv";
}

std::string explain_entity(Cloud& cloud, std::string_view target) {
  if (is_entity(target)) {
    const Numbered n = numbered(target);
    const std::vector<std::string>& hosts = *group_of(cloud, n.group);
    if (hosts.empty()) return "this app has no KV namespace";
    if (!n.well_formed || n.number > hosts.size())
      return "\"" + std::string(target) + "\": " + std::string(n.group) + " has members 1 to " + std::to_string(hosts.size());
    return {};
  }
  for (std::string_view prefix : {kFollowers, kReplicas, kScheduler}) {
    if (!target.starts_with(prefix)) continue;
    std::string_view object = target.substr(prefix.size());
    if (prefix == kFollowers) take_count(object);
    if (!object.starts_with("do:"))
      return "\"" + std::string(target) + "\" names no object: write " + std::string(prefix) + "do:Cart/42" +
             (prefix == kFollowers ? " or followers:2:do:Cart/42" : "");
    return {};
  }
  if (target == "archive:*" && cloud.archive_hosts().empty()) return "the past of objects is not kept in this run";
  return {};
}

std::vector<std::string> hosts_of_entity(Cloud& cloud, std::string_view target) {
  if (target == "archive:*") return cloud.archive_hosts();
  if (is_entity(target)) {
    const Numbered n = numbered(target);
    const std::vector<std::string>& hosts = *group_of(cloud, n.group);
    if (n.number == 0) return hosts;
    return n.number <= hosts.size() ? std::vector<std::string>{hosts[n.number - 1]} : std::vector<std::string>();
  }
  if (target.starts_with(kScheduler)) return scheduler_of(cloud, target.substr(kScheduler.size()));
  if (target.starts_with(kFollowers)) {
    std::string_view object = target.substr(kFollowers.size());
    const size_t count = take_count(object);
    return followers_of(cloud, object, count);
  }
  const bool replicas = target.starts_with(kReplicas);
  const std::string_view object = replicas ? target.substr(kReplicas.size()) : target;
  durable::Actor* actor = cloud.find_object(object);
  if (!actor) return {};
  std::vector<std::string> names = {actor->object_host().process().host().name()};
  if (replicas)
    for (const std::string& name : followers_of(cloud, object, durable::kFollowers))
      if (name != names.front()) names.push_back(name);
  return names;
}

}  // namespace orrery
