#include "sim/disk/tests/every_crash.h"

#include "sim/core/hash.h"

namespace orrery::disk {

namespace {

class WatchedFile final : public File {
 public:
  WatchedFile(std::shared_ptr<File> inner, const std::function<void()>& before)
      : inner_(std::move(inner)), before_(before) {}
  const std::string& name() const override { return inner_->name(); }
  uint64_t size() const override { return inner_->size(); }
  DiskError read(uint64_t offset, std::span<uint8_t> out, size_t* got) override {
    return inner_->read(offset, out, got);
  }
  DiskError read_buffer(uint64_t offset, uint32_t length, Ref<Buffer>* out) override {
    return inner_->read_buffer(offset, length, out);
  }
  DiskError write(uint64_t offset, std::span<const uint8_t> bytes) override {
    before_();
    return inner_->write(offset, bytes);
  }
  DiskError write_buffer(uint64_t offset, Ref<Buffer> bytes) override {
    before_();
    return inner_->write_buffer(offset, std::move(bytes));
  }
  DiskError write_page(uint64_t page_index, Ref<Buffer> page) override {
    before_();
    return inner_->write_page(page_index, std::move(page));
  }
  DiskError append(Ref<Buffer> bytes) override {
    before_();
    return inner_->append(std::move(bytes));
  }
  DiskError truncate(uint64_t size) override {
    before_();
    return inner_->truncate(size);
  }
  DiskError sync() override {
    before_();
    return inner_->sync();
  }

 private:
  std::shared_ptr<File> inner_;
  const std::function<void()>& before_;
};

}  // namespace

std::shared_ptr<File> WatchedDisk::open(std::string_view name, OpenMode mode, DiskError* error) {
  if (mode != OpenMode::kExisting && !inner_.exists(name)) before_();
  auto file = inner_.open(name, mode, error);
  return file ? std::make_shared<WatchedFile>(std::move(file), before_) : nullptr;
}

DiskError WatchedDisk::remove(std::string_view name) {
  before_();
  return inner_.remove(name);
}

DiskError WatchedDisk::rename(std::string_view from, std::string_view to) {
  before_();
  return inner_.rename(from, to);
}

DiskError WatchedDisk::sync_names() {
  before_();
  return inner_.sync_names();
}

void for_each_crash_outcome(size_t n, const std::function<void(const std::vector<bool>&)>& visit) {
  std::vector<bool> outcome(n);
  // Flips up to `left` of the places from `first` on.
  std::function<void(size_t, int)> choose = [&](size_t first, int left) {
    visit(outcome);
    if (left == 0) return;
    for (size_t i = first; i < n; ++i) {
      outcome[i] = !outcome[i];
      choose(i + 1, left - 1);
      outcome[i] = !outcome[i];
    }
  };
  choose(0, 3);
  if (n <= 3) return;
  outcome.assign(n, true);
  choose(0, 3);
}

uint64_t hash_of(Disk& disk) {
  uint64_t hash = 0;
  std::vector<uint8_t> bytes;
  for (const std::string& name : disk.list("")) {
    auto file = disk.open(name, OpenMode::kExisting, nullptr);
    bytes.resize(file->size());
    file->read(0, bytes, nullptr);
    hash = mix64(hash, hash_bytes(name));
    hash = mix64(hash, hash_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  }
  return hash;
}

}  // namespace orrery::disk
