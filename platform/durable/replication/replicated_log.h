// The owner's side of replication: one ReplicatedLog for each object this host owns, all served by
// the host's Replication service. An entry goes to five followers at once and is durable when three
// of them have synced it; the owner's own disk does not count.
//
// Invariants: `on_durable(i)` means entries 1..i are on the disks of three followers, and every
// later owner's log begins with them. After `on_deposed` nothing is sent and nothing becomes
// durable any more.
//
// A follower that stays silent is replaced (follower_change.cc): a sixth host catches up; then, until the directory
// knows of the change, what is durable is on three of the former five and on three of the new.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/placement.h"
#include "platform/durable/directory/weaken.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/follower_choice.h"
#include "platform/durable/replication/messages.h"
#include "platform/durable/replication/release.h"
#include "sim/core/task.h"
#include "sim/net/network.h"

namespace orrery::durable {

class Replication;

struct ReplicationOptions {
  Release release = {};    // of this host's software
  bool keep_past = false;  // entries carry their time, for the object's past (platform/durable/history)
  uint64_t retained_entries = kRetainedEntries;
  uint64_t send_window = kSendWindow;
  Duration resend_first = kResendFirst;
  Duration resend_max = kResendMax;
  Duration replace_after = kReplaceAfter;
  Weaken weaken = {};
};

// Told what became of appended entries. Called from the loop, never from within `append`; the log
// may be destroyed by the callee.
class LogListener {
 public:
  virtual ~LogListener() = default;
  // Everything up to and including `index` is durable; indices only grow.
  virtual void on_durable(uint64_t index) = 0;
  // A newer owner exists: stop every effect of the object. Called once.
  virtual void on_deposed(uint64_t newer_epoch) = 0;
};

// Gives the object's pages for a follower that lags too far or lost its disk.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // The database as it is after exactly the entries appended so far (no more, no less).
  virtual Ref<const PageImage> current_image() = 0;
};

class ReplicatedLog {
 public:
  ~ReplicatedLog();
  ReplicatedLog(const ReplicatedLog&) = delete;

  // Adds an entry and sends it to the followers; answers its index. Durable order is append order.
  uint64_t append(Ref<const LogPayload> payload);

  const ObjectInfo& object() const { return *object_; }
  uint64_t epoch() const { return epoch_; }
  uint64_t last_index() const { return last_.index; }
  LogPosition last() const { return last_; }
  // The entry with the last index.
  const Ref<const AppendMessage>& last_entry() const { return entry(last_.index); }
  const ReplicationOptions& options() const;
  // Followers may drop folded entries up to here: the archive has them.
  void archived(uint64_t index);
  uint64_t durable_index() const { return durable_; }
  bool deposed() const { return deposed_; }
  // What each follower is known to have on its disk.
  struct Follower {
    host::HostId host;
    uint64_t match;
    bool needs_image;
  };
  std::array<host::HostId, kFollowers> follower_hosts() const {
    std::array<host::HostId, kFollowers> out;
    for (size_t i = 0; i < kFollowers; ++i) out[i] = peers_[i].host;
    return out;
  }
  std::array<Follower, kFollowers> followers() const {
    std::array<Follower, kFollowers> out;
    for (size_t i = 0; i < kFollowers; ++i)
      out[i] = {peers_[i].host, peers_[i].match, peers_[i].needs_image};
    return out;
  }

  // Both may be null, must outlive the log or be taken out before. Until an image source is set the
  // recovered image is used, and entries appended since are kept.
  void set_listener(LogListener* listener) { listener_ = listener; }
  // Once one was set, a follower that needs an image waits while there is none (a sleeping object).
  void set_image_source(ImageSource* source) {
    image_source_ = source;
    if (!source) return;
    own_image_ = false;
    recovered_ = nullptr;
  }

 private:
  friend class Replication;
  struct Peer {
    host::HostId host = host::kNoHost;
    bool needs_image = false;  // entries alone cannot bring it up to date
    bool image_sent = false;
    bool probing = false;      // one entry at a time until it agrees
    bool probe_out = false;    // and that one is under way: entry next - 1
    uint64_t match = 0;        // it has durably what we have, up to here
    uint64_t next = 1;         // first entry not sent yet
    uint64_t checked = 0;      // `match` when the resend timer last looked
    Instant quiet_until{0};    // no resend before
    Duration backoff{0};
    Instant silent_since = kNever;  // it owes an acknowledgement, and nothing came from it
  };
  // One follower's place is given to another host.
  enum class Why : uint8_t { kSilent, kFar };
  struct Change {
    size_t leaving;      // in peers_; who joins is peers_[kFollowers]
    Why why;
    bool joint = false;  // the register may say either
  };

