#include "platform/durable/replication/log_file.h"

#include "platform/durable/directory/bytes.h"
#include "sim/core/check.h"

namespace orrery::durable {
namespace {

constexpr uint32_t kMagic = 0x474c524f;
constexpr uint32_t kFramesMax = 1 << 20;
constexpr uint32_t kExtraMax = 1 << 16;

enum Type : uint32_t { kEntry = 1, kPromise = 2, kBase = 3 };

struct Header {
  uint32_t magic = kMagic;
  uint32_t type = 0;
  uint64_t key = 0;
  uint64_t epoch = 0;
  uint64_t index = 0;
  uint64_t prev_epoch = 0;
  uint64_t durable = 0;
  uint32_t db_pages = 0;
  uint32_t frames = 0;
  uint32_t extra = 0;
  uint32_t zero = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(Header) == 72);

uint32_t numbers_bytes(uint32_t frames) { return (frames * 4 + 7) & ~7u; }

uint64_t page_chain(uint64_t hash, const Buffer& page) {
  return mix64(hash, hash_bytes(page.data(), page.size()));
}

// Checksum of everything before the pages; `data` starts with the header, whose checksum counts as
// 0.
uint64_t head_hash(const uint8_t* data, uint32_t size) {
  return mix64(hash_bytes(data, sizeof(Header) - 8),
               hash_bytes(data + sizeof(Header), size - sizeof(Header)));
}

Ref<Buffer> make_record(Header header, const LogPayload* payload, std::string_view extra) {
  header.frames = payload ? static_cast<uint32_t>(payload->frames.size()) : 0;
  header.extra = static_cast<uint32_t>(extra.size());
  const uint32_t numbers = numbers_bytes(header.frames);
  const uint32_t size = sizeof(Header) + numbers + header.extra;
  Ref<Buffer> record = Buffer::make(size);
  uint8_t* data = record->data();
  std::memcpy(data, &header, sizeof header);
  std::memset(data + sizeof(Header), 0, numbers);
  for (uint32_t i = 0; i < header.frames; ++i)
    std::memcpy(data + sizeof(Header) + i * 4, &payload->frames[i].page, 4);
  if (!extra.empty()) std::memcpy(data + sizeof(Header) + numbers, extra.data(), extra.size());
  uint64_t hash = head_hash(data, size);
  for (uint32_t i = 0; i < header.frames; ++i) hash = page_chain(hash, *payload->frames[i].bytes);
  std::memcpy(data + sizeof(Header) - 8, &hash, 8);
  return record;
}

// Reads again what a passing I/O error kept back; `io` stays set when that does not help.
template <class Read>
disk::DiskError patiently(bool* io, Read read) {
  disk::DiskError error = read();
  for (int more = 3; more > 0 && error == disk::DiskError::kIo; --more) error = read();
  if (error == disk::DiskError::kIo || error == disk::DiskError::kGone) *io = true;
  return error;
}

struct Parsed {
  Header header;
  Ref<Buffer> head;  // header, numbers and extra
  Ref<LogPayload> payload;
  std::string_view extra;
  uint64_t size = 0;
  bool io = false;  // the disk would not tell
};

// The record at `offset`, or false when there is none that is sound.
bool parse(disk::File& file, uint64_t offset, uint64_t key, bool check, Parsed* out) {
  size_t got = 0;
  Header& h = out->header;
  if (patiently(&out->io, [&] {
        return file.read(offset, {reinterpret_cast<uint8_t*>(&h), sizeof h}, &got);
      }) != disk::DiskError::kNone ||
      got < sizeof h)
    return false;
  if (h.magic != kMagic || h.key != key || h.frames > kFramesMax || h.extra > kExtraMax)
    return false;
  const uint32_t head = sizeof(Header) + numbers_bytes(h.frames) + h.extra;
  if (file.size() < offset + head + uint64_t{h.frames} * kLogPageBytes) return false;
  if (patiently(&out->io, [&] { return file.read_buffer(offset, head, &out->head); }) !=
      disk::DiskError::kNone)
    return false;
  out->payload = make_ref<LogPayload>();
  out->payload->db_pages = h.db_pages;
  uint64_t hash = head_hash(out->head->data(), head);
  for (uint32_t i = 0; i < h.frames; ++i) {
    PageFrame frame;
    std::memcpy(&frame.page, out->head->data() + sizeof(Header) + i * 4, 4);
    if (patiently(&out->io, [&] {
          return file.read_buffer(offset + head + uint64_t{i} * kLogPageBytes, kLogPageBytes,
                                  &frame.bytes);
        }) != disk::DiskError::kNone)
      return false;
    hash = page_chain(hash, *frame.bytes);
    out->payload->frames.push_back(std::move(frame));
  }
  if (check && hash != h.checksum) return false;
  out->extra = out->head->text().substr(sizeof(Header) + numbers_bytes(h.frames));
  out->size = head + uint64_t{h.frames} * kLogPageBytes;
  return true;
}

// The entry of a sound record.
Ref<AppendMessage> entry_with(const Header& h, const Ref<const ObjectInfo>& object, Ref<LogPayload> payload,
                              Ref<Buffer> record) {
  auto entry = make_ref<AppendMessage>();
  entry->object = object;
  entry->sender_epoch = entry->epoch = h.epoch;
  entry->index = h.index;
  entry->prev_epoch = h.prev_epoch;
  entry->durable = h.durable;
  entry->payload = std::move(payload);
  ByteReader extra(record->text().substr(record->size() - h.extra));
  if (h.extra >= 8) entry->time_ms = static_cast<int64_t>(extra.u64());
  entry->record = std::move(record);
  return entry;
}

// Whether a sound record after the cut at `from` says that more than `kept` was durable.
bool durable_beyond(disk::File& file, uint64_t from, uint64_t key, uint64_t kept) {
  Parsed p;
  for (uint64_t at = from + 1; at + sizeof(Header) <= file.size(); ++at) {
    uint32_t magic = 0;
    (void)file.read(at, {reinterpret_cast<uint8_t*>(&magic), sizeof magic}, nullptr);
    if (magic != kMagic || !parse(file, at, key, true, &p)) continue;
    if (p.header.type == kEntry && p.header.durable > kept) return true;
  }
  return false;
}

}  // namespace

Ref<Buffer> make_entry_record(const AppendMessage& entry) {
  Header h;
  h.type = kEntry;
  h.key = entry.object->key;
  h.epoch = entry.epoch;
  h.index = entry.index;
  h.prev_epoch = entry.prev_epoch;
  h.durable = entry.durable;
  h.db_pages = entry.payload->db_pages;
  if (entry.time_ms == 0) return make_record(h, entry.payload.get(), {});
  ByteWriter extra;
  extra.u64(static_cast<uint64_t>(entry.time_ms));
  return make_record(h, entry.payload.get(), extra.bytes());
}

Ref<const AppendMessage> entry_of(const std::vector<Ref<Buffer>>& parts, size_t& at, const Ref<const ObjectInfo>& object) {
  if (at >= parts.size() || parts[at]->size() < sizeof(Header)) return nullptr;
  const Ref<Buffer>& record = parts[at++];
  Header h;
  std::memcpy(&h, record->data(), sizeof h);
  const uint64_t head = sizeof h + numbers_bytes(h.frames) + uint64_t{h.extra};
  if (h.magic != kMagic || h.type != kEntry || h.key != object->key || h.frames > parts.size() - at ||
      record->size() != head)
    return nullptr;
  auto payload = make_ref<LogPayload>();
  payload->db_pages = h.db_pages;
  for (uint32_t i = 0; i < h.frames; ++i) {
    PageFrame frame;
    std::memcpy(&frame.page, record->data() + sizeof h + i * 4, 4);
    frame.bytes = parts[at++];
    payload->frames.push_back(std::move(frame));
  }
  Ref<AppendMessage> entry = entry_with(h, object, std::move(payload), record);
  return is_intact(*entry) ? entry : nullptr;
}

disk::DiskError append_entry(disk::File& file, const AppendMessage& entry) {
  disk::DiskError error = file.append(entry.record);
  for (const PageFrame& frame : entry.payload->frames) {
    if (error != disk::DiskError::kNone) break;
    error = file.append(frame.bytes);
  }
  return error;
}

// For a file not in use yet: a call that failed may be made again.
static disk::DiskError append_patiently(disk::File& file, const Ref<Buffer>& bytes) {
  const uint64_t size = file.size();
  disk::DiskError error = file.append(bytes);
  for (int more = 3; more > 0 && error == disk::DiskError::kIo; --more) {
    if (file.size() != size && file.truncate(size) != disk::DiskError::kNone) continue;
    error = file.append(bytes);
  }
  return error;
}

disk::DiskError append_promise(disk::File& file, const ObjectInfo& object, uint64_t epoch) {
  Header h;
  h.type = kPromise;
  h.key = object.key;
  h.epoch = epoch;
  return file.append(make_record(h, nullptr, {}));
}

disk::DiskError write_log(disk::File& file, const ObjectInfo& object, const LogContent& content) {
  Header h;
  h.type = kBase;
  h.key = object.key;
  h.epoch = content.base.epoch;
  h.index = content.base.index;
  h.prev_epoch = content.promised;
  h.durable = content.committed;
  h.db_pages = content.base_pages;
  ByteWriter extra;
  extra.u64(content.image_generation).u64(content.entries.size()).text(object.name);
  disk::DiskError error = append_patiently(file, make_record(h, nullptr, extra.bytes()));
  for (const auto& entry : content.entries) {
    if (error == disk::DiskError::kNone) error = append_patiently(file, entry->record);
    for (const PageFrame& frame : entry->payload->frames)
      if (error == disk::DiskError::kNone) error = append_patiently(file, frame.bytes);
  }
  return error;
}

ReadResult read_log(disk::File& file, const Ref<const ObjectInfo>& object, bool check,
                    LogContent* content) {
  Parsed p;
  uint64_t at = 0;
  if (!parse(file, at, object->key, true, &p) || p.header.type != kBase)
    return p.io ? ReadResult::kDamaged : ReadResult::kUnusable;
  ByteReader extra(p.extra);
  *content = {};
  content->promised = p.header.prev_epoch;
  content->base = {p.header.epoch, p.header.index};
  content->base_pages = p.header.db_pages;
  content->committed = p.header.durable;
  content->image_generation = extra.u64();
  uint64_t complete = extra.u64();
  ORRERY_CHECK(extra.text() == object->name, "two object names share one key");
  auto& entries = content->entries;
  for (at += p.size; at < file.size() && parse(file, at, object->key, check, &p); at += p.size) {
    const Header& h = p.header;
    const uint64_t next = content->base.index + entries.size() + 1;
    content->promised = std::max(content->promised, h.epoch);
    if (h.type != kEntry) continue;
    if (h.index <= content->base.index || h.index > next) break;
    entries.resize(h.index - content->base.index - 1);
    entries.push_back(entry_with(h, object, p.payload, p.head));
    content->committed = std::max(content->committed, std::min(h.durable, h.index));
    if (complete > 0) --complete;
  }
  if (p.io) return ReadResult::kDamaged;
  if (complete > 0) return ReadResult::kUnusable;
  if (at >= file.size()) return ReadResult::kSound;
  const uint64_t kept = content->base.index + entries.size();
  return durable_beyond(file, at, object->key, kept) ? ReadResult::kDamaged : ReadResult::kTorn;
}

bool read_head(const disk::Content& content, uint64_t offset, RecordHead* head) {
  Header h;
  if (content.size() < offset + sizeof h) return false;
  content.read(offset, {reinterpret_cast<uint8_t*>(&h), sizeof h});
  if (h.magic != kMagic || h.frames > kFramesMax || h.extra > kExtraMax) return false;
  const uint64_t size = sizeof h + numbers_bytes(h.frames) + h.extra + uint64_t{h.frames} * kLogPageBytes;
  if (content.size() < offset + size) return false;
  using Type = RecordHead::Type;
  const Type type = h.type == kEntry ? Type::kEntry : h.type == kPromise ? Type::kPromise : Type::kBase;
  *head = {type, h.key, h.epoch, h.index, h.prev_epoch, 0, size};
  if (type == Type::kBase && h.extra >= 16)  // image generation, then the count
    content.read(offset + sizeof h + 8, {reinterpret_cast<uint8_t*>(&head->along), 8});
  return true;
}

bool is_intact(const AppendMessage& entry) {
  if (!entry.record || entry.record->size() < sizeof(Header)) return false;
  Header h;
  std::memcpy(&h, entry.record->data(), sizeof h);
  if (h.frames != entry.payload->frames.size()) return false;
  uint64_t hash = head_hash(entry.record->data(), entry.record->size());
  for (const PageFrame& frame : entry.payload->frames) hash = page_chain(hash, *frame.bytes);
  return hash == h.checksum;
}

std::string follower_folder(const ObjectInfo& object) {
  return "follower/" + hex64(object.key) + "/";
}

}  // namespace orrery::durable
