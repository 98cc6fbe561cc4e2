// Goal: every limit and the text of its breach (platform.md 10.4). Method: cells as JavaScript sends them.
#include "platform/kv/call.h"

#include <gtest/gtest.h>

namespace orrery::kv {
namespace {

using runtime::Cell;
using runtime::Cells;

constexpr int64_t kNow = 1'767'225'600;

std::string text_of(std::string_view method, const Cells& cells) {
  Call call;
  auto error = read_call(method, cells, kNow, &call);
  return error ? error->text() : "fine";
}
std::string put(Cell expiration, Cell ttl, size_t value = 1, size_t metadata = 0) {
  return text_of("put", {Cell::text("k"), Cell::text(std::string(value, 'v')), expiration, ttl,
                         metadata ? Cell::text(std::string(metadata, 'm')) : Cell::undefined()});
}

TEST(Limits, OfAKey) {
  EXPECT_EQ(text_of("get", {Cell::text(std::string(512, 'k'))}), "fine");
  EXPECT_EQ(text_of("get", {Cell::text(std::string(513, 'k'))}),
            "Error: KV GET failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.");
  EXPECT_EQ(text_of("delete", {Cell::text(std::string(600, 'k'))}),
            "Error: KV DELETE failed: 414 UTF-8 encoded length of 600 exceeds key length limit of "
            "512.");
}

TEST(Limits, OfAValueAndItsMetadata) {
  const Cell none = Cell::undefined();
  EXPECT_EQ(put(none, none, 26'214'400, 1'024), "fine");
  EXPECT_EQ(put(none, none, 26'214'401),
            "Error: KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.");
  EXPECT_EQ(put(none, none, 1, 1'025),
            "Error: KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.");
}

TEST(Limits, OfExpiration) {
  const Cell none = Cell::undefined();
  EXPECT_EQ(put(none, Cell::of(60)), "fine");
  EXPECT_EQ(put(none, Cell::of(59)),
            "Error: KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least "
            "60.");
  EXPECT_EQ(put(Cell::of(kNow + 60), none), "fine");
  EXPECT_EQ(put(Cell::of(kNow + 59), none),
            "Error: KV PUT failed: 400 Invalid expiration of 1767225659. Expiration times must be at "
            "least 60 seconds in the future.");
  Call call;
  Cells both{Cell::text("k"), Cell::text("v"), Cell::of(kNow + 500), Cell::of(100)};
  ASSERT_FALSE(read_call("put", both, kNow, &call));
  EXPECT_EQ(call.expiration_s, kNow + 100);
}

TEST(Limits, OfCacheTtl) {
  auto get = [](double ttl) {
    return text_of("get", {Cell::text("k"), Cell::boolean(true), Cell::of(ttl)});
  };
  EXPECT_EQ(get(30), "fine");
  EXPECT_EQ(get(29),
            "Error: KV GET failed: 400 Invalid cache_ttl of 29. Cache TTL must be at least 30.");
}

TEST(Limits, OfLists) {
  auto list = [](double limit) { return text_of("list", {Cell::undefined(), Cell::of(limit)}); };
  EXPECT_EQ(list(1), "fine");
  EXPECT_EQ(list(1'000), "fine");
  EXPECT_EQ(list(0), "Error: KV LIST failed: 400 Invalid key_count_limit of 0. Please specify an "
                     "integer greater than 0.");
  EXPECT_EQ(list(1'001), "Error: KV LIST failed: 400 Invalid key_count_limit of 1001. Please specify "
                         "an integer less than 1000.");
  Call call;
  Cells cells{Cell::text("p"), Cell::undefined(), Cell::text(cursor_of("p\xc3\xa9"))};
  ASSERT_FALSE(read_call("list", cells, kNow, &call));
  EXPECT_EQ(call.list.after, "p\xc3\xa9");
  EXPECT_EQ(text_of("list", {Cell::undefined(), Cell::undefined(), Cell::text("zz")}),
            "Error: KV LIST failed: 400 Invalid cursor");
}

TEST(Limits, OfBulkGets) {
  Cells many{Cell::text("text"), Cell::undefined()};
  for (int i = 0; i < 101; ++i) many.add(Cell::text("k" + std::to_string(i)));
  EXPECT_EQ(text_of("getBulk", many),
            "Error: KV GET_BULK failed: 400 You can request a maximum of 100 keys");
  EXPECT_EQ(text_of("getBulk", {Cell::text("stream"), Cell::undefined(), Cell::text("k")}),
            "Error: KV GET_BULK failed: 400 \"stream\" is not a valid type. Use \"json\" or "
            "\"text\"");
}

}  // namespace
}  // namespace orrery::kv
