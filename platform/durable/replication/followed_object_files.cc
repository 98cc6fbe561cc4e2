// The files of a followed object: reading back, syncing, writing anew, folding.
#include <algorithm>
#include <charconv>

#include "platform/channels.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/steps.h"
#include "platform/durable/replication/followed_object.h"

namespace orrery::durable {
namespace {

constexpr Site kSync{"follower.sync"};
constexpr Site kFoldSync{"follower.fold"};
constexpr Site kDiskRetryPause{"follower.disk.retry"};

}  // namespace

std::string FollowedObject::file_name(const char* what, uint64_t generation) const {
  return follower_folder(*info_) + what + "." + std::to_string(generation);
}

std::vector<uint64_t> FollowedObject::generations(const char* what) const {
  const std::string prefix = follower_folder(*info_) + what + ".";
  std::vector<uint64_t> out;
  for (const std::string& name : service_.process().disk().list(prefix)) {
    uint64_t generation = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), generation);
    out.push_back(generation);
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

void FollowedObject::load() {
  disk::Disk& disk = service_.process().disk();
  World& world = service_.process().world();
  const std::vector<uint64_t> logs = generations("log");
  if (logs.empty()) {
    lost_ = service_.disk_was_lost();
    return;
  }
  generation_ = logs.front();
  const bool check = !service_.options().weaken.torn_tail_accepted;
  for (uint64_t generation : logs) {
    std::shared_ptr<disk::File> file = disk.open(file_name("log", generation), false, nullptr);
    if (!file) continue;
    LogContent content;
    const ReadResult result = read_log(*file, info_, check, release().reads(), &content);
    if (result == ReadResult::kUnusable) continue;
    if (result == ReadResult::kNewer && !service_.options().weaken.old_release_reads_torn) return become_unreadable();
    if (result == ReadResult::kDamaged) break;
    promised_ = content.promised;
    base_ = content.base;
    base_pages_ = content.base_pages;
    committed_ = content.committed;
    image_generation_ = content.image_generation;
    entries_ = std::move(content.entries);
    for (auto& entry : entries_) {
      entry = storable(std::move(entry), release().writes());
      bytes_ += entry->stored_bytes();
    }
    if (image_generation_ > 0) {
      if (!open_image(image_generation_, false)) break;
    }
    ORRERY_SOMETIMES(world, result == ReadResult::kTorn, "a follower cuts a torn tail");
    ORRERY_SOMETIMES(world, generation != generation_,
                     "a follower passes over an unfinished rewrite");
    if (!load_past()) return become_unreadable();
    rewrite_log();  // also makes durable what survived the crash without a sync
    return;
  }
  // Synced records are missing: as good as a lost disk for this object.
  ORRERY_SOMETIMES(world, true, "a follower finds an object's files damaged");
  become_lost();
}

// The files stay as they are: a release that knows their format finds everything.
void FollowedObject::become_unreadable() {
  unreadable_ = true;
  host::Process& process = service_.process();
  process.world().announce(LogUnreadable{info_->lane, process.host_id(), release().number, process.host().name()});
  ORRERY_SOMETIMES(process.world(), true, "an old release finds a log of a newer one");
}

void FollowedObject::become_lost() {
  lost_ = true;
  promised_ = 0;
  forget_log();
}

void FollowedObject::forget_log() {
  folding_ = false;
  matched_epoch_ = 0;  // so that a sync under way acknowledges nothing any more
  committed_ = matched_ = bytes_ = base_pages_ = image_generation_ = 0;
  base_ = {};
  entries_.clear();
  image_ = sums_ = nullptr;
}

bool FollowedObject::open_log() {
  if (broken_) return false;
  if (log_) return true;
  rewrite_log();
  return false;  // the entry at hand was written with the rest
}

// Everything into the file of the next generation, synced; the former ones go.
void FollowedObject::rewrite_log() {
  disk::Disk& disk = service_.process().disk();
  broken_ = true;
  const std::string name = file_name("log", generation_ + 1);
  std::shared_ptr<disk::File> file = disk.open(name, true, nullptr);
  if (!file || file->truncate(0) != disk::DiskError::kNone) return;
  LogContent content;
  content.promised = promised_;
  content.base = base_;
  content.base_pages = base_pages_;
  content.committed = committed_;
  content.image_generation = image_generation_;
  content.entries = entries_;
  if (write_log(*file, *info_, content) != disk::DiskError::kNone) return;
  if (file->sync() != disk::DiskError::kNone) return;
  broken_ = false;
  log_ = std::move(file);
  if (generation_++ == 0) return;  // the first: nothing to remove
  const std::string image = file_name("image", image_generation_);
  const std::string sums = file_name("sums", image_generation_);
  for (const std::string& other : disk.list(follower_folder(*info_)))
    if (other != name && !keeps(other) && (image_generation_ == 0 || (other != image && other != sums)))
      (void)disk.remove(other);
}

void FollowedObject::write_failed() {
  ORRERY_SOMETIMES(service_.process().world(), !broken_, "a follower's disk fails a write");
  broken_ = true;
}

void FollowedObject::write_promise(uint64_t epoch) {
  promised_ = epoch;
  ++written_;
  if (open_log() && append_promise(*log_, *info_, epoch) != disk::DiskError::kNone) write_failed();
}

void FollowedObject::acknowledge() {
  if (service_.options().weaken.ack_before_sync) send_ack(matched_epoch_, matched_);
  if (syncing_) {
    ack_again_ = true;
  } else if (written_ == synced_) {
    send_ack(matched_epoch_, matched_);
  } else {
    start_sync();
  }
}

void FollowedObject::start_sync() {
  syncing_ = true;
  ack_again_ = false;
  host::Process& process = service_.process();
  process.world().loop().schedule_in(
      process.disk().sync_latency(), kSync, process.owner(),
      [this, written = written_, epoch = matched_epoch_, match = matched_] {
        finish_sync(written, epoch, match);
      });
}

// A sync covers what was written before it began; the rest waits for the next.
void FollowedObject::finish_sync(uint64_t written, uint64_t epoch, uint64_t match) {
  host::Process& process = service_.process();
  if (!broken_ && log_ && log_->sync() != disk::DiskError::kNone) write_failed();
  if (broken_) {
    ORRERY_SOMETIMES(process.world(), true, "a follower writes its log anew");
    rewrite_log();
    if (!broken_ && log_->sync() != disk::DiskError::kNone) broken_ = true;
    if (broken_) {
      process.world().loop().schedule_in(kDiskRetry, kDiskRetryPause, process.owner(), [this] {
        syncing_ = false;
        start_sync();
      });
      return;
    }
  }
  synced_ = std::max(synced_, written);
  syncing_ = false;
  if (!process.passes(steps::kEntrySynced, info_->lane)) return;
  if (epoch == matched_epoch_ && epoch > 0) send_ack(epoch, match);
  size_t done = 0;
  while (done < pending_.size() && pending_[done].written <= synced_) {
    pending_[done].caller.reply(std::move(pending_[done].message));
    ++done;
  }
  if (done) pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(done));
  consider_fold();
  if (synced_ < written_ || ack_again_ || !pending_.empty()) start_sync();
}

