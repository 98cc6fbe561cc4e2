// Goal: the disk keeps what was synced, loses only what it may, and each fault does what it says
// and leaves the true bytes behind. Method: small scripted situations; crashes tried under many
// seeds.
#include "sim/disk/disk.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/disk/events.h"

namespace orrery::disk {
namespace {

struct Rig {
  explicit Rig(uint64_t seed = 1, DecisionBase base = DecisionBase::kSeed)
      : world({.decisions = {.seed = seed, .base = base}}),
        disk(make_disk(world, world.trace().lane("host:FRA/1", "host"))) {}
  std::shared_ptr<File> open(std::string_view name, OpenMode mode = OpenMode::kCreate) {
    return disk->open(name, mode, nullptr);
  }
  World world;
  std::unique_ptr<Disk> disk;
};

std::span<const uint8_t> bytes_of(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}
std::string read_all(File& file) {
  std::string out(file.size(), '?');
  EXPECT_EQ(file.read(0, {reinterpret_cast<uint8_t*>(out.data()), out.size()}, nullptr),
            DiskError::kNone);
  return out;
}

TEST(Disk, WritesAreVisibleAtOnceAndHolesReadAsZero) {
  Rig rig;
  auto file = rig.open("a");
  ASSERT_EQ(file->write(4, bytes_of("data")), DiskError::kNone);
  EXPECT_EQ(read_all(*file), std::string("\0\0\0\0data", 8));
  ASSERT_EQ(file->write(2, bytes_of("xxx")), DiskError::kNone);
  EXPECT_EQ(read_all(*file), std::string("\0\0xxxata", 8));
  uint8_t out[4];
  size_t got = 9;
  EXPECT_EQ(file->read(6, out, &got), DiskError::kNone);
  EXPECT_EQ(got, 2u);
  EXPECT_EQ(out[3], 0);
}

TEST(Disk, PagesAndRecordsAreSharedNotCopied) {
  Rig rig;
  auto file = rig.open("image");
  Ref<Buffer> page = Buffer::make(kPageBytes);
  std::memset(page->data(), 7, kPageBytes);
  ASSERT_EQ(file->write_page(3, page), DiskError::kNone);
  Ref<Buffer> back;
  ASSERT_EQ(file->read_buffer(3 * kPageBytes, kPageBytes, &back), DiskError::kNone);
  EXPECT_EQ(back.get(), page.get());
  ASSERT_EQ(file->write(3 * kPageBytes + 1, bytes_of("!")), DiskError::kNone);
  ASSERT_EQ(file->read_buffer(3 * kPageBytes, kPageBytes, &back), DiskError::kNone);
  EXPECT_NE(back.get(), page.get());
  EXPECT_EQ(back->data()[1], '!');
  EXPECT_EQ(page->data()[1], 7) << "a shared page was changed";
  EXPECT_EQ(file->read_buffer(4 * kPageBytes, 1, &back), DiskError::kNotFound);
}

TEST(Disk, SyncedDataAndItsNameSurviveEveryCrash) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Rig rig(seed);
    auto file = rig.open("log");
    ASSERT_EQ(file->append(Buffer::copy("durable")), DiskError::kNone);
    ASSERT_EQ(file->sync(), DiskError::kNone);
    ASSERT_EQ(file->append(Buffer::copy("-perhaps")), DiskError::kNone);
    rig.disk->crash();
    auto again = rig.open("log", OpenMode::kExisting);
    ASSERT_TRUE(again);
    EXPECT_EQ(read_all(*again).substr(0, 7), "durable");
  }
}

TEST(Disk, CrashesKeepDropAndTearUnsyncedSectors) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Rig rig(seed);
    auto file = rig.open("f");
    file->write(0, bytes_of(std::string(1024, 'a')));
    file->sync();
    file->write(0, bytes_of(std::string(1024, 'b')));
    rig.disk->crash();
    std::string content = read_all(*rig.open("f"));
    ASSERT_EQ(content.size(), 1024u);
    std::string shape;
    for (size_t sector = 0; sector < 2; ++sector) {
      std::string s = content.substr(sector * 512, 512);
      size_t b = s.find_first_not_of('b');
      bool prefix = b == std::string::npos || s.find('b', b) == std::string::npos;
      EXPECT_TRUE(prefix) << "a torn sector is new bytes, then old ones";
      shape += b == 0 ? 'o' : b == std::string::npos ? 'n' : 't';
    }
    outcomes.insert(shape);
  }
  for (const char* s : {"oo", "nn", "on", "no"}) EXPECT_TRUE(outcomes.contains(s)) << s;
  bool torn = false;
  for (const auto& s : outcomes) torn |= s.find('t') != std::string::npos;
  EXPECT_TRUE(torn);
}

