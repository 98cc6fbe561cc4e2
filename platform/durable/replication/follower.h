// A host's follower service: keeps logs and page images of objects owned elsewhere, promises epochs
// and answers recovery. Objects are loaded from disk when first heard of and cost little while
// idle.
//
// Invariants: an acknowledged entry is synced; a promise is synced before it is answered; nothing
// of an epoch older than the promise is taken; an object whose files were lost with the disk
// answers `lost`, never `empty`, until an owner whose epoch the directory confirms has sent its
// whole image.
#pragma once

#include <memory>
#include <vector>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/replication/log_entry.h"
#include "platform/durable/replication/release.h"
#include "sim/disk/disk.h"
#include "sim/net/network.h"

namespace orrery::durable {

struct FollowerOptions {
  uint64_t fold_entries = kFoldEntries;
  uint64_t fold_bytes = kFoldBytes;
  bool keep_past = false;  // keep folded entries until the archive has them
  Release release = {};    // of this host's software
  Weaken weaken = {};
};

class FollowedObject;

class Follower : public host::Service, public net::Handler {
 public:
  // `directory` is asked only by a follower that lost its disk; it must outlive this service.
  Follower(host::Process& process, DirectoryClient& directory, const FollowerOptions& options = {});
  ~Follower() override;

  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;

  // The disk this host wrote to earlier is gone; objects without files count as lost.
  bool disk_was_lost() const { return disk_was_lost_; }
  // Objects in memory.
  uint64_t loaded() const;
  // An object in memory, or null; for tests.
  FollowedObject* loaded(uint64_t key) const;
  host::Process& process() { return process_; }
  DirectoryClient& directory() { return directory_; }
  const FollowerOptions& options() const { return options_; }

 private:
  // Null when this release cannot read the object's files: then nothing is answered.
  FollowedObject* object(const Ref<const ObjectInfo>& info);
  void read_marker();

  host::Process& process_;
  DirectoryClient& directory_;
  FollowerOptions options_;
  bool disk_was_lost_ = false;
  struct Objects;
  std::unique_ptr<Objects> objects_;
};

}  // namespace orrery::durable
