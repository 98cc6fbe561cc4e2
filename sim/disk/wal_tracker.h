// Follows the writes that SQLite makes to a WAL file and tells what each commit changed.
//
// A frame is a 24-byte header (page number, database size or 0, salts, checksums) and a page,
// written as two calls. Frame numbers at or above the committed count belong to the open
// transaction; writing a lower one again after a rollback (of all or of a savepoint) throws away
// those from there on; writing only a page replaces it; header writes below the committed count
// mend checksums and change no content.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/disk/sqlite_vfs.h"

namespace orrery::disk {

class WalTracker {
 public:
  static constexpr uint64_t kWalHeaderBytes = 32;
  static constexpr uint64_t kFrameHeaderBytes = 24;
  explicit WalTracker(uint32_t page_bytes) : page_bytes_(page_bytes) {}

  // After these bytes have been written at `offset`.
  void wrote(uint64_t offset, const Ref<Buffer>& bytes, WalCapture& capture);

 private:
  void commit(uint32_t database_pages, WalCapture& capture);

  uint32_t page_bytes_;
  bool started_ = false;
  uint64_t committed_ = 0;  // frames
  uint32_t commit_size_ = 0;  // of the frame whose header came last; 0: not a commit
  std::vector<Frame> open_;   // frames of the open transaction, from number committed_
};

}  // namespace orrery::disk
