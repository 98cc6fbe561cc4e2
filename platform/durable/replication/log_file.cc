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

// Of an entry in the second format.
constexpr uint32_t kSecondMagic = 0x324c524f;
struct SecondHeader {
  uint32_t magic = kSecondMagic;
  uint32_t version = static_cast<uint32_t>(LogFormat::kSecond);
  uint64_t key = 0;
  uint64_t epoch = 0;
  uint64_t index = 0;
  uint64_t prev_epoch = 0;
  uint64_t durable = 0;
  int64_t time_ms = 0;
  uint32_t db_pages = 0;
  uint32_t frames = 0;
  uint64_t rest_sum = 0;  // of page numbers and page sums
  uint64_t head_sum = 0;  // of the header before it
};
static_assert(sizeof(SecondHeader) == 80);

bool sound(const SecondHeader& h) {
  return h.magic == kSecondMagic && h.head_sum == hash_bytes(&h, sizeof h - 8);
}

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

uint32_t second_bytes(uint32_t frames) { return sizeof(SecondHeader) + numbers_bytes(frames) + frames * 8; }

Ref<Buffer> make_second_record(const AppendMessage& entry) {
  SecondHeader h;
  h.key = entry.object->key;
  h.epoch = entry.epoch;
  h.index = entry.index;
  h.prev_epoch = entry.prev_epoch;
  h.durable = entry.durable;
  h.time_ms = entry.time_ms;
  h.db_pages = entry.payload->db_pages;
  h.frames = static_cast<uint32_t>(entry.payload->frames.size());
  const uint32_t size = second_bytes(h.frames), numbers = numbers_bytes(h.frames);
  Ref<Buffer> record = Buffer::make(size);
  uint8_t* rest = record->data() + sizeof h;
  std::memset(rest, 0, numbers);
  for (uint32_t i = 0; i < h.frames; ++i) {
    const PageFrame& frame = entry.payload->frames[i];
    const uint64_t sum = hash_bytes(frame.bytes->data(), frame.bytes->size());
    std::memcpy(rest + i * 4, &frame.page, 4);
    std::memcpy(rest + numbers + i * 8, &sum, 8);
  }
  h.rest_sum = hash_bytes(rest, size - sizeof h);
  h.head_sum = hash_bytes(&h, sizeof h - 8);
  std::memcpy(record->data(), &h, sizeof h);
  return record;
}

uint64_t second_page_hash(const Buffer& record, uint32_t frames, size_t frame) {
  uint64_t sum = 0;
  std::memcpy(&sum, record.data() + sizeof(SecondHeader) + numbers_bytes(frames) + frame * 8, 8);
  return sum;
}

// Whether a record of the second format is sound but for its pages.
bool second_sound(const Buffer& record, SecondHeader* h) {
  if (record.size() < sizeof *h) return false;
  std::memcpy(h, record.data(), sizeof *h);
  return sound(*h) && h->frames <= kFramesMax && record.size() == second_bytes(h->frames) &&
         h->rest_sum == hash_bytes(record.data() + sizeof *h, record.size() - sizeof *h);
}

uint32_t magic_of(const Buffer& record) {
  uint32_t magic = 0;
  if (record.size() >= 4) std::memcpy(&magic, record.data(), 4);
  return magic;
}

// What the two formats say in common.
Header common(const SecondHeader& s) {
  Header h;
  h.type = kEntry;
  h.key = s.key;
  h.epoch = s.epoch;
  h.index = s.index;
  h.prev_epoch = s.prev_epoch;
  h.durable = s.durable;
  h.db_pages = s.db_pages;
  h.frames = s.frames;
  return h;
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
  int64_t time_ms = 0;
  uint64_t size = 0;
  bool io = false;  // the disk would not tell
};

// What stands at `offset` is the header of an entry in the second or a later format, whole.
bool second_at(disk::File& file, uint64_t offset, uint64_t key, SecondHeader* h, bool* io) {
  size_t got = 0;
  return patiently(io, [&] {
           return file.read(offset, {reinterpret_cast<uint8_t*>(h), sizeof *h}, &got);
         }) == disk::DiskError::kNone &&
         got == sizeof *h && sound(*h) && h->key == key;
}

