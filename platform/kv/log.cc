#include "platform/kv/log.h"

#include <algorithm>
#include <charconv>

#include "platform/durable/directory/record_frame.h"

namespace orrery::kv {

namespace {

using durable::ByteReader;
using durable::ByteWriter;

constexpr const char* kPrefix = "kv/log.";
constexpr durable::RecordFrame kFrame{.magic = 0x31564b4f, .body_max = kValueBytesMax + (1 << 16)};

std::string body_of(const Record& record) {
  ByteWriter w;
  w.text(record.key->space).text(record.key->name);
  w.u64(static_cast<uint64_t>(record.version.written_us)).u32(record.version.host);
  w.u32(record.version.incarnation).u64(record.version.count).u32(record.deleted ? 1 : 0);
  w.u64(static_cast<uint64_t>(record.expiration_s)).text(record.metadata);
  w.text(record.value ? record.value->text() : std::string_view());
  return w.bytes();
}

bool read_all(disk::File& file, std::string& bytes) {
  bytes.resize(file.size());
  size_t got = 0;
  auto read = [&] {
    return file.read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, &got) ==
               disk::DiskError::kNone &&
           got == bytes.size();
  };
  // A passing I/O error is no reason to give the disk up.
  return read() || read() || read();
}

}  // namespace

bool StoreLog::load(std::vector<Ref<const Record>>& records) {
  disk::Disk& disk = process_.disk();
  std::vector<std::pair<uint64_t, std::string>> logs;  // by generation
  for (const std::string& name : disk.list(kPrefix)) {
    uint64_t generation = 0;
    std::from_chars(name.data() + std::string_view(kPrefix).size(), name.data() + name.size(),
                    generation);
    logs.push_back({generation, name});
  }
  std::sort(logs.begin(), logs.end());
  if (!logs.empty()) generation_ = logs.back().first;
  for (size_t i = logs.size(); i-- > 0;) {
    disk::DiskError error = disk::DiskError::kNone;
    std::shared_ptr<disk::File> file = disk.open(logs[i].second, false, &error);
    std::string bytes;
    records.clear();
    // An unfinished rewrite is passed over for the file before it.
    if (file && read_all(*file, bytes) && replay(bytes, records)) return true;
  }
  records.clear();
  return logs.empty() && process_.incarnation() == 1;
}

bool StoreLog::replay(std::string_view bytes, std::vector<Ref<const Record>>& records) {
  durable::FramedRecord raw;
  uint64_t number = 0, expected = UINT64_MAX;
  size_t at = 0;
  while (at < bytes.size() && kFrame.read(bytes.substr(at), raw) && raw.number == number + 1) {
    number = raw.number;
    ByteReader r(raw.body);
    if (number == 1) {
      expected = r.u64() + 1;
    } else {
      auto record = make_ref<Record>();
      std::string space(r.text());
      record->key = layout_.key(process_.world(), space, r.text());
      record->version.written_us = static_cast<int64_t>(r.u64());
      record->version.host = r.u32();
      record->version.incarnation = r.u32();
      record->version.count = r.u64();
      record->deleted = r.u32() != 0;
      record->expiration_s = static_cast<int64_t>(r.u64());
      record->metadata = r.text();
      record->value = Buffer::copy(r.text());
      records.push_back(std::move(record));
    }
    at += durable::RecordFrame::kHeaderBytes + raw.body.size();
  }
  if (number < expected) return false;
  if (at == bytes.size()) return true;
  ORRERY_SOMETIMES(process_.world(), true, "a KV back end cuts a torn tail");
  return !kFrame.misses_synced(bytes, at, number);
}

bool StoreLog::append_body(std::string_view body) {
  const std::string record = kFrame.framed({number_ + 1, synced_, body});
  if (file_->append(Buffer::copy(record)) != disk::DiskError::kNone) return false;
  ++number_;
  return true;
}

bool StoreLog::append(const Record& record) {
  if (!broken_ && !append_body(body_of(record))) broken_ = true;
  return !broken_;
}

bool StoreLog::sync() {
  const uint64_t upto = number_;
  if (!broken_ && file_->sync() != disk::DiskError::kNone) broken_ = true;
  if (!broken_) synced_ = upto;
  return !broken_;
}

bool StoreLog::rewrite(const std::vector<Ref<const Record>>& records) {
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  broken_ = true;
  const std::string name = kPrefix + std::to_string(generation_ + 1);
  file_ = disk.open(name, true, &error);
  if (!file_ || file_->truncate(0) != disk::DiskError::kNone) return false;
  ++generation_;
  number_ = synced_ = 0;
  ByteWriter count;
  count.u64(records.size());
  if (!append_body(count.bytes())) return false;
  for (const auto& record : records)
    if (!append_body(body_of(*record))) return false;
  if (file_->sync() != disk::DiskError::kNone) return false;
  synced_ = number_;
  broken_ = false;
  for (const std::string& other : disk.list(kPrefix))
    if (other != name) (void)disk.remove(other);
  return true;
}

}  // namespace orrery::kv