// Goal: every decision of a crash has a key of its own, so that a capsule can say it. Method: one event crashes two disks
// with files of one name, and one of them twice.
TEST(Disk, CrashesInOneEventDecideApart) {
  World world(World::Options{{.seed = 4}, true});
  auto crash_written = [](Disk& disk) {
    auto file = disk.open("log", OpenMode::kCreate, nullptr);
    file->sync();
    file->append(Buffer::copy(std::string(5'000, 'x')));
    disk.crash();
  };
  auto one = make_disk(world, world.trace().lane("host:FRA/1", "host"));
  auto other = make_disk(world, world.trace().lane("host:SIN/1", "host"));
  crash_written(*one);
  crash_written(*other);
  crash_written(*one);
  std::set<std::string> keys;
  for (const DecisionRecord& record : world.decision_records()) EXPECT_TRUE(keys.insert(record.key).second) << record.key;
  EXPECT_GT(keys.size(), 3u);
}

TEST(Disk, TheDefaultCrashKeepsExactlyWhatWasSynced) {
  Rig rig(1, DecisionBase::kDefault);
  auto file = rig.open("f");
  file->append(Buffer::copy("one"));
  file->sync();
  file->append(Buffer::copy("two"));
  file->write(0, bytes_of("X"));
  rig.open("never synced")->append(Buffer::copy("gone"));
  rig.disk->crash();
  EXPECT_EQ(read_all(*rig.open("f", OpenMode::kExisting)), "one");
  EXPECT_FALSE(rig.disk->exists("never synced"));
}

TEST(Disk, NameOperationsAreLostFromTheEndOfTheJournalOnly) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Rig rig(seed);
    auto a = rig.open("a");
    a->append(Buffer::copy("A"));
    a->sync();
    rig.disk->rename("a", "b");
    rig.open("c");
    rig.disk->remove("b");
    rig.disk->crash();
    std::string names;
    for (const auto& n : rig.disk->list("")) names += n;
    outcomes.insert(names);
    if (names == "a") {
      EXPECT_EQ(read_all(*rig.open("a")), "A");
    }
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"a", "b", "bc", "c"}));
}

TEST(Disk, SyncingNamesMakesRemovalsDurable) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Rig rig(seed);
    auto a = rig.open("a");
    a->sync();
    rig.disk->remove("a");
    rig.disk->sync_names();
    rig.disk->crash();
    EXPECT_FALSE(rig.disk->exists("a"));
  }
}

TEST(Disk, RenameReplacesAtomically) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Rig rig(seed);
    auto old_file = rig.open("f");
    old_file->append(Buffer::copy("old"));
    old_file->sync();
    auto next = rig.open("f.new");
    next->append(Buffer::copy("new"));
    next->sync();
    rig.disk->rename("f.new", "f");
    rig.disk->crash();
    std::string content = read_all(*rig.open("f", OpenMode::kExisting));
    EXPECT_TRUE(content == "old" || content == "new") << content;
    EXPECT_EQ(rig.disk->exists("f.new"), content == "old");
  }
}

TEST(Disk, HandlesDieWithTheirProcessAndWithTheFile) {
  Rig rig;
  auto a = rig.open("a");
  a->append(Buffer::copy("1"));
  a->sync();
  auto b = rig.open("b");
  rig.disk->remove("b");
  EXPECT_EQ(b->append(Buffer::copy("2")), DiskError::kGone);
  rig.disk->crash();
  EXPECT_EQ(a->append(Buffer::copy("3")), DiskError::kGone);
  EXPECT_EQ(read_all(*rig.open("a")), "1");
}

