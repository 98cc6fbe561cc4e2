#include "platform/durable/alarms/shard_table.h"

#include <cstring>

#include "sim/core/check.h"

namespace orrery::durable {

namespace {

constexpr uint32_t kMagic = 0x414c524d;
constexpr size_t kPageHeader = 8;
constexpr size_t kFixed = 2 + 2 + 2 + 8 + 8 + 8 + 4 + 32;

template <class T>
void put(uint8_t*& at, T value) {
  std::memcpy(at, &value, sizeof value);
  at += sizeof value;
}
template <class T>
T take(const uint8_t*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

}  // namespace

size_t ShardTable::record_size(const AlarmObject& object) {
  return kFixed + object.class_name.size() + object.name.size();
}

bool ShardTable::load(const PageImage* image) {
  rows_.clear();
  pages_.clear();
  dirty_.clear();
  if (!image) return true;
  for (uint32_t p = 0; p < image->db_pages(); ++p) {
    Page& page = pages_.emplace_back();
    page.bytes = image->pages[p];
    if (!page.bytes) continue;
    const uint8_t* at = page.bytes->data();
    if (take<uint32_t>(at) != kMagic) return false;
    page.used = take<uint32_t>(at);
    if (page.used > kLogPageBytes - kPageHeader) return false;
    const uint8_t* end = at + page.used;
    while (at < end) {
      const uint8_t* begin = at;
      size_t size = take<uint16_t>(at);
      size_t class_size = take<uint16_t>(at);
      size_t name_size = take<uint16_t>(at);
      if (size != kFixed + class_size + name_size || begin + size > end) return false;
      Row row;
      row.time = take<int64_t>(at);
      row.version.epoch = take<uint64_t>(at);
      row.version.sequence = take<uint64_t>(at);
      const auto home = take<uint32_t>(at);
      row.object.home_pop = home & 0xffffff;
      row.object.jurisdiction = static_cast<worker::Jurisdiction>(home >> 24);
      std::memcpy(row.object.id.bytes.data(), at, 32);
      at += 32;
      row.object.class_name.assign(reinterpret_cast<const char*>(at), class_size);
      at += class_size;
      row.object.name.assign(reinterpret_cast<const char*>(at), name_size);
      at += name_size;
      row.page = p;
      page.ids.insert(row.object.id);
      rows_.emplace(row.object.id, std::move(row));
    }
  }
  return true;
}

const ShardTable::Row* ShardTable::find(const runtime::ObjectId& id) const {
  auto it = rows_.find(id);
  return it == rows_.end() ? nullptr : &it->second;
}

uint32_t ShardTable::page_with_room(size_t size) {
  for (uint32_t p = 0; p < pages_.size(); ++p)
    if (pages_[p].used + size <= kLogPageBytes - kPageHeader) return p;
  pages_.emplace_back();
  return static_cast<uint32_t>(pages_.size() - 1);
}

void ShardTable::set(AlarmObject object, int64_t time, AlarmVersion version) {
  if (object.name.size() > kLongestName) object.name.clear();
  size_t size = record_size(object);
  ORRERY_CHECK(size <= kLogPageBytes - kPageHeader, "a class name does not fit a page");
  auto it = rows_.find(object.id);
  if (it != rows_.end() && record_size(it->second.object) != size) {
    remove(object.id);  // the name became known meanwhile
    it = rows_.end();
  }
  if (it == rows_.end()) {
    uint32_t page = page_with_room(size);
    pages_[page].used += size;
    pages_[page].ids.insert(object.id);
    runtime::ObjectId id = object.id;
    it = rows_.emplace(id, Row{{}, 0, {}, page}).first;
  }
  it->second.object = std::move(object);
  it->second.time = time;
  it->second.version = version;
  dirty_.insert(it->second.page);
}

void ShardTable::remove(const runtime::ObjectId& id) {
  auto it = rows_.find(id);
  if (it == rows_.end()) return;
  Page& page = pages_[it->second.page];
  page.used -= record_size(it->second.object);
  page.ids.erase(id);
  dirty_.insert(it->second.page);
  rows_.erase(it);
}

Ref<Buffer> ShardTable::write_page(uint32_t number) const {
  const Page& page = pages_[number];
  Ref<Buffer> out = Buffer::make(kLogPageBytes);
  std::memset(out->data(), 0, kLogPageBytes);
  uint8_t* at = out->data();
  put(at, kMagic);
  put(at, static_cast<uint32_t>(page.used));
  for (const runtime::ObjectId& id : page.ids) {
    const Row& row = rows_.at(id);
    put(at, static_cast<uint16_t>(record_size(row.object)));
    put(at, static_cast<uint16_t>(row.object.class_name.size()));
    put(at, static_cast<uint16_t>(row.object.name.size()));
    put(at, row.time);
    put(at, row.version.epoch);
    put(at, row.version.sequence);
    put(at, row.object.home_pop | static_cast<uint32_t>(row.object.jurisdiction) << 24);
    std::memcpy(at, id.bytes.data(), 32);
    at += 32;
    std::memcpy(at, row.object.class_name.data(), row.object.class_name.size());
    at += row.object.class_name.size();
    std::memcpy(at, row.object.name.data(), row.object.name.size());
    at += row.object.name.size();
  }
  return out;
}

Ref<LogPayload> ShardTable::take_changes() {
  if (dirty_.empty()) return nullptr;
  auto payload = make_ref<LogPayload>();
  for (uint32_t page : dirty_) {
    pages_[page].bytes = write_page(page);
    payload->frames.push_back({page + 1, pages_[page].bytes});
  }
  payload->db_pages = static_cast<uint32_t>(pages_.size());
  dirty_.clear();
  return payload;
}

Ref<const PageImage> ShardTable::image() const {
  auto image = make_ref<PageImage>();
  for (const Page& page : pages_) image->pages.push_back(page.bytes);
  return image;
}

}  // namespace orrery::durable
