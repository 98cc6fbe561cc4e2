// Goal: files of the simulated disk show what was written, and after a crash each byte is one that it had since its last
// sync, whatever was torn; what was synced is there. Method: the bytes are a program of file calls on three names, run
// beside a model that keeps, of every byte, the values that a crash may leave.
#include "conformance/fuzz_targets/vfs_files.h"

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/check.h"
#include "sim/core/world.h"
#include "sim/disk/disk.h"

namespace orrery::fuzz_targets {
namespace {

using disk::Disk;
using disk::DiskError;
using disk::OpenMode;

constexpr int kOperationsMax = 200;
constexpr uint64_t kBytesMax = 1 << 14;
constexpr const char* kNames[] = {"a", "b", "log"};
constexpr uint32_t kNameCount = std::size(kNames);
constexpr uint32_t kLengths[] = {1, 7, 512, 513, 1024, 4096};

// What is known of a file. Writes put small numbers, so that a set of values is a few bits.
struct Model {
  static constexpr uint32_t kValues = 16;
  using Set = std::bitset<kValues>;
  std::vector<uint8_t> bytes;        // as the process sees it
  std::vector<Set> possible;         // of every place: what a crash may leave there, besides zero
  uint64_t size_min = 0, size_max = 0;  // after a crash
  bool name_durable = false;

  void write(uint64_t offset, uint32_t length, uint8_t value) {
    resize(std::max<uint64_t>(bytes.size(), offset + length));
    for (uint64_t at = offset; at < offset + length; ++at) {
      bytes[at] = value;
      possible[at].set(value);
    }
  }
  void resize(uint64_t size) {
    if (possible.size() < size) possible.resize(size, Set(1));
    for (uint64_t at = size; at < bytes.size(); ++at) possible[at].set(0);
    bytes.resize(size);
    size_max = std::max(size_max, size);
    size_min = std::min(size_min, size);
  }
  void sync() {
    possible.assign(bytes.size(), {});
    for (size_t at = 0; at < bytes.size(); ++at) possible[at].set(bytes[at]);
    size_min = size_max = bytes.size();
    name_durable = true;
  }
};

class Files {
 public:
  explicit Files(Choices in)
      : in_(in),
        world_({.decisions = {.seed = 1 + in_.word()}}),
        disk_(disk::make_disk(world_, world_.trace().lane("host:FRA/1", "host"))) {}

  void run() {
    for (int n = 0; n < kOperationsMax && !in_.done(); ++n) step();
    for (uint32_t i = 0; i < kNameCount; ++i) check_visible(i);
    crash();
  }

 private:
  struct Open {
    std::shared_ptr<disk::File> file;
    std::optional<Model> model;  // none: there is no such file
    bool maybe_gone = false;     // a removal not yet durable, of a file whose model is `removed`
  };

  void step() {
    const uint32_t name = in_.below(kNameCount);
    Open& it = files_[name];
    switch (in_.below(12)) {
      case 0: case 1: return create(name);
      case 2: case 3: case 4: return write(it, false);
      case 5: return write(it, true);
      case 6:
        if (it.model) {
          const uint64_t size = in_.word() % kBytesMax;
          if (it.file->truncate(size) == DiskError::kNone) it.model->resize(size);
        }
        return;
      case 7: return sync(it);
      case 8:
        ORRERY_CHECK(disk_->sync_names() == DiskError::kNone);
        names_synced();
        return;
      case 9: return remove(name);
      case 10: return check_visible(name);
      default: return crash();
    }
  }

  void create(uint32_t name) {
    Open& it = files_[name];
    DiskError error = DiskError::kNone;
    auto file = disk_->open(kNames[name], in_.below(2) ? OpenMode::kCreate : OpenMode::kExisting, &error);
    ORRERY_CHECK(static_cast<bool>(file) == (error == DiskError::kNone));
    if (!file) {
      ORRERY_CHECK(error == DiskError::kNotFound && !it.model, "only what does not exist is not found");
      return;
    }
    it.file = std::move(file);
    if (!it.model) it.model.emplace();
  }

