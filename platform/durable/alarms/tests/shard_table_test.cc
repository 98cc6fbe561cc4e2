#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "platform/durable/alarms/retry.h"
#include "platform/durable/alarms/shard_table.h"

namespace orrery::durable {
namespace {

AlarmObject object_of(uint32_t n) {
  AlarmObject o;
  o.class_name = n % 3 ? "Trial" : "ALongerNameOfAClass";
  o.id.bytes[0] = static_cast<uint8_t>(n);
  o.id.bytes[1] = static_cast<uint8_t>(n >> 8);
  o.name = std::string(n % 200, 'x');
  o.home_pop = n;
  return o;
}

bool same(const ShardTable& a, const ShardTable& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [id, row] : a.rows()) {
    const auto* other = b.find(id);
    if (!other || other->time != row.time || other->version != row.version ||
        !(other->object == row.object))
      return false;
  }
  return true;
}

RC_GTEST_PROP(ShardTable, ReadsBackFromThePagesOfItsChanges, ()) {
  ShardTable table;
  PageImage image;
  auto steps = *rc::gen::container<std::vector<std::pair<uint16_t, uint8_t>>>(
      rc::gen::pair(rc::gen::inRange<uint16_t>(0, 300), rc::gen::arbitrary<uint8_t>()));
  uint64_t n = 0;
  for (auto [which, what] : steps) {
    AlarmObject object = object_of(which);
    if (what % 4 == 0) {
      table.remove(object.id);
    } else {
      if (what % 4 == 1) object.name += "longer";
      table.set(object, what * 1000, {1, ++n});
    }
    if (what % 3 == 0)
      if (auto payload = table.take_changes()) image.apply(*payload);
  }
  if (auto payload = table.take_changes()) image.apply(*payload);
  ShardTable again;
  RC_ASSERT(again.load(image.pages.empty() ? nullptr : &image));
  RC_ASSERT(same(table, again));
  ShardTable whole;
  RC_ASSERT(whole.load(table.image().get()));
  RC_ASSERT(same(table, whole));
}

TEST(ShardTable, ADamagedPageIsRefused) {
  ShardTable table;
  table.set(object_of(1), 5, {1, 1});
  auto payload = table.take_changes();
  PageImage image;
  image.apply(*payload);
  Ref<Buffer> page = Buffer::copy(image.pages[0]->data(), kLogPageBytes);
  page->data()[8] ^= 1;  // the first record's size
  image.pages[0] = page;
  EXPECT_FALSE(table.load(&image));
}

TEST(AlarmRetry, DoublesFromTwoSecondsUpToAThousand) {
  AlarmRetry retry;
  for (int64_t s : {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024}) {
    ASSERT_TRUE(retry.failed(false));
    EXPECT_EQ(retry.pause(), seconds(s));
    EXPECT_EQ(retry.counted(), 0u);
  }
}

TEST(AlarmRetry, CountsSixAndRefusesTheSeventh) {
  AlarmRetry retry;
  for (uint32_t i = 1; i <= 6; ++i) {
    ASSERT_TRUE(retry.failed(true));
    EXPECT_EQ(retry.counted(), i);
    ASSERT_TRUE(retry.failed(false)) << "uncounted ones never end it";
  }
  EXPECT_FALSE(retry.failed(true));
}

TEST(AlarmRetry, AHandlersFirstFailureAfterThePlatformsWaitsTwoSeconds) {
  AlarmRetry retry;
  for (int i = 0; i < 5; ++i) retry.failed(false);
  retry.failed(true);
  EXPECT_EQ(retry.pause(), seconds(2));
  retry.failed(true);
  EXPECT_EQ(retry.pause(), seconds(4));
}

}  // namespace
}  // namespace orrery::durable
