// Goal: places and delays are those of the committed table. Method: known cities, and the table's
// own laws.
#include "sim/net/geography.h"

#include <gtest/gtest.h>

namespace orrery::net {
namespace {

TEST(Geography, KnowsEveryPointOfPresenceByCodeAndCity) {
  Geography g;
  ASSERT_EQ(g.pop_count(), 339u);
  for (uint32_t i = 0; i < g.pop_count(); ++i) {
    EXPECT_EQ(g.find(g.at(i).iata), i);
    EXPECT_EQ(g.by_city(g.at(i).city).pop, i);
    EXPECT_FALSE(g.at(i).timezone.empty());
  }
  EXPECT_FALSE(g.find("XXX"));
}

TEST(Geography, TakesCitiesInAnyCaseAndWithoutDiacritics) {
  Geography g;
  EXPECT_EQ(g.at(*g.by_city("hanoi").pop).iata, "HAN");
  EXPECT_EQ(g.at(*g.by_city("sao paulo").pop).iata, "GRU");
  EXPECT_EQ(g.at(*g.by_city("FRA").pop).city, "Frankfurt");
}

TEST(Geography, SuggestsTheNearestSpellings) {
  Geography g;
  CityResult r = g.by_city("Hanoy");
  EXPECT_FALSE(r.pop);
  EXPECT_NE(r.error.find("Hanoi"), std::string::npos) << r.error;
  EXPECT_EQ(g.by_city("zzzzzzzzzz").error.find("did you mean"), std::string::npos);
}

TEST(Geography, DelaysAreSymmetricAndPlausible) {
  Geography g;
  uint32_t fra = *g.find("FRA"), sin = *g.find("SIN"), ams = *g.find("AMS");
  EXPECT_EQ(g.delay(fra, fra), kIntraPopDelay);
  EXPECT_EQ(g.delay(fra, sin), g.delay(sin, fra));
  EXPECT_GT(g.delay(fra, sin), millis(60));
  EXPECT_LT(g.delay(fra, sin), millis(85));
  EXPECT_LT(g.delay(fra, ams), millis(5));
  EXPECT_GE(g.delay(fra, ams), micros(300));
}

TEST(Geography, NearestListsAllOthersByDelay) {
  Geography g;
  uint32_t fra = *g.find("FRA");
  const auto& near = g.nearest(fra);
  ASSERT_EQ(near.size(), 338u);
  for (size_t i = 1; i < near.size(); ++i)
    EXPECT_LE(g.delay(fra, near[i - 1]), g.delay(fra, near[i]));
}

}  // namespace
}  // namespace orrery::net
