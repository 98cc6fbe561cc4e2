// Goal: for any sequence of operations the disk agrees with a plain byte-array model, and after a
// crash every byte has a value that the rules allow. Method: RapidCheck sequences against a model
// that keeps, for each byte, its durable value and every value written since.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "sim/disk/disk.h"

namespace orrery::disk {
namespace {

constexpr size_t kMax = 6000;

struct Model {
  std::vector<uint8_t> visible;
  std::vector<uint8_t> durable;
  std::vector<std::set<int>> allowed = std::vector<std::set<int>>(kMax);  // since the last sync
  bool resized = false;

  void write(size_t offset, const std::vector<uint8_t>& bytes) {
    size_t end = offset + bytes.size();
    if (visible.size() < end) visible.resize(end);
    for (size_t i = 0; i < bytes.size(); ++i) {
      visible[offset + i] = bytes[i];
      allowed[offset + i].insert(bytes[i]);
    }
  }
  void truncate(size_t size) {
    visible.resize(size);
    resized = true;
  }
  void sync() {
    durable = visible;
    for (auto& a : allowed) a.clear();
    resized = false;
  }
};

RC_GTEST_PROP(DiskProperty, AgreesWithAByteModelAndCrashesOnlyIntoAllowedStates, ()) {
  World world({.decisions = {.seed = *rc::gen::inRange<uint64_t>(1, 1 << 20)}});
  auto disk = make_disk(world, world.trace().lane("host:X/1", "host"));
  auto file = disk->open("f", true, nullptr);
  Model model;
  auto check_visible = [&] {
    RC_ASSERT(file->size() == model.visible.size());
    std::vector<uint8_t> out(model.visible.size());
    RC_ASSERT(file->read(0, out, nullptr) == DiskError::kNone);
    RC_ASSERT(out == model.visible);
  };
  const int steps = *rc::gen::inRange(1, 40);
  uint8_t next = 1;
  for (int s = 0; s < steps; ++s) {
    switch (*rc::gen::inRange(0, 8)) {
      case 0: case 1: case 2: {
        size_t offset = *rc::gen::inRange<size_t>(0, 4000);
        size_t length = *rc::gen::inRange<size_t>(1, 1500);
        std::vector<uint8_t> bytes(length, next++);
        RC_ASSERT(file->write(offset, bytes) == DiskError::kNone);
        model.write(offset, bytes);
        break;
      }
      case 3: case 4: {
        size_t length = *rc::gen::inRange<size_t>(1, 900);
        if (model.visible.size() + length > kMax) break;
        std::vector<uint8_t> bytes(length, next++);
        model.write(model.visible.size(), bytes);
        RC_ASSERT(file->append(Buffer::copy(bytes.data(), static_cast<uint32_t>(length))) ==
                  DiskError::kNone);
        break;
      }
      case 5: {
        size_t size = *rc::gen::inRange<size_t>(0, 5000);
        RC_ASSERT(file->truncate(size) == DiskError::kNone);
        model.truncate(size);
        break;
      }
      case 6:
        RC_ASSERT(file->sync() == DiskError::kNone);
        model.sync();
        break;
      case 7: {
        disk->crash();
        file = disk->open("f", true, nullptr);
        std::vector<uint8_t> now(file->size());
        RC_ASSERT(file->read(0, now, nullptr) == DiskError::kNone);
        // Only unsynced writes and truncations may show; without a truncation nothing shrinks.
        if (!model.resized) RC_ASSERT(now.size() >= model.durable.size());
        for (size_t i = 0; i < now.size(); ++i) {
          int durable = i < model.durable.size() ? model.durable[i] : 0;
          bool fine = now[i] == durable || model.allowed[i].contains(now[i]) ||
                      (model.resized && now[i] == 0);
          RC_ASSERT(fine);
        }
        model.visible = now;
        model.sync();
        break;
      }
    }
    check_visible();
  }
}

RC_GTEST_PROP(DiskProperty, TheSameSeedGivesTheSameCrash, ()) {
  uint64_t seed = *rc::gen::inRange<uint64_t>(1, 1 << 20);
  auto writes = *rc::gen::container<std::vector<uint8_t>>(rc::gen::arbitrary<uint8_t>());
  auto run = [&] {
    World world({.decisions = {.seed = seed}});
    auto disk = make_disk(world, world.trace().lane("host:X/1", "host"));
    auto file = disk->open("f", true, nullptr);
    for (uint8_t w : writes) {
      std::vector<uint8_t> bytes(w * 7 + 1u, w);
      file->write(w * 31u, bytes);
      if (w % 16 == 3) file->sync();
    }
    disk->crash();
    file = disk->open("f", true, nullptr);
    std::vector<uint8_t> out(file->size());
    file->read(0, out, nullptr);
    return std::make_pair(out, world.trace().hash());
  };
  RC_ASSERT(run() == run());
}

}  // namespace
}  // namespace orrery::disk
