// The durable form of a followed object's log: records in an append-only file.
//
//   file   "follower/<key>/log.<generation>":   base | record | record | ...
//   record  header (72 bytes) | u32 page numbers, padded to 8 | extra bytes | pages of 4096 bytes
//   header  u32 magic, u32 type, u64 key, u64 epoch, u64 index, u64 previous epoch, u64 durable,
//           u32 db pages, u32 frames, u32 extra, u32 zero, u64 checksum
//   image  "follower/<key>/image.<generation>": page n of the database at (n - 1) * 4096
//
// An entry's extra bytes, if any: u64 when its owner made it, milliseconds since 1970.
//
// base     index, epoch: the image holds the log up to here; previous epoch: the promise;
//          extra: image generation, how many records were written with it, the object's name
// entry    replaces everything from its index on, should that exist
// promise  epoch
//
// The checksum covers header, numbers, extra and pages. Reading stops at the first record that is
// not sound. That is a torn tail which was never acknowledged, unless a sound record after it tells
// a durable index beyond the cut: then the disk is damaged.
//
// That is the first format. Entries have a second (release.h says who reads and writes it):
//   record  header (80 bytes) | u32 page numbers, padded to 8 | u64 a sum for each page | pages
//   header  u32 second magic, u32 version (2), u64 key, u64 epoch, u64 index, u64 previous epoch, u64 durable,
//           i64 when it was made, u32 db pages, u32 frames, u64 sum of numbers and page sums, u64 sum of the header
// A fold takes its pages' sums from there, and where a record ends is known though a page of it is spoiled. Every later
// format begins as this one does, up to and with the header's own sum: so whoever reads only older ones can
// tell a newer record from a torn one. Bases and promises, which have no pages, stay in the first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/durable/replication/messages.h"
#include "platform/durable/replication/release.h"
#include "sim/disk/content.h"
#include "sim/disk/disk.h"

namespace orrery::durable {

// What a log file holds after reading it back, or is to hold when it is made.
struct LogContent {
  uint64_t promised = 0;
  LogPosition base;
  uint32_t base_pages = 0;  // size of the database in the image
  uint64_t committed = 0;   // known to be durable with the owner
  uint64_t image_generation = 0;
  std::vector<Ref<const AppendMessage>> entries;
};

enum class ReadResult {
  kSound,    // everything
  kTorn,     // everything up to a torn tail
  kDamaged,  // synced records are missing
  kUnusable, // not a complete log: an unfinished rewrite
  kNewer,    // it has records of a format that this release does not know; read up to the first of them
};

// The shared part of an entry's record: fill in the message's numbers and payload first.
Ref<Buffer> make_entry_record(const AppendMessage& entry, LogFormat format = LogFormat::kFirst);
LogFormat format_of(const AppendMessage& entry);
// The entry as who writes no format newer than this may store it: itself, or with a record made anew.
Ref<const AppendMessage> storable(Ref<const AppendMessage> entry, LogFormat newest);
// What the record says of the frame with this place in it: the hash of the page's bytes; 0 when it does not tell.
uint64_t page_hash(const AppendMessage& entry, size_t frame);

// The entry whose record is parts[at] and whose pages are the parts that follow; null when that is not sound. `at` moves
// behind it.
Ref<const AppendMessage> entry_of(const std::vector<Ref<Buffer>>& parts, size_t& at, const Ref<const ObjectInfo>& object);

// Adds an entry's record and pages without copying them.
disk::DiskError append_entry(disk::File& file, const AppendMessage& entry);
disk::DiskError append_promise(disk::File& file, const ObjectInfo& object, uint64_t epoch);
// Writes a whole log into an empty file; not synced.
disk::DiskError write_log(disk::File& file, const ObjectInfo& object, const LogContent& content);
// Reads a log back. `check` off is a planted weakness: records are believed without their
// checksums. `newest`: the last format that this release knows.
ReadResult read_log(disk::File& file, const Ref<const ObjectInfo>& object, bool check, LogFormat newest,
                    LogContent* content);

// What the header of a record says, for whoever reads a file along without taking its pages in.
struct RecordHead {
  enum class Type : uint8_t { kEntry, kPromise, kBase } type;
  uint64_t key;
  uint64_t epoch;
  uint64_t index;
  uint64_t prev_epoch;  // of a base: the promise
  uint64_t along;       // of a base: how many records were written with it
  uint64_t size;        // of the whole record
};
// The record at `offset`; false when none begins there or it is not all there. Checksums are not read.
bool read_head(const disk::Content& content, uint64_t offset, RecordHead* head);
// Whether an entry's pages are those its record was made for.
bool is_intact(const AppendMessage& entry);

std::string follower_folder(const ObjectInfo& object);

}  // namespace orrery::durable
