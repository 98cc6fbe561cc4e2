// What leaves for the archive. Looking back is in past.cc.
#include "platform/durable/history/history.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"
#include "platform/durable/history/images.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/log_file.h"

namespace orrery::durable {

inline constexpr Site kBatch{"history.batch"};
inline constexpr Site kRetry{"history.retry"};
inline constexpr Site kCatchUp{"history.catch_up"};

namespace {
// What a database is smaller than never makes an image due.
constexpr uint64_t kSmallDatabase = 64 << 10;
}  // namespace

History::History(host::Process& process, archive::Client& archive, ReplicatedLog& log, const Recovery& recovery,
                 Listener& listener)
    : process_(process),
      archive_(archive),
      log_(log),
      listener_(listener),
      tasks_(process.world().loop()),
      base_(recovery.base),
      image_(make_ref<PageImage>()),
      local_(recovery.entries.begin(), recovery.entries.end()) {
  if (recovery.base_image) image_->pages = recovery.base_image->pages;
  // The barrier of this epoch, if there is one; all before it is durable with it.
  if (log_.last_index() > base_.index + local_.size()) appended();
  // An object that begins here has nothing in the archive.
  known_ = log_.epoch() == 1;
  durable(log_.durable_index());
}

History::~History() { process_.world().loop().cancel(timer_); }

void History::appended() {
  local_.push_back(log_.last_entry());
  unshipped_bytes_ += local_.back()->stored_bytes();
}

void History::durable(uint64_t index) {
  durable_ = std::max(durable_, index);
  if (to_ship() && !shipping_) arm();
}

void History::arm() {
  Loop& loop = process_.world().loop();
  const bool full = unshipped_bytes_ >= kBatchBytes;
  if (timer_.slot != UINT32_MAX && !full) return;
  loop.cancel(timer_);
  timer_ = loop.schedule_in(full ? Duration{0} : kBatchEvery, kBatch, process_.owner(), [this] {
    timer_ = {};
    start_shipping();
  });
}

void History::start_shipping() {
  if (shipping_) return;
  shipping_ = true;
  tasks_.spawn(ship());
}

bool History::flush() {
  if (!to_ship() || failing_) return false;
  flushing_ = true;
  start_shipping();
  return true;
}

Task<void> History::ship() {
  World& world = process_.world();
  for (;;) {
    bool good = co_await catch_up();
    if (good && image_due_) good = co_await ship_image();
    if (good) good = co_await ship_batch();
    failing_ = !good;
    if (flushing_ && (failing_ || !to_ship())) {
      flushing_ = false;
      listener_.past_flushed();
    }
    if (good && unshipped_bytes_ < kBatchBytes && !flushing_) break;
    ORRERY_SOMETIMES(world, !good, "the archive does not take an object's past");
    if (!good) co_await sleep(world.loop(), kRetry, kBatchEvery);
  }
  shipping_ = false;
  if (to_ship()) arm();
}

Task<bool> History::catch_up() {
  while (catching_up_) co_await sleep(process_.world().loop(), kCatchUp, millis(100));
  if (known_) co_return true;
  catching_up_ = true;
  const bool done = co_await learn();
  catching_up_ = false;
  co_return done;
}

Task<bool> History::learn() {
  const uint64_t key = log_.object().key;
  archive::Client::Listed listed = co_await archive_.list(archive_prefix(key));
  if (!listed.known) co_return false;
  const uint64_t has = parse_past(listed.names, key).complete_to();
  if (has < base_.index) co_await fetch_gap(has + 1, base_.index);
  const bool filled = has >= base_.index || (!gap_.empty() && gap_.front()->index == has + 1);
  ORRERY_SOMETIMES(process_.world(), !filled, "a part of an object's past is known to no follower any more");
  ORRERY_SOMETIMES(process_.world(), !gap_.empty(), "an owner archives what the former one could not");
  if (!filled) {
    gap_.clear();
    image_due_ = true;
  }
  shipped_ = filled ? has : base_.index;
  known_ = true;
  drop_archived();
  co_return true;
}

// Entries up to `last`, as far down without a gap as any follower has them.
Task<void> History::fetch_gap(uint64_t first, uint64_t last) {
  Ref<const ObjectInfo> object(&log_.object());
  auto request = make_ref<const PastRequest>(object, first, last);
  const auto followers = log_.follower_hosts();
  std::vector<host::HostId> hosts(followers.begin(), followers.end());
  std::vector<Answer> answers =
      co_await ask_all(process_, hosts, kFollowerChannel, request, kFetchTimeout,
                       [](const std::vector<Answer>& a) { return a.size() == kFollowers; });
  LogPosition wanted = base_;
  for (bool found = true; found && wanted.index >= first;) {
    found = false;
    for (const Answer& a : answers) {
      if (!a.reply.ok() || &a.reply.message->kind() != &FetchReply::kKind) continue;
      const auto& entries = a.reply.message->as<FetchReply>().entries;
      auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e->position() == wanted; });
      if (entry == entries.end()) continue;
      gap_.push_front(*entry);
      wanted = {(*entry)->prev_epoch, wanted.index - 1};
      found = true;
      break;
    }
  }
}

