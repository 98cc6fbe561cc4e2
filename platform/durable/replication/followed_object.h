// One object as one of its followers sees it: the promise, the tail of the log in memory, its file
// and its image. Handlers only, no task per append: an append writes its record, joins the sync
// that runs or starts one, and is acknowledged when that ends.
//
// Invariants: `base_.index <= committed_` unless an owner had to install an image of entries that
// were not durable yet (then nothing at or below the base can be replaced, only the whole image);
// the image file holds pages of entries up to the base, or up to `committed_` while a fold runs,
// never of an entry that could still be cut off; `matched_` is only meaningful for
// `matched_epoch_`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/durable/replication/follower.h"
#include "platform/durable/replication/log_file.h"

namespace orrery::durable {

class FollowedObject {
 public:
  // Reads the object's files back.
  FollowedObject(Follower& service, Ref<const ObjectInfo> info);
  FollowedObject(const FollowedObject&) = delete;

  void on_append(host::HostId from, Ref<const AppendMessage> message);
  void on_install(host::HostId from, Ref<const InstallMessage> message);
  void on_recover(const net::Caller& caller, const RecoverRequest& request);
  void on_fetch(const net::Caller& caller, const FetchRequest& request);
  void on_past(const net::Caller& caller, const PastRequest& request);
  void on_archived(uint64_t index);
  // This host follows no longer, by an owner as new as any it promised: log and image go, the promise stays.
  void on_retire(const net::Caller& caller, const RetireRequest& request);

  const ObjectInfo& info() const { return *info_; }
  bool lost() const { return lost_; }
  // Its files are in a format that this host's release does not know: it says nothing and writes nothing, as if the host
  // were not there.
  bool unreadable() const { return unreadable_; }
  uint64_t promised() const { return promised_; }
  LogPosition last() const;
  LogPosition base() const { return base_; }
  uint64_t committed() const { return committed_; }
  // The whole database after the last entry, for tests; null when the disk fails.
  Ref<const PageImage> current_image();

 private:
  struct PendingReply {
    net::Caller caller;
    Ref<const net::Message> message;
    uint64_t written;  // records that must be synced first
  };

  void load();
  bool open_log();
  void rewrite_log();
  void write_failed();
  void write_promise(uint64_t epoch);
  void take_owner(host::HostId from, uint64_t epoch);
  bool stale(uint64_t epoch) const;
  void refuse(host::HostId to, uint64_t epoch, uint64_t index, RefuseMessage::Reason reason,
              uint64_t hint = 0, uint64_t newer_epoch = 0);
  uint64_t epoch_at(uint64_t index) const;
  bool install(const InstallMessage& message);
  Task<void> confirm_install(host::HostId from, Ref<const InstallMessage> message);
  void acknowledge();
  void start_sync();
  void finish_sync(uint64_t written, uint64_t epoch, uint64_t match);
  void send_ack(uint64_t epoch, uint64_t match);
  void consider_fold();
  void finish_fold(uint64_t upto, uint64_t generation);
  // Opens image and sums; with `create` both begin empty.
  bool open_image(uint64_t generation, bool create);
  // `hash`: of the page's bytes, if known; 0: it is not.
  bool write_image_page(uint32_t page, const Ref<Buffer>& bytes, uint64_t hash = 0);
  bool sync_image();
  uint64_t sum_of(uint32_t page, const Buffer& bytes, uint64_t hash = 0) const;
  Ref<PageImage> base_image();
  void become_lost();
  void forget_log();
  void become_unreadable();
  const Release& release() const { return service_.options().release; }
  void keep_past(size_t count);
  // False when some of it is in a format that this release does not know.
  bool load_past();
  bool keeps(const std::string& name);
  // Of the object's files of a kind, newest first.
  std::vector<uint64_t> generations(const char* what) const;
  std::string file_name(const char* what, uint64_t generation) const;

  Follower& service_;
  const Ref<const ObjectInfo> info_;
  std::shared_ptr<disk::File> log_;  // null until something is to be remembered
  std::shared_ptr<disk::File> image_;
  std::shared_ptr<disk::File> sums_;  // a checksum for each page of the image
  uint64_t generation_ = 0;
  uint64_t image_generation_ = 0;

  uint64_t promised_ = 0;
  LogPosition base_;
  uint32_t base_pages_ = 0;
  std::vector<Ref<const AppendMessage>> entries_;  // after base_, without gaps
  uint64_t bytes_ = 0;                             // stored size of entries_
  uint64_t committed_ = 0;

  // Folded entries that the archive may lack, and the former log files that have them.
  struct Segment {
    uint64_t generation;
    uint64_t last;  // index of an entry in it
  };
  std::map<uint64_t, Ref<const AppendMessage>> past_;
  std::vector<Segment> segments_;
  uint64_t archived_ = 0;  // the archive has every entry up to here

  host::HostId owner_ = host::kNoHost;
  uint64_t matched_epoch_ = 0;
  uint64_t matched_ = 0;

  uint64_t written_ = 0;  // records given to the file, counted over all generations
  uint64_t synced_ = 0;
  bool lost_ = false;
  bool unreadable_ = false;
  bool broken_ = false;  // the file's state is unknown after a failed call
  bool syncing_ = false;
  bool folding_ = false;
  bool confirming_ = false;
  bool ack_again_ = false;  // an acknowledgement is owed though nothing new was written
  std::vector<PendingReply> pending_;
};

}  // namespace orrery::durable
