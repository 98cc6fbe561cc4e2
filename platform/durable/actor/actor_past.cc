// Point-in-time recovery of an object: bookmarks, and the start that begins with a moment of the past
// (durable-objects.md 10, platform.md 5.4).
#include <algorithm>
#include <utility>

#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/actor_replica.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/limits.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/history/bookmark.h"

namespace orrery::durable {

inline constexpr Site kDurableWait{"object.restore_wait"};
inline constexpr Site kSettleSoon{"object.bookmark_known"};
inline constexpr Site kBookmark{"object.bookmark"};

namespace {
constexpr const char* kNotKept =
    "Point-in-time recovery is off in this world: the past of its objects is not kept (see the world option \"past\").";
constexpr const char* kNoBackEnd =
    "This Durable Object's storage back-end does not implement point-in-time recovery.";
// What a class without SQLite has instead.
constexpr const char* kNoBookmark = "00000000-00000000-00000000-00000000000000000000000000000000";
constexpr const char* kTooOld = "Point-in-time recovery reaches back 30 days; what was asked for lies before that.";
constexpr const char* kNotRestored =
    "The Durable Object could not be restored to its bookmark: that part of its past is not kept any more.";
constexpr const char* kUnreachable = "Network connection lost.";
}  // namespace

void Actor::idle_over() {
  if (state_ != State::kRunning || active()) return;
  if (replicas_ && replicas_->any()) return maybe_idle();  // somebody may be reading them
  leaving_ = history_ && history_->flush();
  if (!leaving_) end(connection_lost(), kIdleEnd);
}

void Actor::past_flushed() {
  if (!std::exchange(leaving_, false) || state_ != State::kRunning || active()) return;
  end(connection_lost(), kIdleEnd);
}

void Actor::settle_error(runtime::OperationId operation, std::string text) {
  runtime::ErrorInfo error;
  error.message = std::move(text);
  worker_.answer_later(kSettleSoon, context_id(), operation, worker::AnswerMessage::of_error(std::move(error)));
}

void Actor::settle_bookmark(runtime::OperationId operation, uint64_t index) {
  auto cells = make_ref<runtime::Cells>();
  const Bookmark bookmark = replica_ ? Bookmark{replica_->at.index, replica_->at.epoch} : Bookmark{index, epoch_};
  cells->add(runtime::Cell::text(has_sql_ ? to_text(bookmark, info_->key) : kNoBookmark));
  worker_.answer_later(kSettleSoon, context_id(), operation, worker::AnswerMessage::of_cells(std::move(cells)));
}

void Actor::current_bookmark(runtime::OperationId operation) {
  operation_started(operation);
  if (!has_sql_ || replica_) return settle_bookmark(operation, 0);
  if (!history_ && !may_replicate()) return settle_error(operation, kNotKept);
  // What this turn may still write is part of it, and what is written has its place in the log when it is committed.
  world().loop().schedule(world().now(), kBookmark, host_.process().owner(),
                          [&worker = worker_, id = context_id(), operation] {
                            auto* actor = dynamic_cast<Actor*>(worker.find(id));
                            if (actor) actor->bookmark_after_turn(operation);
                          });
}

void Actor::bookmark_after_turn(runtime::OperationId operation) {
  if (open_batch_ || holding_commits()) bookmarks_.emplace_back(last_batch_, operation);
  else settle_bookmark(operation, log_->last_index());
}

void Actor::give_bookmarks(Batch committed) {
  std::erase_if(bookmarks_, [&](const auto& waiting) {
    if (waiting.first > committed) return false;
    settle_bookmark(waiting.second, log_->last_index());
    return true;
  });
}

void Actor::bookmark_for_time(runtime::OperationId operation, int64_t ms) {
  operation_started(operation);
  if (!has_sql_) return settle_error(operation, kNoBackEnd);
  if (!history_) return settle_error(operation, kNotKept);
  const int64_t now = host_.process().clock().wall_ms();
  if (ms < now - kPastKept.us / 1000) return settle_error(operation, kTooOld);
  if (ms > now) return settle_error(operation, "Point-in-time recovery knows no moments of the future.");
  tasks_.spawn(find_bookmark(operation, ms));
}

bool Actor::holding_commits() const { return alarms_ && alarms_->holding(); }

Task<void> Actor::find_bookmark(runtime::OperationId operation, int64_t ms) {
  History::Moment moment = co_await history_->at_time(ms);
  if (state_ != State::kRunning) co_return;
  switch (moment.status) {
    case History::Status::kOk: co_return settle_bookmark(operation, moment.index);
    case History::Status::kGone: co_return settle_error(operation, kTooOld);
    case History::Status::kUnreachable: co_return settle_error(operation, kUnreachable);
  }
}

void Actor::restore_at_start(runtime::OperationId operation, std::string_view text) {
  operation_started(operation);
  if (replica_) return settle_error(operation, kReplicaWrites);
  if (!has_sql_) return settle_error(operation, kNoBackEnd);
  if (!history_) return settle_error(operation, kNotKept);
  const auto bookmark = parse_bookmark(text, info_->key);
  if (!bookmark || bookmark->index > log_->last_index())
    return settle_error(operation, "The bookmark is not one of this Durable Object.");
  if (StorageError error = database_->set_restore(static_cast<int64_t>(bookmark->index)))
    return settle_error(operation, error.message);
  wrote("restore", text, true);
  // The moment before the restore is all that is written by then; the wish itself is gone with the start that grants it.
  bookmarks_.emplace_back(last_batch_, operation);
}

Task<bool> Actor::until_durable(uint64_t index) {
  if (log_->durable_index() >= index) co_return true;
  OneShot<bool> reached(world().loop());
  durable_wait_ = {index, &reached};
  EventHandle late = world().loop().schedule_in(kRecoveryPatience, kDurableWait, host_.process().owner(),
                                                [&reached] { reached.set(false); });
  const bool durable = co_await reached;
  world().loop().cancel(late);
  durable_wait_.reset();
  co_return durable;
}

Task<bool> Actor::restore_past() {
  StorageError error;
  const auto index = static_cast<uint64_t>(database_->restore(error).value_or(0));
  History::Database past = co_await history_->database_at(index);
  if (past.status == History::Status::kUnreachable) co_return false;
  if (past.status == History::Status::kGone) {
    // Nobody can grant the wish any more; the object goes on as it is.
    ORRERY_SOMETIMES(world(), true, "an object cannot be restored because its past is gone");
    world().announce(worker::ConsoleLine{info_->lane, "warn", kNotRestored, {}});
    auto same = make_ref<PageImage>();
    same->pages = image_.pages;
    past.image = std::move(same);
  }
  // As of then, but for the wish to restore that may have been there at the time.
  database_.reset();
  auto opened = ObjectDatabase::open(host_.process(), info_->name, epoch_, past.image->pages);
  if (!opened.ok()) co_return false;
  database_ = std::move(opened.database);
  auto target = make_ref<PageImage>();
  target->pages = past.image->pages;
  if (database_->restore(error) && !database_->set_restore(std::nullopt)) {
    CommitResult cleared = database_->commit();
    if (!cleared.ok()) co_return false;
    if (cleared.payload) target->apply(*cleared.payload);
  }
  // One entry takes the log from what is to what was.
  auto payload = make_ref<LogPayload>();
  payload->db_pages = target->db_pages();
  static const Ref<Buffer> zeros = [] {
    Ref<Buffer> page = Buffer::make(kLogPageBytes);
    std::fill_n(page->data(), kLogPageBytes, uint8_t{0});
    return page;
  }();
  for (uint32_t i = 0; i < target->db_pages(); ++i) {
    const Ref<Buffer>& now = i < image_.db_pages() ? image_.pages[i] : Ref<Buffer>();
    if (target->pages[i].get() != now.get() || i >= image_.db_pages())
      payload->frames.push_back({i + 1, target->pages[i] ? target->pages[i] : zeros});
  }
  const uint64_t entry = append(std::move(payload));
  const bool durable = co_await until_durable(entry);
  if (durable) world().announce(ObjectRestored{info_->lane, epoch_, index, entry});
  co_return durable;
}

}  // namespace orrery::durable
