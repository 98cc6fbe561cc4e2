// A host's side of the archive: keeps a blob under a name for good, finds it again. Three stores, two of which suffice;
// names are written once, so the order of what hosts do plays no part.
//
// Guarantee: after `put` said yes every later `get` and `list` that gets an answer knows the name, until it is removed.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "platform/archive/messages.h"
#include "sim/core/task.h"
#include "sim/host/host.h"

namespace orrery::archive {

inline constexpr uint32_t kStores = 3;
inline constexpr uint32_t kQuorum = 2;
// One question to a store. Ours.
inline constexpr Duration kTimeout = seconds(10);

class Client final : public host::Service {
 public:
  Client(host::Process& process, const std::array<host::HostId, kStores>& stores)
      : process_(process), stores_(stores) {}

  // Keeps the blob; false: it is not known to be kept.
  Task<bool> put(std::string name, Ref<const Blob> blob);

  struct Found {
    bool known = false;    // false: too few stores answered
    Ref<const Blob> blob;  // null: there is none of that name
  };
  Task<Found> get(std::string name);

  struct Listed {
    bool known = false;
    std::vector<std::string> names;  // that begin with the prefix, sorted
  };
  Task<Listed> list(std::string prefix);

  // Best effort: what some store keeps is found again and may be removed again.
  Task<void> remove(std::string name);

 private:
  std::vector<host::HostId> stores() const { return {stores_.begin(), stores_.end()}; }
  host::Process& process_;
  std::array<host::HostId, kStores> stores_;
};

}  // namespace orrery::archive
