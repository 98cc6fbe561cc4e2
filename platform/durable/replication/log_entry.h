// What is replicated: entries of an object's log. An entry is made once by the owner; the same
// buffers then go to five followers' memories and disks without a copy.
#pragma once

#include <cstdint>
#include <vector>

#include "platform/durable/directory/placement.h"
#include "platform/durable/replication/limits.h"
#include "sim/core/ref.h"

namespace orrery::durable {

// One page of a commit. Numbers start at 1, as SQLite's do.
struct PageFrame {
  uint32_t page = 0;
  Ref<Buffer> bytes;  // kLogPageBytes, never changed once shared
};

// The content of one entry: the pages a commit wrote, in any order, each number at most once, and
// the size of the database after it. Without frames it is a barrier and changes nothing.
struct LogPayload : RefCounted {
  std::vector<PageFrame> frames;
  uint32_t db_pages = 0;
  bool barrier() const { return frames.empty() && db_pages == 0; }
};

// A whole database: pages[i] is page i + 1; a null page reads as zeros.
struct PageImage : RefCounted {
  std::vector<Ref<Buffer>> pages;
  uint32_t db_pages() const { return static_cast<uint32_t>(pages.size()); }
  // Applies one entry's content.
  void apply(const LogPayload& payload);
};

// Place of an entry. (0, 0) is the empty log; later is greater.
struct LogPosition {
  uint64_t epoch = 0;
  uint64_t index = 0;
  auto operator<=>(const LogPosition&) const = default;
};

}  // namespace orrery::durable