Task<bool> History::ship_batch() {
  auto blob = make_ref<archive::Blob>();
  ArchivedLog name;
  uint64_t bytes = 0;
  auto add = [&](const Entries& entries) {
    for (const auto& entry : entries) {
      if (entry->index <= shipped_ || entry->index > durable_ || bytes >= kBatchBytes) continue;
      if (bytes == 0) name.first = entry->index, name.first_ms = entry->time_ms;
      name.last = entry->index;
      name.last_ms = entry->time_ms;
      bytes += entry->stored_bytes();
      // The archive belongs to hosts of every release, and the same entries are the same blob whoever sends them.
      blob->parts.push_back(storable(entry, LogFormat::kFirst)->record);
      for (const PageFrame& frame : entry->payload->frames) blob->parts.push_back(frame.bytes);
    }
  };
  add(gap_);
  add(local_);
  if (bytes == 0) co_return true;
  const bool kept = co_await archive_.put(name.name(log_.object().key), std::move(blob));
  if (!kept && !log_.options().weaken.archive_unsure) co_return false;
  shipped_ = name.last;
  bytes_since_image_ += bytes;
  drop_archived();
  process_.world().announce(PastArchived{log_.object().lane, log_.epoch(), name.first, name.last});
  log_.archived(shipped_);
  const uint64_t size = std::max<uint64_t>(kSmallDatabase, uint64_t{image_->db_pages()} * kLogPageBytes);
  if (bytes_since_image_ > size && shipped_ == base_.index) co_await ship_image();
  co_return true;
}

// What the archive has need not be here, but for the image it leads to.
void History::drop_archived() {
  while (!gap_.empty() && gap_.front()->index <= shipped_) gap_.pop_front();
  while (!local_.empty() && local_.front()->index <= shipped_) {
    const bool left_out = log_.options().weaken.image_behind && local_.front()->index == shipped_;
    if (!left_out) image_->apply(*local_.front()->payload);
    base_ = local_.front()->position();
    local_.pop_front();
  }
  unshipped_bytes_ = 0;
  for (const auto& entry : local_) unshipped_bytes_ += entry->stored_bytes();
}

Task<bool> History::ship_image() {
  const ArchivedImage name{base_.index, process_.clock().wall_ms()};
  const bool kept = co_await archive_.put(name.name(log_.object().key), blob_of(*image_));
  if (!kept) co_return false;
  image_due_ = false;
  bytes_since_image_ = 0;
  co_await prune();
  co_return true;
}

// What is older than anybody may ask for goes, up to the image that the rest begins with.
Task<void> History::prune() {
  const uint64_t key = log_.object().key;
  archive::Client::Listed listed = co_await archive_.list(archive_prefix(key));
  const ArchivedPast past = parse_past(listed.names, key);
  const int64_t oldest = process_.clock().wall_ms() - kPastKept.us / 1000;
  const ArchivedImage* first = nullptr;
  for (const ArchivedImage& image : past.images)
    if (image.ms <= oldest) first = &image;
  if (!first) co_return;
  ORRERY_SOMETIMES(process_.world(), true, "the oldest part of an object's past is removed");
  std::vector<std::string> gone;
  for (const ArchivedLog& log : past.logs)
    if (log.last <= first->index) gone.push_back(log.name(key));
  for (const ArchivedImage& image : past.images)
    if (image.index < first->index) gone.push_back(image.name(key));
  for (std::string& name : gone) co_await archive_.remove(std::move(name));
}

}  // namespace orrery::durable
