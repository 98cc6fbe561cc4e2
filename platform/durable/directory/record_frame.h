// The frame of a record in the durable files of directory members and of KV's back ends:
//
//   u32 magic | u32 body bytes | u64 number | u64 synced | u64 checksum | body
//
// Records are numbered from 1; `synced` is the number of the last one known durable when this one was written. So the first
// record that is not sound ends a file, a torn tail that nobody was told about, unless a sound one behind it says that it
// had been synced.
#pragma once

#include <string>
#include <string_view>

#include "platform/durable/directory/bytes.h"
#include "sim/core/hash.h"

namespace orrery::durable {

struct FramedRecord {
  uint64_t number = 0, synced = 0;
  std::string_view body;  // within the bytes it was read from
};

// How the records of one kind of file are framed.
struct RecordFrame {
  static constexpr size_t kHeaderBytes = 32;
  uint32_t magic;
  uint32_t body_max;

  std::string framed(const FramedRecord& record) const {
    ByteWriter w;
    w.u32(magic).u32(static_cast<uint32_t>(record.body.size())).u64(record.number).u64(record.synced);
    w.u64(checksum_of(record)).raw(record.body.data(), record.body.size());
    return w.bytes();
  }
  // The sound record at the start of `bytes`, or false.
  bool read(std::string_view bytes, FramedRecord& record) const {
    ByteReader r(bytes);
    if (r.u32() != magic) return false;
    const uint32_t size = r.u32();
    record.number = r.u64();
    record.synced = r.u64();
    const uint64_t checksum = r.u64();
    if (!r.ok() || size > body_max) return false;
    record.body = r.raw(size);
    return r.ok() && checksum == checksum_of(record);
  }
  // Whether a sound record behind `at`, where reading stopped after record `number`, knows of later ones as synced.
  bool misses_synced(std::string_view bytes, size_t at, uint64_t number) const {
    FramedRecord record;
    for (size_t later = at + 1; later + kHeaderBytes <= bytes.size(); ++later)
      if (read(bytes.substr(later), record) && record.synced > number) return true;
    return false;
  }

 private:
  uint64_t checksum_of(const FramedRecord& record) const {
    return mix64(mix64(hash_bytes(record.body), record.number), record.synced + magic);
  }
};

}  // namespace orrery::durable
