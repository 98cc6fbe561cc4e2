// Looking back: moments and databases of the past.
#include <algorithm>

#include "platform/durable/history/history.h"
#include "platform/durable/history/images.h"
#include "platform/durable/replication/log_file.h"

namespace orrery::durable {

namespace {

// Applies those of the entries that follow `at`, up to `index`.
template <class Entries>
void apply(const Entries& entries, uint64_t index, PageImage& image, uint64_t& at) {
  for (const auto& entry : entries)
    if (entry->index == at + 1 && at < index) image.apply(*entry->payload), ++at;
}

// The last of the entries made by then, or null. Times do not fall along a log.
const AppendMessage* made_by(const std::deque<Ref<const AppendMessage>>& entries, int64_t ms) {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    if ((*entry)->time_ms <= ms) return entry->get();
  return nullptr;
}

}  // namespace

Task<History::Batch> History::fetch(ArchivedLog log) {
  Batch batch;
  Ref<const ObjectInfo> object(&log_.object());
  archive::Client::Found found = co_await archive_.get(log.name(object->key));
  if (!found.known) co_return batch;
  batch.status = Status::kGone;
  if (!found.blob) co_return batch;
  for (size_t at = 0; at < found.blob->parts.size();) {
    Ref<const AppendMessage> entry = entry_of(found.blob->parts, at, object);
    if (!entry) co_return batch;
    batch.entries.push_back(std::move(entry));
  }
  batch.status = Status::kOk;
  co_return batch;
}

Task<History::Moment> History::at_time(int64_t ms) {
  const bool caught_up = co_await catch_up();
  if (!caught_up) co_return Moment{};
  for (const Entries* entries : {&local_, &gap_})
    if (const AppendMessage* entry = made_by(*entries, ms)) co_return Moment{Status::kOk, entry->index};
  const uint64_t key = log_.object().key;
  archive::Client::Listed listed = co_await archive_.list(archive_prefix(key));
  if (!listed.known) co_return Moment{};
  const ArchivedPast past = parse_past(listed.names, key);
  for (auto log = past.logs.rbegin(); log != past.logs.rend(); ++log) {
    if (log->last_ms <= ms) co_return Moment{Status::kOk, log->last};
    if (log->first_ms > ms) continue;
    Batch batch = co_await fetch(*log);
    if (batch.status != Status::kOk) co_return Moment{batch.status, 0};
    if (const AppendMessage* entry = made_by(batch.entries, ms)) co_return Moment{Status::kOk, entry->index};
  }
  // Before the first entry there was nothing; but its beginning may be kept no more.
  const bool begins = past.logs.empty() || past.logs.front().first == 1;
  co_return Moment{begins ? Status::kOk : Status::kGone, 0};
}

Task<History::Database> History::database_at(uint64_t index) {
  const bool caught_up = co_await catch_up();
  if (!caught_up) co_return Database{};
  for (;;) {
    const uint64_t shipped = shipped_;
    Database database = co_await build(index);
    // What was here may have gone to the archive after that was listed.
    if (database.status != Status::kGone || shipped == shipped_) co_return database;
  }
}

Task<History::Database> History::build(uint64_t index) {
  Database out;
  auto image = make_ref<PageImage>();
  uint64_t at = 0;
  if (index >= base_.index) {
    image->pages = image_->pages;
    at = base_.index;
  } else {
    const uint64_t key = log_.object().key;
    archive::Client::Listed listed = co_await archive_.list(archive_prefix(key));
    if (!listed.known) co_return out;
    const ArchivedPast past = parse_past(listed.names, key);
    const ArchivedImage* from = nullptr;
    for (const ArchivedImage& each : past.images)
      if (each.index <= index) from = &each;
    if (from) {
      archive::Client::Found found = co_await archive_.get(from->name(key));
      if (!found.known) co_return out;
      image = found.blob ? image_of(*found.blob) : Ref<PageImage>();
      out.status = Status::kGone;
      if (!image) co_return out;
      at = from->index;
    }
    Batch earlier;
    for (const ArchivedLog& log : past.logs) {
      if (log.last <= at || log.first > index || log.first > at + 1) continue;
      Batch batch = co_await fetch(log);
      out.status = batch.status;
      if (batch.status != Status::kOk) co_return out;
      apply(batch.entries, index, *image, at);
      if (log_.options().weaken.batch_applied_twice)
        for (const auto& entry : earlier.entries) image->apply(*entry->payload);
      earlier = std::move(batch);
    }
    apply(gap_, index, *image, at);
  }
  apply(local_, index, *image, at);
  out.status = at == index ? Status::kOk : Status::kGone;
  if (at == index) out.image = std::move(image);
  co_return out;
}

}  // namespace orrery::durable
