// The past of one live object: every durable entry of its log goes to the archive, in batches, with an image of the
// database now and then; moments of the past are found and built again from both.
//
// A batch leaves ten seconds after the first entry that is not archived became durable, or when there are sixteen
// megabytes of them. An image follows when the batches since the last one are larger than the database. Until the archive
// has an entry its followers keep it, so a new owner archives what the former one could not.
//
// Invariants: only durable entries are archived, so what two owners archive never contradicts itself; `archived` is told to
// followers only after two of three stores have synced; what the archive has is complete from some image, or the
// beginning, on.
// Source: platform.md 5.4, 5.5; durable-objects.md 10.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "platform/archive/client.h"
#include "platform/durable/history/archive_names.h"
#include "platform/durable/replication/replicated_log.h"
#include "sim/core/task.h"

namespace orrery::durable {

// Source: platform.md 5.5.
inline constexpr Duration kBatchEvery = seconds(10);
inline constexpr uint64_t kBatchBytes = 16 << 20;
// How far back moments are kept.
inline constexpr Duration kPastKept = seconds(30 * 24 * 3600);

class History {
 public:
  // Told when a flush has ended, well or not.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void past_flushed() = 0;
  };
  // `log` has just been opened with this result, and must outlive this.
  History(host::Process& process, archive::Client& archive, ReplicatedLog& log, const Recovery& recovery,
          Listener& listener);
  ~History();

  // Archives what is durable now. False: there is nothing, or the archive does not take it; then the followers keep it.
  bool flush();

  // The log has another entry; entries up to the index are durable.
  void appended();
  void durable(uint64_t index);

  // How looking into the past ended.
  enum class Status : uint8_t {
    kOk,
    kUnreachable,  // too few stores, or followers, answer now
    kGone,         // it is not kept (any more)
  };
  struct Moment {
    Status status = Status::kUnreachable;
    uint64_t index = 0;
  };
  // The last entry made at or before this time, milliseconds since 1970; 0: the object had not written yet.
  Task<Moment> at_time(int64_t ms);
  struct Database {
    Status status = Status::kUnreachable;
    Ref<const PageImage> image;
  };
  // The database as it was after the entry.
  Task<Database> database_at(uint64_t index);

 private:
  using Entries = std::deque<Ref<const AppendMessage>>;
  struct Batch {
    Status status = Status::kUnreachable;
    Entries entries;
  };
  void arm();
  void start_shipping();
  Task<void> ship();
  // Learns what the archive has, and gets from followers what lies between that and what is here.
  Task<bool> catch_up();
  Task<Database> build(uint64_t index);
  Task<bool> learn();
  Task<void> fetch_gap(uint64_t first, uint64_t last);
  // One batch; false: it is not known to be archived.
  Task<bool> ship_batch();
  Task<bool> ship_image();
  Task<void> prune();
  void drop_archived();
  Task<Batch> fetch(ArchivedLog log);
  bool to_ship() const { return durable_ > shipped_ || !known_; }

  host::Process& process_;
  archive::Client& archive_;
  ReplicatedLog& log_;
  Listener& listener_;
  TaskScope tasks_;
  LogPosition base_;             // the image is the database after this entry
  Ref<PageImage> image_;
  Entries local_;                // after base_, without gaps
  Entries gap_;                  // up to base_, that a former owner had not archived
  uint64_t durable_ = 0;
  uint64_t shipped_ = 0;         // the archive has all up to here, when `known_`
  bool known_ = false;
  bool image_due_ = false;       // the gap could not be filled: the archive goes on from an image
  uint64_t unshipped_bytes_ = 0;
  uint64_t bytes_since_image_ = 0;
  bool shipping_ = false;
  bool failing_ = false;  // the last try failed
  bool flushing_ = false;
  bool catching_up_ = false;
  EventHandle timer_;
};

}  // namespace orrery::durable