TEST(Disk, ScratchFilesVanishAtACrashEvenWhenSynced) {
  Rig rig;
  auto f = rig.open("cache", OpenMode::kScratch);
  f->append(Buffer::copy("x"));
  f->sync();
  rig.disk->crash();
  EXPECT_FALSE(rig.disk->exists("cache"));
  EXPECT_EQ(rig.disk->used_bytes(), 0u);
}

TEST(Disk, OldUnsyncedWritesAreWrittenBackByThemselves) {
  Rig rig(1, DecisionBase::kDefault);
  auto f = rig.open("f");
  f->sync();
  for (int i = 0; i < 2000; ++i) {
    f->append(Buffer::copy("ab"));
    // Overwrites leave slices to be undone, which must go with their writes.
    f->write(0, bytes_of(std::to_string(1000 + i)));
  }
  EXPECT_EQ(read_all(*f).substr(0, 4), "2999");
  rig.disk->crash();
  std::string after = read_all(*rig.open("f"));
  EXPECT_LT(after.size(), 4000u);
  EXPECT_GT(after.size(), 4000u - 2 * 512);
  // The last write that survived is a prefix of history: the size tells which one it was.
  size_t appends = after.size() / 2;
  int shown = std::stoi(after.substr(0, 4)) - 1000 + 1;
  EXPECT_TRUE(shown == static_cast<int>(appends) || shown + 1 == static_cast<int>(appends))
      << shown << " of " << appends;
}

TEST(DiskFaults, AFullDiskRefusesGrowthAndTakesItAgainLater) {
  Rig rig;
  auto f = rig.open("f");
  rig.disk->set_faults({.capacity_bytes = 10});
  EXPECT_EQ(f->append(Buffer::copy("12345678")), DiskError::kNone);
  EXPECT_EQ(f->append(Buffer::copy("901")), DiskError::kFull);
  EXPECT_EQ(f->write(0, bytes_of("abcdefgh")), DiskError::kNone) << "overwriting needs no space";
  EXPECT_EQ(f->truncate(0), DiskError::kNone);
  EXPECT_EQ(f->append(Buffer::copy("0123456789")), DiskError::kNone);
  rig.disk->set_faults({});
  EXPECT_EQ(f->append(Buffer::copy("x")), DiskError::kNone);
}

TEST(DiskFaults, TheNthCallFails) {
  Rig rig;
  auto f = rig.open("f");
  rig.disk->set_faults({.fail_from_call = 2});
  EXPECT_EQ(f->append(Buffer::copy("1")), DiskError::kNone);
  EXPECT_EQ(f->sync(), DiskError::kIo);
  EXPECT_EQ(f->sync(), DiskError::kNone);
}

TEST(DiskFaults, BitRotIsStableAndGoesWithTheFault) {
  Rig rig;
  auto f = rig.open("f");
  const std::string text(64 * 512, 'x');
  f->append(Buffer::copy(text));
  rig.disk->set_faults({.bit_rot = {1, 4}});
  std::string rotten = read_all(*f);
  EXPECT_NE(rotten, text);
  EXPECT_EQ(read_all(*f), rotten);
  Ref<Buffer> whole;
  ASSERT_EQ(f->read_buffer(0, static_cast<uint32_t>(text.size()), &whole), DiskError::kNone);
  EXPECT_EQ(whole->text(), rotten);
  f->write(0, bytes_of(text));
  EXPECT_EQ(read_all(*f), text) << "a fresh write is sound";
  rig.disk->set_faults({});
  EXPECT_EQ(read_all(*f), text);
}

TEST(DiskFaults, AMisdirectedWriteHitsAnotherPlaceUntilTheFaultGoes) {
  bool seen = false;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Rig rig(seed);
    auto f = rig.open("f");
    f->append(Buffer::copy(std::string(8 * 512, 'o')));
    rig.disk->set_faults({.misdirected_write = {1, 1}});
    f->write(0, bytes_of(std::string(512, 'n')));
    std::string shown = read_all(*f);
    size_t at = shown.find('n');
    ASSERT_NE(at, std::string::npos);
    seen |= at != 0;
    rig.disk->set_faults({});
    EXPECT_EQ(read_all(*f).find('n'), 0u);
  }
  EXPECT_TRUE(seen);
}

