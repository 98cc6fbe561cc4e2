// Goal: two formats of a log live side by side. Method: files written and read back in each; clusters whose hosts change
// their release one after another.
#include <gtest/gtest.h>

#include "platform/durable/replication/followed_object.h"
#include "platform/durable/replication/log_file.h"
#include "platform/durable/replication/tests/cluster.h"

namespace orrery::durable {
namespace {

// One log file on a disk of its own.
struct Files {
  Files() : disk(disk::make_disk(world, world.trace().lane("host:FRA/1", "host"))) {
    file = disk->open("log", true, nullptr);
    EXPECT_EQ(write_log(*file, *object, {}), disk::DiskError::kNone);
  }
  Ref<const AppendMessage> entry(uint64_t index, LogFormat format, size_t pages = 2, uint64_t durable = 0) {
    auto e = make_ref<AppendMessage>();
    e->object = object;
    e->sender_epoch = e->epoch = 1;
    e->index = index;
    e->prev_epoch = index > 1 ? 1 : 0;
    e->durable = durable;
    e->time_ms = 1'700'000'000'000 + static_cast<int64_t>(index);
    auto payload = make_ref<LogPayload>();
    for (uint32_t p = 0; p < pages; ++p) {
      Ref<Buffer> page = Buffer::make(kLogPageBytes);
      std::memset(page->data(), static_cast<int>(index + p), kLogPageBytes);
      payload->frames.push_back({p + 1, page});
    }
    payload->db_pages = static_cast<uint32_t>(pages);
    e->payload = payload;
    e->record = make_entry_record(*e, format);
    return e;
  }
  uint64_t add(Ref<const AppendMessage> e) {
    const uint64_t at = file->size();
    EXPECT_EQ(append_entry(*file, *e), disk::DiskError::kNone);
    return at;
  }
  ReadResult read(LogFormat newest) { return read_log(*file, object, true, newest, &content); }
  void spoil(uint64_t at) {
    uint8_t byte = 0;
    (void)file->read(at, {&byte, 1}, nullptr);
    byte ^= 4;
    (void)file->write(at, {&byte, 1});
  }

