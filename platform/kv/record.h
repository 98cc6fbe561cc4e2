// What a key holds: one version of its value, or its deletion. Immutable once made, shared by disks,
// messages and caches.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/kv/limits.h"
#include "sim/core/ref.h"
#include "sim/core/world.h"
#include "sim/host/host.h"

namespace orrery::kv {

// When and by whom a value was written. Back ends keep the greatest: last write wins, where "last" is what
// the writer's own clock said (10.3); equal times are told apart by the writer's host, its incarnation and
// its count. Two hosts whose clocks differ may therefore lose the later write.
struct Version {
  int64_t written_us = 0;  // the writing host's clock, microseconds since 1970; 0: never written
  host::HostId host = 0;
  uint32_t incarnation = 0;
  uint64_t count = 0;
  auto operator<=>(const Version&) const = default;
  explicit operator bool() const { return written_us != 0; }
  std::string text() const {
    return written_us == 0 ? "none"
                           : std::to_string(written_us) + "." + std::to_string(host) + "." +
                                 std::to_string(count);
  }
};

// What a list asks for. Pages go by raw keys: a page may come short where keys were deleted or expired.
struct ListQuery {
  std::string prefix = {};
  std::string after = {};  // the last key of the page before
  uint32_t limit = kListKeysMax;
};

// One key of one namespace, made where an operation begins and shared by everything it leads to. A list is
// one too, for caches: its name then is that of its question.
struct Key : RefCounted {
  Key(World& world, std::string_view namespace_id, std::string_view printable_namespace,
      std::string_view key_name)
      : space(namespace_id),
        name(key_name),
        hash(mix64(hash_bytes(space), hash_bytes(name))),
        lane(world.trace().lane("kv:" + std::string(printable_namespace) + "/" + name, "kv")) {}
  Key(World& world, std::string_view namespace_id, std::string_view printable_namespace,
      const ListQuery& query)
      : space(namespace_id),
        name(std::to_string(query.prefix.size()) + ":" + query.prefix +
             std::to_string(query.limit) + ":" + query.after),
        hash(mix64(hash_bytes(space), hash_bytes(name) + 1)),
        lane(world.trace().lane("kv:" + std::string(printable_namespace), "kv")),
        list(query) {}
  // Where caches keep it.
  std::string identity() const { return (list ? "l" : "k") + space + '\0' + name; }

  const std::string space;  // the namespace's id
  const std::string name;
  const uint64_t hash;
  const LaneId lane;  // "kv:FLAGS/beta"; of a list "kv:FLAGS"
  const std::optional<ListQuery> list = std::nullopt;
};

struct Record : RefCounted {
  Ref<const Key> key;
  Version version;
  bool deleted = false;
  Ref<Buffer> value;
  std::string metadata;      // JSON text; empty: none
  int64_t expiration_s = 0;  // seconds since 1970; 0: never
  bool expired(int64_t now_s) const { return expiration_s != 0 && now_s >= expiration_s; }
  uint32_t bytes() const {
    return 96 + static_cast<uint32_t>(key->name.size() + metadata.size() +
                                      (value ? value->size() : 0));
  }
};

// One page of a list.
struct Page : RefCounted {
  std::vector<Ref<const Record>> records;  // deleted ones are left out; sorted by the bytes of the key
  bool complete = true;
  std::string last;  // the raw key that the next page begins after
};

}  // namespace orrery::kv