TEST(DiskFaults, ALyingSyncLosesDataAtACrashAndAnnouncesTheTruth) {
  Rig rig(1, DecisionBase::kDefault);
  std::vector<bool> durable;
  rig.world.observers().subscribe<Synced>(
      [&](const Synced& s, const EventContext&) { durable.push_back(s.durable); });
  auto f = rig.open("f");
  f->append(Buffer::copy("true"));
  EXPECT_EQ(f->sync(), DiskError::kNone);
  rig.disk->set_faults({.sync_lies = true});
  f->append(Buffer::copy("lost"));
  EXPECT_EQ(f->sync(), DiskError::kNone);
  EXPECT_EQ(durable, (std::vector<bool>{true, false}));
  rig.disk->crash();
  EXPECT_EQ(read_all(*rig.open("f")), "true");
}

TEST(DiskFaults, WritesOfAFailedSyncStayUnknownWhileLaterOnesAreSafe) {
  Rig rig(1, DecisionBase::kDefault);
  auto f = rig.open("f");
  f->append(Buffer::copy("aa"));
  f->sync();
  f->append(Buffer::copy("bb"));
  rig.disk->set_faults({.sync_fails_once = {1, 1}});
  // The default base never fails a sync by itself, so this one is chosen by call number.
  Rig chosen(7);
  auto g = chosen.open("g");
  g->append(Buffer::copy("aa"));
  g->sync();
  g->append(Buffer::copy("bb"));
  chosen.disk->set_faults({.sync_fails_once = {1, 1}});
  EXPECT_EQ(g->sync(), DiskError::kIo);
  chosen.disk->set_faults({.sync_fails_once = {1, 1000000000}});
  g->append(Buffer::copy("cc"));
  EXPECT_EQ(g->sync(), DiskError::kNone);
  EXPECT_EQ(read_all(*g), "aabbcc");
  chosen.disk->crash();
  std::string after = read_all(*chosen.open("g"));
  EXPECT_EQ(after.substr(0, 2), "aa");
  EXPECT_EQ(after.substr(4, 2), "cc");
}

TEST(DiskFaults, ALostDiskComesBackWholeButAWipedOneDoesNot) {
  Rig rig;
  auto f = rig.open("f");
  f->append(Buffer::copy("x"));
  f->sync();
  rig.disk->set_faults({.lost = true});
  DiskError error;
  EXPECT_FALSE(rig.disk->open("f", OpenMode::kCreate, &error));
  EXPECT_EQ(error, DiskError::kGone);
  EXPECT_EQ(f->sync(), DiskError::kGone);
  rig.disk->set_faults({});
  EXPECT_EQ(read_all(*f), "x");
  rig.disk->wipe();
  EXPECT_FALSE(rig.disk->exists("f"));
  EXPECT_EQ(f->sync(), DiskError::kGone);
}

TEST(DiskSweep, TheNthCallOfAllDisksFailsOnceAndDoesNothing) {
  for (uint64_t n = 1; n <= 7; ++n) {
    World::Options options;
    options.sweep.kind = Sweep::Kind::kDisk;
    options.sweep.n = n;
    World world(options);
    auto one = make_disk(world, world.trace().lane("host:FRA/1", "host"));
    auto two = make_disk(world, world.trace().lane("host:FRA/2", "host"));
    std::vector<DiskError> errors;
    for (Disk* disk : {one.get(), two.get()}) {
      auto file = disk->open("log", true, nullptr);
      errors.push_back(file->write(0, bytes_of("data")));
      errors.push_back(file->sync());
      uint8_t out[4];
      errors.push_back(file->read(0, out, nullptr));
    }
    EXPECT_EQ(world.sweep().fired, n <= 6);
    for (size_t i = 0; i < errors.size(); ++i) EXPECT_EQ(errors[i], i + 1 == n ? DiskError::kIo : DiskError::kNone) << n;
    if (n == 4) {
      EXPECT_EQ(world.sweep().what, "disk call on host:FRA/2, log at 0");
    }
  }
}

}  // namespace
}  // namespace orrery::disk
