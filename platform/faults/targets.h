// What the target of a fault may stand for besides a host, found when the fault strikes:
//   do:Cart/42               the host that serves the object
//   followers:do:Cart/42     the hosts of its five followers; followers:2:do:Cart/42 of the first two
//   replicas:do:Cart/42      both
//   scheduler:do:Cart/42     the host that keeps the object's alarm
//   directory, directory/2   the directory's first members, or the second of them
//   kv, kv/1                 the central back ends of Workers KV
//   archive:*                the hosts that keep the past of objects
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/cloud.h"

namespace orrery {

// Whether it is one of those whose names have no colon.
bool is_entity(std::string_view target);
// Why there can be no such entity; empty when there can.
std::string explain_entity(Cloud& cloud, std::string_view target);
// The hosts, by name; none when nobody is that now.
std::vector<std::string> hosts_of_entity(Cloud& cloud, std::string_view target);

}  // namespace orrery
