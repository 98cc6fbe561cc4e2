// Environments: inheritable keys fall back to the top level, bindings do not.
#include <gtest/gtest.h>

#include "platform/config/tests/temp_project.h"

namespace orrery::config::testing {
namespace {

constexpr char kTwoWorlds[] = R"(
name = "shop"
compatibility_flags = ["nodejs_compat"]
[vars]
WHERE = "top"
[limits]
cpu_ms = 10
[env.prod]
[env.prod.vars]
WHERE = "prod"
[env.prod.limits]
cpu_ms = 20
[env.bare]
name = "own-name"
)";

TEST(Environment, TheTopLevelHoldsWithoutOne) {
  const auto project = read_toml(kTwoWorlds);
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(project->name, "shop");
  EXPECT_EQ(project->bindings.at(0).text("value"), "top");
  EXPECT_EQ(project->limits.cpu_ms, 10);
}

TEST(Environment, OwnKeysWinAndInheritableOnesFallBack) {
  const auto project = read_toml(kTwoWorlds, "prod");
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(project->name, "shop-prod");
  EXPECT_EQ(project->bindings.at(0).text("value"), "prod");
  EXPECT_EQ(project->limits.cpu_ms, 20);
  EXPECT_TRUE(project->flags.has("nodejs_compat"));
}

TEST(Environment, BindingsAreNotInheritedAndThatIsSaid) {
  const auto project = read_toml(kTwoWorlds, "bare");
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(project->name, "own-name");
  EXPECT_TRUE(project->bindings.empty());
  EXPECT_EQ(project->limits.cpu_ms, 10);
  ASSERT_EQ(project->warnings.size(), 1u);
  EXPECT_EQ(project->warnings[0].message,
            "\"vars\" is not inherited: env.bare does not have it; repeat it there");
}

TEST(Environment, AnUnknownOneNamesThoseThatExist) {
  const auto result = read_toml(kTwoWorlds, "staging");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ConfigErrorKind::kUnknownEnvironment);
  EXPECT_EQ(result.error().hint, "the file has: prod, bare");
}

TEST(Environment, AnEnvThatIsNoTableIsAWrongType) {
  EXPECT_EQ(outcome(read_toml("env = 3\n", "x")), "wrong_type wrangler.toml:3:7");
  EXPECT_EQ(outcome(read_toml("env.x = 3\n", "x")), "wrong_type wrangler.toml:3:9");
}

}  // namespace
}  // namespace orrery::config::testing
