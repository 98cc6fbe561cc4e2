// The replica's side: a copy of the object's database at some place of its log, kept up to date by the primary.
//
// Invariants: the copy is always that of a whole prefix of the log, and only of what is durable; its position never goes
// back. It may answer until `lease_valid` says no: kReplicaLease, on this host's clock, after it last asked a primary that
// then fed it.
#pragma once

#include <map>
#include <optional>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/replicas/limits.h"
#include "platform/durable/replicas/messages.h"
#include "sim/core/task.h"

namespace orrery::durable {

class ReplicaCopy {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The position moved. Called from the loop.
    virtual void copy_moved() = 0;
    // There will be no copy any more; the copy may be destroyed later, not within.
    virtual void copy_over(std::string_view why) = 0;
  };
  // All must outlive it.
  ReplicaCopy(host::Process& process, DirectoryClient& directory, Ref<const ObjectInfo> info, const runtime::ObjectId& id,
              Region region, Listener& listener);
  ~ReplicaCopy();

  // Gets the first copy and keeps it up to date from then on. False: there is none to be had now; `elsewhere` may help.
  Task<bool> begin();
  Region region() const { return region_; }
  host::HostId elsewhere() const { return elsewhere_; }
  LogPosition position() const { return position_; }
  const PageImage& image() const { return *image_; }
  bool lease_valid() const;
  // The primary sent something.
  void fed(const FeedMessage& message);
  // The stream from a host broke.
  void peer_lost(host::HostId host);
  // Tells the primary that nobody reads here any more.
  void leave();

 private:
  // One question to whoever is the primary: what became of it.
  enum class Asked : uint8_t { kFed, kNobody, kOver };
  Task<Asked> ask();
  Task<void> keep_up();
  void take(const std::vector<Ref<const AppendMessage>>& entries);
  // Entries that follow on the position. True: some did.
  bool absorb();
  void note_epoch(uint64_t epoch);

  host::Process& process_;
  DirectoryClient& directory_;
  Ref<const ObjectInfo> info_;
  const runtime::ObjectId id_;
  const Region region_;
  Listener& listener_;
  TaskScope tasks_;
  host::HostId primary_ = host::kNoHost;
  host::HostId elsewhere_ = host::kNoHost;
  uint64_t fed_epoch_ = 0;  // greatest of an entry seen
  LogPosition position_;
  Ref<PageImage> image_;
  std::map<uint64_t, Ref<const AppendMessage>> early_;  // by index
  std::optional<Instant> lease_from_;                   // on this host's clock
  OneShot<bool>* pause_ = nullptr;                      // cut short when something is missing
  EventHandle timer_;
  bool over_ = false;
};

}  // namespace orrery::durable