// The same as parse() for a record of the second format.
bool parse_second(disk::File& file, uint64_t offset, uint64_t key, bool check, Parsed* out) {
  SecondHeader h;
  if (!second_at(file, offset, key, &h, &out->io) || h.version != static_cast<uint32_t>(LogFormat::kSecond) ||
      h.frames > kFramesMax)
    return false;
  const uint32_t head = second_bytes(h.frames);
  if (file.size() < offset + head + uint64_t{h.frames} * kLogPageBytes) return false;
  if (patiently(&out->io, [&] { return file.read_buffer(offset, head, &out->head); }) != disk::DiskError::kNone)
    return false;
  if (check && !second_sound(*out->head, &h)) return false;
  out->header = common(h);
  out->time_ms = h.time_ms;
  out->extra = {};
  out->payload = make_ref<LogPayload>();
  out->payload->db_pages = h.db_pages;
  for (uint32_t i = 0; i < h.frames; ++i) {
    PageFrame frame;
    std::memcpy(&frame.page, out->head->data() + sizeof h + i * 4, 4);
    const uint64_t at = offset + head + uint64_t{i} * kLogPageBytes;
    if (patiently(&out->io, [&] { return file.read_buffer(at, kLogPageBytes, &frame.bytes); }) !=
        disk::DiskError::kNone)
      return false;
    if (check && hash_bytes(frame.bytes->data(), kLogPageBytes) != second_page_hash(*out->head, h.frames, i))
      return false;
    out->payload->frames.push_back(std::move(frame));
  }
  out->size = head + uint64_t{h.frames} * kLogPageBytes;
  return true;
}

// The record at `offset`, or false when there is none that is sound in a format up to `newest`.
bool parse(disk::File& file, uint64_t offset, uint64_t key, bool check, LogFormat newest, Parsed* out) {
  size_t got = 0;
  Header& h = out->header;
  if (patiently(&out->io, [&] {
        return file.read(offset, {reinterpret_cast<uint8_t*>(&h), sizeof h}, &got);
      }) != disk::DiskError::kNone ||
      got < sizeof h)
    return false;
  if (h.magic == kSecondMagic && newest >= LogFormat::kSecond) return parse_second(file, offset, key, check, out);
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
  out->time_ms = 0;
  if (h.type == kEntry && h.extra >= 8) out->time_ms = static_cast<int64_t>(ByteReader(out->extra).u64());
  out->size = head + uint64_t{h.frames} * kLogPageBytes;
  return true;
}

// The entry of a sound record.
Ref<AppendMessage> entry_with(const Header& h, int64_t time_ms, const Ref<const ObjectInfo>& object,
                              Ref<LogPayload> payload, Ref<Buffer> record) {
  auto entry = make_ref<AppendMessage>();
  entry->object = object;
  entry->sender_epoch = entry->epoch = h.epoch;
  entry->index = h.index;
  entry->prev_epoch = h.prev_epoch;
  entry->durable = h.durable;
  entry->payload = std::move(payload);
  entry->time_ms = time_ms;
  entry->record = std::move(record);
  return entry;
}

// Whether a record of a format that this release does not know stands at `offset`.
bool newer_at(disk::File& file, uint64_t offset, uint64_t key, LogFormat newest, bool* io) {
  SecondHeader h;
  return second_at(file, offset, key, &h, io) && h.version > static_cast<uint32_t>(newest);
}

// What sound records after the cut at `from` say: that more than `kept` was durable, or that they are newer.
enum class Beyond { kNothing, kDurable, kNewer };
Beyond beyond(disk::File& file, uint64_t from, uint64_t key, LogFormat newest, uint64_t kept) {
  Parsed p;
  bool durable = false;
  for (uint64_t at = from + 1; at + sizeof(Header) <= file.size(); ++at) {
    uint32_t magic = 0;
    (void)file.read(at, {reinterpret_cast<uint8_t*>(&magic), sizeof magic}, nullptr);
    if (SecondHeader h; magic == kSecondMagic && second_at(file, at, key, &h, &p.io)) {
      if (h.version > static_cast<uint32_t>(newest)) return Beyond::kNewer;
      durable |= h.durable > kept;  // told by its header, whatever became of its pages
    }
    if (p.io) return Beyond::kDurable;  // the disk would not tell: better lost than too short
    if (magic != kMagic) continue;
    if (parse(file, at, key, true, newest, &p)) durable |= p.header.type == kEntry && p.header.durable > kept;
  }
  return durable ? Beyond::kDurable : Beyond::kNothing;
}

}  // namespace