  void write(Open& it, bool append) {
    if (!it.model) return;
    const uint32_t length = kLengths[in_.below(std::size(kLengths))];
    const auto value = static_cast<uint8_t>(1 + in_.below(Model::kValues - 1));
    const uint64_t offset = append ? it.model->bytes.size() : in_.word() % kBytesMax;
    if (offset + length > 4 * kBytesMax) return;
    const std::vector<uint8_t> bytes(length, value);
    const DiskError error = append ? it.file->append(Buffer::copy(bytes.data(), length)) : it.file->write(offset, bytes);
    ORRERY_CHECK(error == DiskError::kNone);
    it.model->write(offset, length, value);
  }

  void sync(Open& it) {
    if (!it.model) return;
    ORRERY_CHECK(it.file->sync() == DiskError::kNone);
    it.model->sync();
  }

  void names_synced() {
    for (Open& it : files_) {
      it.maybe_gone = false;
      if (it.model) it.model->name_durable = true;
    }
  }

  void remove(uint32_t name) {
    Open& it = files_[name];
    const DiskError error = disk_->remove(kNames[name]);
    ORRERY_CHECK((error == DiskError::kNone) == it.model.has_value());
    if (it.model && it.file) ORRERY_CHECK(it.file->sync() == DiskError::kGone, "a removed file is gone");
    it.file.reset();
    if (it.model) it.maybe_gone = true;
    it.model.reset();
  }

  void check_visible(uint32_t name) {
    Open& it = files_[name];
    ORRERY_CHECK(disk_->exists(kNames[name]) == it.model.has_value(), "a file exists when it was made");
    if (!it.model) return;
    ORRERY_CHECK(it.file->size() == it.model->bytes.size(), "a file has its size");
    std::vector<uint8_t> found(it.model->bytes.size() + 3, 0xee);
    size_t got = 0;
    ORRERY_CHECK(it.file->read(0, found, &got) == DiskError::kNone && got == it.model->bytes.size());
    for (size_t at = 0; at < found.size(); ++at)
      ORRERY_CHECK(found[at] == (at < got ? it.model->bytes[at] : 0), "a file has the bytes written");
  }

  void crash() {
    disk_->crash();
    for (uint32_t name = 0; name < kNameCount; ++name) {
      Open& it = files_[name];
      if (it.file) ORRERY_CHECK(it.file->write(0, {}) == DiskError::kGone, "handles die with their process");
      const bool there = disk_->exists(kNames[name]);
      if (it.model && it.model->name_durable) ORRERY_CHECK(there, "a durable name survives");
      if (!it.model && !it.maybe_gone) ORRERY_CHECK(!there, "nothing comes back that was durably gone");
      auto file = there ? disk_->open(kNames[name], OpenMode::kExisting, nullptr) : nullptr;
      std::optional<Model> after;
      if (file) {
        // A file of that name from before an undone removal is another one; its bytes are taken as they are.
        const bool same = it.model && !it.maybe_gone;
        std::vector<uint8_t> found(file->size());
        ORRERY_CHECK(file->read(0, found, nullptr) == DiskError::kNone);
        if (same) check_survivor(*it.model, found);
        after.emplace();
        after->bytes = found;
        after->possible.resize(found.size());
        after->sync();
      }
      it = {std::move(file), std::move(after), false};
    }
    ORRERY_CHECK(disk_->unsynced().writes == 0, "what survived one crash survives the next");
  }

  static void check_survivor(const Model& model, const std::vector<uint8_t>& found) {
    ORRERY_CHECK(found.size() >= model.size_min && found.size() <= model.size_max, "a size that it had");
    for (size_t at = 0; at < found.size(); ++at) {
      const bool known = at < model.possible.size() && found[at] < Model::kValues && model.possible[at].test(found[at]);
      // Places behind a smaller size that survived read as zeros.
      ORRERY_CHECK(known || (found[at] == 0 && at >= model.size_min), "a byte is one that it had");
    }
  }

  Choices in_;
  World world_;
  std::unique_ptr<Disk> disk_;
  std::array<Open, kNameCount> files_;
};

}  // namespace

void vfs_files(Bytes program) { Files(Choices(program)).run(); }

}  // namespace orrery::fuzz_targets
