// What all parts of Workers KV in one world agree on: where the back ends are, which namespaces there are, which
// delays are declared. Made by the cloud, read by every service; only faults change it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "platform/kv/record.h"
#include "platform/runtime/app_code.h"
#include "sim/net/geography.h"

namespace orrery::kv {

// Planted weaknesses: each only skips a statement of the production path.
struct Weaken {
  bool negative_kept = false;     // a cached "not found" never grows old
  bool never_reconciles = false;  // back ends do not ask each other for what they lack
  bool last_arrival_wins = false; // back ends keep what arrived last, whatever its version
};

struct Layout {
  explicit Layout(const net::Geography& g) : geography(g) {}

  struct Namespace {
    std::string id;    // what storage goes by; two bindings may share it
    std::string name;  // for traces and reports: the binding's name
  };
  // Reads the KV bindings of the application's next slot; false when it has none.
  bool read_bindings(const runtime::AppCode& code);
  // The namespace of a binding's name or an id; null when there is none.
  const Namespace* find(std::string_view name_or_id) const;

  Ref<const Key> key(World& world, const Namespace& space, std::string_view name) const {
    return make_ref<const Key>(world, space.id, space.name, name);
  }
  Ref<const Key> key(World& world, std::string_view space_id, std::string_view name) const {
    const Namespace* space = find(space_id);
    return make_ref<const Key>(world, space_id, space ? space->name : std::string(space_id), name);
  }

  // How long a write stays out of sight of readers and of the other back end (a fault).
  Duration delay_of(std::string_view space_id) const;

  // The host of the cache for a key within a point of presence.
  uint32_t host_in_pop(const Key& key) const { return static_cast<uint32_t>(key.hash % hosts_per_pop) + 1; }
  // The point of presence whose caches stand between this one and the back ends.
  uint32_t region_of(uint32_t pop) const;

  const net::Geography& geography;
  std::array<host::HostId, kBackEnds> back_ends = {host::kNoHost, host::kNoHost};
  uint32_t hosts_per_pop = 3;
  // A binding's place in `by_binding`.
  uint32_t slot(uint32_t version, uint32_t binding) const { return first_binding[version] + binding; }

  // All bindings of all versions of all Workers; empty id: another kind of binding.
  std::vector<Namespace> by_binding;
  std::vector<uint32_t> first_binding;  // of each slot of the application
  std::string first_worker;
  // Delays in force, each by the fault's name: namespace id (empty: all of them) and length.
  struct Delay {
    std::string space;
    Duration length;
  };
  std::map<std::string, Delay> delays;
  Weaken weaken = {};
};

}  // namespace orrery::kv
