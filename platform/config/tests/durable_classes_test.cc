// Durable Object classes out of migrations and declarative exports.
#include <gtest/gtest.h>

#include "platform/config/tests/temp_project.h"

namespace orrery::config::testing {
namespace {

std::string classes_of(const Result<Project>& project) {
  if (!project.ok()) return outcome(project);
  std::string out;
  for (const DurableObjectClass& known : project->classes) {
    out += (out.empty() ? "" : " ") + known.name + ":" + std::string(name_of(known.storage));
  }
  return out;
}

TEST(DurableClasses, MigrationsMakeRenameTransferAndDelete) {
  EXPECT_EQ(classes_of(read_toml(R"(
[[migrations]]
tag = "v1"
new_sqlite_classes = ["A", "B"]
new_classes = ["Old"]
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "A", to = "A2" }]
deleted_classes = ["B"]
transferred_classes = [{ from = "X", from_script = "other", to = "Y" }]
)")), "A2:sqlite Old:kv Y:sqlite");
}

TEST(DurableClasses, DeclarativeExportsMakeClassesToo) {
  EXPECT_EQ(classes_of(read_toml(R"(
[exports.A]
type = "durable-object"
storage = "sqlite"
[exports.B]
type = "durable-object"
storage = "legacy-kv"
[exports.Gone]
type = "durable-object"
state = "deleted"
)")), "A:sqlite B:kv");
}

TEST(DurableClasses, ABoundClassWithoutAMigrationIsRefusedWithTheCure) {
  const auto result =
      read_toml("[[durable_objects.bindings]]\nname = \"CART\"\nclass_name = \"Cart\"\n");
  EXPECT_EQ(outcome(result), "class_without_migration wrangler.toml:4:8");
  EXPECT_EQ(result.error().hint,
            "add: [[migrations]] tag = \"v1\" new_sqlite_classes = [\"Cart\"]");
}

TEST(DurableClasses, ABoundClassOfAnotherWorkerNeedsNoMigrationHere) {
  EXPECT_EQ(outcome(read_toml("name = \"me\"\n[[durable_objects.bindings]]\nname = \"CART\"\n"
                              "class_name = \"Cart\"\nscript_name = \"other\"\n")), "ok");
  EXPECT_EQ(outcome(read_toml("name = \"me\"\n[[durable_objects.bindings]]\nname = \"CART\"\n"
                              "class_name = \"Cart\"\nscript_name = \"me\"\n")),
            "class_without_migration wrangler.toml:5:8");
}

TEST(DurableClasses, MigrationsThatContradictEachOtherAreRefused) {
  const std::string made = "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"A\"]\n";
  const std::string next = made + "[[migrations]]\ntag = \"v2\"\n";
  EXPECT_EQ(outcome(read_toml(made + made)), "bad_migration wrangler.toml:7:1");
  EXPECT_EQ(outcome(read_toml(next + "new_classes = [\"A\"]\n")),
            "bad_migration wrangler.toml:8:16");
  EXPECT_EQ(outcome(read_toml(next + "deleted_classes = [\"B\"]\n")),
            "bad_migration wrangler.toml:8:20");
  EXPECT_EQ(outcome(read_toml(next + "renamed_classes = [{from = \"B\", to = \"C\"}]\n")),
            "bad_migration wrangler.toml:8:20");
}

TEST(DurableClasses, AMigrationNeedsATag) {
  EXPECT_EQ(outcome(read_toml("[[migrations]]\nnew_classes = [\"A\"]\n")).substr(0, 11),
            "missing_key");
}

TEST(DurableClasses, AClassMayBothBeRenamedAndBound) {
  const auto project = read_toml(R"(
[[durable_objects.bindings]]
name = "CART"
class_name = "Cart2"
[[migrations]]
tag = "v1"
new_classes = ["Cart"]
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Cart", to = "Cart2" }]
)");
  EXPECT_EQ(classes_of(project), "Cart2:kv");
  EXPECT_EQ(dump(project->migrations),
            R"([{"tag":"v1","new_classes":["Cart"]},)"
            R"({"tag":"v2","renamed_classes":[{"from":"Cart","to":"Cart2"}]}])");
}

}  // namespace
}  // namespace orrery::config::testing
