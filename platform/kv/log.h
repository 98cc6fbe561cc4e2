// The disk of a back end: an append-only file of records, synced before a write is acknowledged, written anew
// ("folded") when most of it is outdated or the disk refused.
//
//   file "kv/log.<generation>":  first record (body: u64 how many records were written with it) | record | ...
//   record   u32 magic | u32 body bytes | u64 number | u64 synced | u64 checksum | body
//   body     text namespace id | text key | u64 written us | u32 host | u32 incarnation | u64 count |
//            u32 deleted | u64 expiration s | text metadata | text value
//
// Records are numbered from 1; `synced` is the number of the last record known durable when this one was written.
// Reading stops at the first record that is not sound: a torn tail that nobody was told of, unless a later sound
// record says it had been synced. Then, or when a host that ran before finds no log, the disk is damaged and the
// back end must learn everything from the other one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/kv/layout.h"
#include "sim/disk/disk.h"

namespace orrery::kv {

class StoreLog {
 public:
  StoreLog(host::Process& process, const Layout& layout) : process_(process), layout_(layout) {}

  // Reads everything back, in order; false: what was acknowledged is (or may be) gone. Call once, first; then
  // `rewrite`.
  bool load(std::vector<Ref<const Record>>& records);
  // False: the disk refused; nothing is durable until `rewrite` succeeds.
  bool append(const Record& record);
  bool sync();
  // Writes these records into a new file, durably, and leaves the former one behind.
  bool rewrite(const std::vector<Ref<const Record>>& records);
  bool broken() const { return broken_; }
  uint64_t records() const { return number_; }

 private:
  bool replay(std::string_view bytes, std::vector<Ref<const Record>>& records);
  bool append_body(std::string_view body);

  host::Process& process_;
  const Layout& layout_;
  std::shared_ptr<disk::File> file_;
  uint64_t generation_ = 0;
  uint64_t number_ = 0;
  uint64_t synced_ = 0;
  bool broken_ = true;
};

}  // namespace orrery::kv
