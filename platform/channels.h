// Every channel of the platform and its number, in one place so that no two share one. A channel is a
// service's address on a host (sim/net/network.h); numbers are dense and below net::kMaxChannels.
#pragma once

#include "sim/net/network.h"

namespace orrery {

// Requests to a directory member: registers and sessions (platform/durable/directory).
inline constexpr net::Channel kDirectoryChannel{"durable.directory", 0};
// From an object's owner to its followers: entries, images, recovery (platform/durable/replication).
inline constexpr net::Channel kFollowerChannel{"durable.follower", 1};
// From followers back to the owner: acknowledgements and refusals.
inline constexpr net::Channel kReplicationChannel{"durable.replication", 2};

// Clients to the Worker of an edge host (platform/edge).
inline constexpr net::Channel kEdgeChannel{"edge.fetch", 3};
// Edge hosts to the owner of a Durable Object (platform/durable/actor).
inline constexpr net::Channel kObjectChannel{"durable.object", 4};
// A Worker's fetch to an outside origin (platform/client).
inline constexpr net::Channel kOriginChannel{"client.origin", 5};
// Objects to the alarm scheduler, and its hosts to each other (platform/durable/alarms).
inline constexpr net::Channel kAlarmChannel{"durable.alarms", 8};

// Workers KV: reads and fills of the caches in points of presence, and the two central back ends
// (platform/kv).
inline constexpr net::Channel kKvCacheChannel{"kv.cache", 6};
inline constexpr net::Channel kKvCentralChannel{"kv.central", 7};

// Calls along references between contexts, and what becomes of these (platform/worker/rpc_hub.h).
inline constexpr net::Channel kRpcChannel{"rpc", 9};

// Frames of WebSockets between the hosts that have their ends (platform/worker/web_sockets.h).
inline constexpr net::Channel kSocketChannel{"socket", 10};

// What is kept for a month: an object's past (platform/archive).
inline constexpr net::Channel kArchiveChannel{"archive", 11};

// Events for read replicas of objects, and between these and their primaries (platform/durable/replicas).
inline constexpr net::Channel kReplicaChannel{"durable.replica", 12};

}  // namespace orrery