void FollowedObject::send_ack(uint64_t epoch, uint64_t match) {
  host::Process& process = service_.process();
  process.world().announce(FollowerDurable{info_->lane, process.host_id(), epoch, match});
  process.network().post(process, owner_, kReplicationChannel,
                         make_ref<const AckMessage>(info_->key, epoch, match));
}

// Pages first, then the shorter log: until that is complete the former log repeats every page, so a
// crash in between loses nothing.
void FollowedObject::consider_fold() {
  if (folding_ || broken_ || lost_ || committed_ <= base_.index) return;
  const uint64_t durable = committed_ - base_.index;
  const bool large = bytes_ >= service_.options().fold_bytes && durable * 2 >= entries_.size();
  if (durable < service_.options().fold_entries && !large) return;
  if (!image_) {
    image_generation_ = std::max(image_generation_, generation_) + 1;
    if (!open_image(image_generation_, true)) {
      image_ = sums_ = nullptr;
      image_generation_ = 0;
      return;
    }
  }
  struct Page {
    const PageFrame* frame;
    uint64_t hash;  // 0: not known
  };
  std::vector<Page> pages;  // by page, the newest of each last
  for (uint64_t i = 0; i < durable; ++i)
    for (size_t f = 0; f < entries_[i]->payload->frames.size(); ++f)
      pages.push_back({&entries_[i]->payload->frames[f], page_hash(*entries_[i], f)});
  std::stable_sort(pages.begin(), pages.end(),
                   [](const Page& a, const Page& b) { return a.frame->page < b.frame->page; });
  for (size_t i = 0; i < pages.size(); ++i) {
    if (i + 1 < pages.size() && pages[i + 1].frame->page == pages[i].frame->page) continue;
    if (!write_image_page(pages[i].frame->page, pages[i].frame->bytes, pages[i].hash)) return;
  }
  folding_ = true;
  host::Process& process = service_.process();
  process.world().loop().schedule_in(
      process.disk().sync_latency(), kFoldSync, process.owner(),
      [this, upto = committed_, generation = image_generation_] { finish_fold(upto, generation); });
}

void FollowedObject::finish_fold(uint64_t upto, uint64_t generation) {
  if (!folding_ || generation != image_generation_) return;  // an install came in between
  folding_ = false;
  if (broken_ || !sync_image()) return;
  const size_t count = upto - base_.index;
  if (count > entries_.size()) return;  // cut off meanwhile: see on_append
  for (size_t i = 0; i < count; ++i) {
    bytes_ -= entries_[i]->stored_bytes();
    if (!entries_[i]->payload->barrier()) base_pages_ = entries_[i]->payload->db_pages;
  }
  keep_past(count);
  base_ = entries_[count - 1]->position();
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(count));
  rewrite_log();
  host::Process& process = service_.process();
  process.world().announce(Folded{info_->lane, process.host_id(), base_.index});
  if (broken_ && !syncing_) start_sync();
}

}  // namespace orrery::durable