  ReplicatedLog(Replication& service, Ref<const ObjectInfo> object, const Placement& placement,
                const FollowerArea& area);
  // Starts from what recovery found: the image holds the log up to `base`, `entries` follow it.
  void start_from(LogPosition base, Ref<const PageImage> image,
                  const std::vector<Ref<const AppendMessage>>& entries);
  const Ref<const AppendMessage>& entry(uint64_t index) const;
  bool retained(uint64_t index) const { return index > dropped_ && index <= last_.index; }
  void pump(Peer& peer);
  void send_image(Peer& peer);
  void on_ack(host::HostId from, const AckMessage& ack);
  void on_refused(host::HostId from, const RefuseMessage& refusal);
  void on_peer_lost(host::HostId peer);
  bool advance_durable();
  // Announces it; the listener may destroy the log.
  void tell_durable();
  // The index that `kFollowerQuorum` of the followers have; with who joins in the place of who leaves.
  uint64_t on_quorum(bool changed) const;
  std::span<Peer> peers() { return {peers_.data(), change_ ? kFollowers + 1 : kFollowers}; }
  void look_for_silence();
  bool misplaced(const Peer& peer) const;
  // The object moved here on purpose: followers that are far give their places to near ones.
  void seek_near();
  void begin_change(size_t leaving, Why why);
  void advance_change();
  void abandon_change();
  void finish_change();
  void announce(FollowerChange::Stage stage);
  void drop_retained();
  void arm_resend();
  void resend();
  void depose(uint64_t newer_epoch);
  void send(Peer& peer, uint64_t index);
  Ref<const PageImage> image_now();
  Peer* peer_of(host::HostId host);

  Replication& service_;
  Ref<const ObjectInfo> object_;
  uint64_t epoch_;
  LogPosition last_;
  uint64_t durable_ = 0;
  int64_t time_ms_ = 0;    // of the last entry: times never go back
  uint64_t own_from_ = 1;  // the first entry of this epoch: only from there acknowledgements count
  std::array<Peer, kFollowers + 1> peers_;  // the last is used only while a follower is replaced
  std::optional<Change> change_;
  FollowerArea area_;
  bool at_home_ = false;     // the owner is where the object is to live
  std::vector<host::HostId> tried_;  // hosts that do not join any more under this epoch
  // Entries (dropped_, last_.index]; the first `head_` of `entries_` are spent.
  std::vector<Ref<const AppendMessage>> entries_;
  size_t head_ = 0;
  uint64_t dropped_ = 0;
  Ref<const PageImage> recovered_;
  LogPosition recovered_at_;
  LogListener* listener_ = nullptr;
  ImageSource* image_source_ = nullptr;
  EventHandle resend_timer_;
  bool timer_armed_ = false;
  bool own_image_ = true;  // no image source yet: recovered_ and all entries since are kept
  bool deposed_ = false;
  size_t slot_ = 0;  // place in the service's list
};

// What opening an object gave.
struct Recovery {
  enum class Status {
    kOk,
    kDeposed,      // a newer owner exists
    kUnavailable,  // fewer than three followers answered within the patience
  };
  Status status = Status::kUnavailable;
  std::unique_ptr<ReplicatedLog> log;  // set when kOk
  Ref<const PageImage> image;          // the database to install; null when the object is empty
  // What the image is made of: that as of an earlier place, and the entries since.
  LogPosition base;
  Ref<const PageImage> base_image;
  std::vector<Ref<const AppendMessage>> entries;
};

// The owner-side service of a host. Must outlive its logs.
class Replication : public host::Service, public net::Handler {
 public:
  // `directory` is told of changes of followers; it must outlive this.
  Replication(host::Process& process, DirectoryClient& directory, const ReplicationOptions& options = {});
  ~Replication() override;

  // Opens the log of an object that a claim has just granted to this host: recovers it from three
  // followers and makes a barrier entry of the new epoch durable. An object of epoch 1 is empty and
  // opens at once. One log for an object at a time; a dropped log is opened again only after a new
  // claim. The session may have ended meanwhile: check that DirectoryClient::session() is still
  // placement.session. `area`: where followers may be that take the place of others.
  Task<Recovery> open(Ref<const ObjectInfo> object, Placement placement, FollowerArea area, Duration patience);

  void on_message(host::HostId from, const Ref<const net::Message>& message) override;
  void on_peer_lost(host::HostId peer) override;

  host::Process& process() { return process_; }
  const ReplicationOptions& options() const { return options_; }

 private:
  friend class ReplicatedLog;
  struct Found;
  // One round of promises and, when there is something to fetch, the best log's content.
  Task<Found> recover_round(Ref<const ObjectInfo> object, Placement placement);
  // Has the register changed until it is, or until the log is gone.
  Task<void> change_register(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId from, host::HostId to);
  // Tells a host that it does not follow any more.
  Task<void> retire(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId host);
  void attach(ReplicatedLog& log);
  void detach(ReplicatedLog& log);
  ReplicatedLog* find(uint64_t key);

  host::Process& process_;
  DirectoryClient& directory_;
  ReplicationOptions options_;
  struct Logs;
  std::unique_ptr<Logs> logs_;
};

}  // namespace orrery::durable
