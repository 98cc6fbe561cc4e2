#include "conformance/rules/rules.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace orrery::rules {
namespace {

TEST(Rules, IdsAreUniqueAndEverythingIsSaid) {
  std::set<std::string_view> ids;
  for (const Rule& r : all()) {
    EXPECT_TRUE(ids.insert(r.id).second) << r.id;
    EXPECT_TRUE(r.sentence.ends_with(".")) << r.id;
    EXPECT_FALSE(r.source.empty()) << r.id;
    EXPECT_FALSE(r.enforced_by.empty()) << r.id;
  }
  EXPECT_GE(ids.size(), 30u);
}

TEST(Rules, WatchedRulesComeFirstInTheOrderOfTheirNumbers) {
  for (size_t i = 0; i < kWatched; ++i) EXPECT_EQ(all()[i].enforced_by, "monitor") << all()[i].id;
  for (size_t i = kWatched; i < all().size(); ++i)
    EXPECT_NE(all()[i].enforced_by, "monitor") << all()[i].id;
  EXPECT_EQ(rule(RuleId::kOutputGateCalls).id, "DO-OG-2");
  EXPECT_EQ(rule(RuleId::kSingleEffects).id, "DO-SI-2");
  EXPECT_EQ(rule(RuleId::kAcknowledgedStays).id, "DO-DUR-1");
  EXPECT_EQ(rule(RuleId::kIdleEviction).id, "DO-LIFE-3");
  EXPECT_EQ(rule(RuleId::kDeliveredToLiving).id, "NET-1");
}

TEST(Rules, AreFoundById) {
  ASSERT_NE(find("DO-LIN-1"), nullptr);
  EXPECT_EQ(find("DO-LIN-1")->id, "DO-LIN-1");
  EXPECT_EQ(find("DO-NONE-1"), nullptr);
}

TEST(Rules, JsonHasEachRuleOnce) {
  auto json = nlohmann::json::parse(to_json());
  ASSERT_EQ(json.size(), all().size());
  EXPECT_EQ(json[0]["id"], "DO-OG-1");
  EXPECT_EQ(json[0]["enforced_by"], "monitor");
}

}  // namespace
}  // namespace orrery::rules
