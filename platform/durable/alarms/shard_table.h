// The durable state of one shard of the scheduler: which object has an alarm when. Kept in memory as a map,
// on followers as pages that are rewritten whole: a change touches one page (two when an entry outgrows
// its page, which cannot happen since entries of one object keep their size).
//
//   page   { u32 magic, u32 bytes used } record | record | ...
//   record { u16 size, u16 class size, u16 name size, i64 time, u64 epoch, u64 sequence, u32 home pop,
//            id[32] } class name
//
// Invariant: the payloads of all `take_changes`, applied in order, give an image from which `load` makes
// the same table.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/durable/alarms/messages.h"
#include "platform/durable/replication/log_entry.h"

namespace orrery::durable {

class ShardTable {
 public:
  struct Row {
    AlarmObject object;
    int64_t time = 0;
    AlarmVersion version;
    uint32_t page = 0;
  };

  // Names longer than this are not kept: the object is woken without its name, as the product's (which
  // drops names over 1,024 bytes).
  static constexpr size_t kLongestName = 1024;

  // Replaces the content by what an image holds; false when the image is none of a shard.
  bool load(const PageImage* image);

  const Row* find(const runtime::ObjectId& id) const;
  const std::map<runtime::ObjectId, Row>& rows() const { return rows_; }
  size_t size() const { return rows_.size(); }

  void set(AlarmObject object, int64_t time, AlarmVersion version);
  void remove(const runtime::ObjectId& id);

  bool changed() const { return !dirty_.empty(); }
  // The pages changed since the last call, as a log entry; null when there are none.
  Ref<LogPayload> take_changes();
  // All pages as of the last take_changes.
  Ref<const PageImage> image() const;

 private:
  static size_t record_size(const AlarmObject& object);
  uint32_t page_with_room(size_t size);
  Ref<Buffer> write_page(uint32_t page) const;

  struct Page {
    std::set<runtime::ObjectId> ids;
    size_t used = 0;
    Ref<Buffer> bytes;
  };
  std::map<runtime::ObjectId, Row> rows_;
  std::vector<Page> pages_;
  std::set<uint32_t> dirty_;
};

}  // namespace orrery::durable