Ref<Buffer> make_entry_record(const AppendMessage& entry, LogFormat format) {
  if (format == LogFormat::kSecond) return make_second_record(entry);
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

LogFormat format_of(const AppendMessage& entry) {
  return magic_of(*entry.record) == kSecondMagic ? LogFormat::kSecond : LogFormat::kFirst;
}

Ref<const AppendMessage> storable(Ref<const AppendMessage> entry, LogFormat newest) {
  if (format_of(*entry) <= newest) [[likely]] return entry;
  auto other = make_ref<AppendMessage>();
  other->object = entry->object;
  other->sender_epoch = entry->sender_epoch;
  other->durable = entry->durable;
  other->epoch = entry->epoch;
  other->index = entry->index;
  other->prev_epoch = entry->prev_epoch;
  other->time_ms = entry->time_ms;
  other->payload = entry->payload;
  other->record = make_entry_record(*other, newest);
  return other;
}

uint64_t page_hash(const AppendMessage& entry, size_t frame) {
  if (format_of(entry) != LogFormat::kSecond) return 0;
  return second_page_hash(*entry.record, static_cast<uint32_t>(entry.payload->frames.size()), frame);
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
  int64_t time_ms = 0;
  if (h.extra >= 8)
    time_ms = static_cast<int64_t>(ByteReader(record->text().substr(record->size() - h.extra)).u64());
  Ref<AppendMessage> entry = entry_with(h, time_ms, object, std::move(payload), record);
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

ReadResult read_log(disk::File& file, const Ref<const ObjectInfo>& object, bool check, LogFormat newest,
                    LogContent* content) {
  Parsed p;
  uint64_t at = 0;
  *content = {};
  if (!parse(file, at, object->key, true, newest, &p) || p.header.type != kBase)
    return p.io ? ReadResult::kDamaged : ReadResult::kUnusable;
  ByteReader extra(p.extra);
  content->promised = p.header.prev_epoch;
  content->base = {p.header.epoch, p.header.index};
  content->base_pages = p.header.db_pages;
  content->committed = p.header.durable;
  content->image_generation = extra.u64();
  uint64_t complete = extra.u64();
  ORRERY_CHECK(extra.text() == object->name, "two object names share one key");
  auto& entries = content->entries;
  for (at += p.size; at < file.size() && parse(file, at, object->key, check, newest, &p); at += p.size) {
    const Header& h = p.header;
    const uint64_t next = content->base.index + entries.size() + 1;
    content->promised = std::max(content->promised, h.epoch);
    if (h.type != kEntry) continue;
    if (h.index <= content->base.index || h.index > next) break;
    entries.resize(h.index - content->base.index - 1);
    entries.push_back(entry_with(h, p.time_ms, object, p.payload, p.head));
    content->committed = std::max(content->committed, std::min(h.durable, h.index));
    if (complete > 0) --complete;
  }
  if (p.io) return ReadResult::kDamaged;
  if (at < file.size() && p.header.magic == kSecondMagic && newer_at(file, at, object->key, newest, &p.io))
    return ReadResult::kNewer;
  if (p.io) return ReadResult::kDamaged;
  if (complete > 0) return ReadResult::kUnusable;
  if (at >= file.size()) return ReadResult::kSound;
  switch (beyond(file, at, object->key, newest, content->base.index + entries.size())) {
    case Beyond::kDurable: return ReadResult::kDamaged;
    case Beyond::kNewer: return ReadResult::kNewer;
    case Beyond::kNothing: break;
  }
  return ReadResult::kTorn;
}

bool read_head(const disk::Content& content, uint64_t offset, RecordHead* head) {
  Header h;
  if (content.size() < offset + sizeof h) return false;
  content.read(offset, {reinterpret_cast<uint8_t*>(&h), sizeof h});
  if (h.magic == kSecondMagic) {
    SecondHeader s;
    if (content.size() < offset + sizeof s) return false;
    content.read(offset, {reinterpret_cast<uint8_t*>(&s), sizeof s});
    if (!sound(s) || s.frames > kFramesMax) return false;
    const uint64_t size = second_bytes(s.frames) + uint64_t{s.frames} * kLogPageBytes;
    if (content.size() < offset + size) return false;
    *head = {RecordHead::Type::kEntry, s.key, s.epoch, s.index, s.prev_epoch, 0, size};
    return true;
  }
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
  if (format_of(entry) == LogFormat::kSecond) {
    SecondHeader s;
    if (!second_sound(*entry.record, &s) || s.frames != entry.payload->frames.size()) return false;
    for (uint32_t i = 0; i < s.frames; ++i) {
      const Buffer& page = *entry.payload->frames[i].bytes;
      if (hash_bytes(page.data(), page.size()) != second_page_hash(*entry.record, s.frames, i)) return false;
    }
    return true;
  }
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