  World world{{}};
  std::unique_ptr<disk::Disk> disk;
  Ref<const ObjectInfo> object = make_ref<const ObjectInfo>(world, "do:List/1");
  std::shared_ptr<disk::File> file;
  LogContent content;
};

constexpr LogFormat kFirst = LogFormat::kFirst, kSecond = LogFormat::kSecond;

TEST(TwoFormats, AreReadFromOneFile) {
  Files f;
  for (uint64_t i = 1; i <= 6; ++i) f.add(f.entry(i, i % 2 ? kFirst : kSecond, i % 3));
  ASSERT_EQ(f.read(kSecond), ReadResult::kSound);
  ASSERT_EQ(f.content.entries.size(), 6u);
  for (const auto& e : f.content.entries) {
    EXPECT_TRUE(is_intact(*e));
    EXPECT_EQ(e->time_ms, 1'700'000'000'000 + static_cast<int64_t>(e->index));
    EXPECT_EQ(e->payload->frames.size(), e->index % 3);
    EXPECT_EQ(format_of(*e), e->index % 2 ? kFirst : kSecond);
    for (size_t i = 0; i < e->payload->frames.size(); ++i) {
      const uint64_t hash = hash_bytes(e->payload->frames[i].bytes->data(), kLogPageBytes);
      EXPECT_EQ(page_hash(*e, i), format_of(*e) == kSecond ? hash : 0);
    }
  }
}

TEST(TwoFormats, OfOneEntryAreMadeFromEachOther) {
  Files f;
  const auto first = f.entry(3, kFirst), second = f.entry(3, kSecond);
  EXPECT_EQ(storable(second, kSecond).get(), second.get());
  EXPECT_EQ(storable(first, kFirst).get(), first.get());
  const auto back = storable(second, kFirst);
  EXPECT_EQ(back->record->text(), first->record->text());
  EXPECT_EQ(back->payload.get(), second->payload.get());
}

TEST(TwoFormats, AnOldReleaseKnowsARecordThatItCannotRead) {
  Files f;
  f.add(f.entry(1, kFirst));
  f.add(f.entry(2, kSecond));
  EXPECT_EQ(f.read(kFirst), ReadResult::kNewer);
  EXPECT_EQ(f.content.entries.size(), 1u);
}

TEST(TwoFormats, AnOldReleaseKnowsItBehindASpoiledRecordToo) {
  Files f;
  const uint64_t at = f.add(f.entry(1, kFirst));
  f.add(f.entry(2, kSecond));
  f.spoil(at + 100);
  EXPECT_EQ(f.read(kFirst), ReadResult::kNewer);
}

TEST(TwoFormats, ATornRecordOfTheSecondIsATornTail) {
  for (uint64_t left : {4u, 79u, 80u, 90u, 5000u}) {
    Files f;
    f.add(f.entry(1, kSecond));
    const uint64_t at = f.add(f.entry(2, kSecond));
    ASSERT_EQ(f.file->truncate(at + left), disk::DiskError::kNone);
    EXPECT_EQ(f.read(kSecond), ReadResult::kTorn) << left;
    EXPECT_EQ(f.content.entries.size(), 1u);
  }
}

TEST(TwoFormats, ASpoiledByteAnywhereIsFound) {
  for (uint64_t where : {0u, 5u, 30u, 75u, 81u, 90u, 4000u, 8000u})
    for (bool known_durable : {false, true}) {
      Files f;
      f.add(f.entry(1, kSecond));
      const uint64_t at = f.add(f.entry(2, kSecond));
      // What the last knows of the one before is told by its header, though its pages are torn.
      const uint64_t last = f.add(f.entry(3, kSecond, 2, known_durable ? 2 : 1));
      f.spoil(at + where);
      ASSERT_EQ(f.file->truncate(last + 200), disk::DiskError::kNone);
      EXPECT_EQ(f.read(kSecond), known_durable ? ReadResult::kDamaged : ReadResult::kTorn) << where;
      EXPECT_EQ(f.content.entries.size(), 1u);
    }
}

uint64_t unreadable(Cluster& c, std::initializer_list<size_t> which) {
  uint64_t n = 0;
  for (size_t f : which) {
    const FollowedObject* o = c.on<Follower>(c.followers[f]).loaded(c.object->key);
    n += o && o->unreadable();
  }
  return n;
}

TEST(TwoFormats, HostsChangeOverOneAfterAnotherUnderLoad) {
  Cluster c;
  c.write(0, 1'000'000);
  for (uint32_t release : {2u, 3u})
    for (host::Host* f : c.followers) {
      const uint64_t before = c.promises.acknowledged;
      c.upgrade(f, release);
      c.run_for(seconds(3));
      EXPECT_GT(c.promises.acknowledged, before + 100) << "writes go on while " << f->name() << " changes over";
    }
  c.upgrade(c.owners[0], 3);
  c.write(1, 100);
  c.run_for(seconds(30));
  ASSERT_TRUE(c.writer(1).log());
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
  EXPECT_EQ(unreadable(c, {0, 1, 2, 3, 4}), 0u);
}

// The owner writes the second format, four of its followers the first.
TEST(TwoFormats, AFollowerStoresWhatItsReleaseWrites) {
  ClusterOptions o;
  o.release = 2;
  Cluster c(o);
  c.upgrade(c.owners[0], 3);
  c.upgrade(c.followers[0], 3);
  c.run_for(seconds(1));
  c.write(0, 20);
  c.run_for(seconds(3));
  EXPECT_EQ(c.promises.acknowledged, 20u);
  c.crash(c.owners[0]);
  for (host::Host* f : c.followers) c.upgrade(f, 1);
  c.write(1, 1);
  c.run_for(seconds(30));
  ASSERT_TRUE(c.writer(1).log()) << "four of five are read by the oldest release";
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
  EXPECT_EQ(unreadable(c, {0}), 1u);
  EXPECT_EQ(unreadable(c, {1, 2, 3, 4}), 0u);
}

TEST(TwoFormats, GoingBackBeforeTheSwitchWorks) {
  Cluster c;
  c.write(0, 1'000'000);
  for (uint32_t release : {2u, 1u, 2u, 1u})
    for (host::Host* f : c.followers) {
      c.upgrade(f, release);
      c.run_for(seconds(1));
    }
  EXPECT_EQ(unreadable(c, {0, 1, 2, 3, 4}), 0u);
  const uint64_t before = c.promises.acknowledged;
  c.run_for(seconds(3));
  EXPECT_GT(c.promises.acknowledged, before + 100);
}

TEST(TwoFormats, GoingBackAfterItIsAFollowerThatIsNotThereUntilItGoesForward) {
  ClusterOptions o;
  o.release = 3;
  Cluster c(o);
  uint64_t told = 0;
  c.world.observers().subscribe<LogUnreadable>([&](const LogUnreadable& e, const EventContext&) {
    ++told;
    EXPECT_NE(e.text().find("runs release 1, which cannot read the log"), std::string::npos);
  });
  c.write(0, 1'000'000);
  c.run_for(seconds(3));
  for (size_t f : {0, 1}) c.upgrade(c.followers[f], 1);
  uint64_t before = c.promises.acknowledged;
  c.run_for(seconds(5));
  EXPECT_EQ(unreadable(c, {0, 1}), 2u);
  EXPECT_EQ(told, 2u);
  EXPECT_GT(c.promises.acknowledged, before + 100) << "three of five go on";
  c.upgrade(c.followers[2], 1);
  c.run_for(seconds(2));
  before = c.promises.acknowledged;
  c.run_for(seconds(5));
  EXPECT_EQ(c.promises.acknowledged, before) << "two are no quorum";
  c.upgrade(c.followers[0], 2);
  c.run_for(seconds(20));
  EXPECT_GT(c.promises.acknowledged, before + 100);
  const FollowedObject* again = c.on<Follower>(c.followers[0]).loaded(c.object->key);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->lost());
  c.crash(c.owners[0]);
  c.write(1, 1);
  c.run_for(seconds(30));
  ASSERT_TRUE(c.writer(1).log());
  EXPECT_EQ(c.promises.missing(c.writer(1).list), 0u);
}

}  // namespace
}  // namespace orrery::durable
