// A host with one object's database, and the image its payloads build, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "platform/durable/storage/kv_limits.h"
#include "platform/durable/storage/object_database.h"
#include "sim/disk/disk.h"
#include "sim/host/host.h"

namespace orrery::durable {

class OnePlace : public host::Places {
 public:
  uint32_t pop_count() const override { return 1; }
  std::string_view pop_code(uint32_t) const override { return "FRA"; }
  std::optional<uint32_t> find_pop(std::string_view) const override { return 0; }
};

struct Rig {
  explicit Rig(uint64_t seed = 1)
      : world({.decisions = {.seed = seed}}), hosts(world, places, [](host::Process&) {}) {
    open({});
  }
  host::Process& process() { return *hosts.at(0, 1).process(); }
  void open(std::span<const Ref<Buffer>> pages) {
    db.reset();
    auto opened = ObjectDatabase::open(process(), "Cart/42", ++epoch, pages);
    ASSERT_TRUE(opened.ok()) << opened.error.message;
    db = std::move(opened.database);
  }
  void commit() {
    auto r = db->commit();
    ASSERT_TRUE(r.ok()) << r.error.message;
    if (r.payload) image.apply(*r.payload);
  }
  void reopen_from_image() { open(image.pages); }

  std::string get(std::string_view key) {
    StorageError e;
    auto v = db->get(key, e);
    if (e) return e.message;
    return v ? std::string(v->begin(), v->end()) : "(none)";
  }
  StorageError put(std::string_view key, std::string_view value) {
    return db->put(key, {reinterpret_cast<const uint8_t*>(value.data()), value.size()});
  }
  bool remove(std::string_view key) {
    StorageError e;
    return db->remove(key, e);
  }
  struct Keys : ObjectDatabase::Receiver {
    bool row(std::string_view key, std::span<const uint8_t>) override {
      text.append(key).append(" ");
      return true;
    }
    std::string text;
  };
  std::string list(const ListOptions& options) {
    Keys keys;
    auto e = db->list(options, keys);
    return e ? e.message : keys.text;
  }
  StorageError list_error(const ListOptions& options) {
    Keys keys;
    return db->list(options, keys);
  }
  static std::string text_of(const SqlValue& v) {
    if (auto* d = std::get_if<double>(&v)) return std::to_string(*d);
    if (auto* n = std::get_if<int64_t>(&v)) return std::to_string(*n);
    if (auto* s = std::get_if<std::string_view>(&v)) return std::string(*s);
    if (auto* b = std::get_if<std::span<const uint8_t>>(&v))
      return "blob" + std::to_string(b->size());
    return "null";
  }
  // The size of SQLite's write-ahead log.
  uint64_t log_bytes() {
    for (const std::string& name : process().disk().list("object/")) {
      disk::DiskError e;
      if (name.ends_with("-wal")) return process().disk().open(name, disk::OpenMode::kScratch, &e)->size();
    }
    return 0;
  }
  // Rows as text, values with commas and rows with semicolons; or the error's text.
  std::string sql(std::string_view text, const std::vector<SqlValue>& bindings = {}) {
    StorageError e;
    auto cursor = db->exec(text, bindings, e);
    if (!cursor) return e.message;
    std::string out;
    std::vector<SqlValue> row;
    while (cursor->next(row, e)) {
      for (const auto& v : row) out += text_of(v) + ",";
      out += ";";
    }
    return e ? e.message : out;
  }

  World world;
  OnePlace places;
  host::Hosts hosts;
  uint64_t epoch = 0;
  PageImage image;
  std::unique_ptr<ObjectDatabase> db;
};

}  // namespace orrery::durable
