// Reading whole wrangler files: what users write comes out as they meant it, and each mistake is
// one error with its place. Method: small projects written to a folder of their own.
#include <gtest/gtest.h>

#include "platform/config/tests/temp_project.h"

namespace orrery::config::testing {
namespace {

const Binding* find_binding(const Project& project, std::string_view name) {
  for (const Binding& binding : project.bindings) {
    if (binding.name == name) return &binding;
  }
  return nullptr;
}

TEST(ReadProject, EverythingUsersWriteInTomlArrives) {
  const auto project = read_toml(R"(
name = "shop"
compatibility_flags = ["nodejs_compat"]
minify = true
routes = ["a.example/*", { pattern = "b.example/*", zone_name = "b.example" }]
[vars]
GREETING = "hi"
LIMITS = { max = 3, tags = ["x", "y"] }
[triggers]
crons = ["*/5 * * * *"]
[limits]
cpu_ms = 50
subrequests = 40
[alias]
"lodash" = "./lodash.js"
[define]
VERSION = "'1'"
[[rules]]
type = "Text"
globs = ["**/*.md"]
fallthrough = true
[durable_objects]
bindings = [{ name = "CART", class_name = "Cart" },
            { name = "FAR", class_name = "Far", script_name = "other" }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Cart"]
[[kv_namespaces]]
binding = "FLAGS"
id = "abc"
[[r2_buckets]]
binding = "FILES"
bucket_name = "files"
[[d1_databases]]
binding = "DB"
database_name = "main"
database_id = "d-1"
[[queues.producers]]
binding = "ORDERS"
queue = "orders"
[[queues.consumers]]
queue = "orders"
max_batch_size = 10
dead_letter_queue = "dead"
[[services]]
binding = "AUTH"
service = "auth"
entrypoint = "Api"
[placement]
mode = "smart"
)");
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(project->name, "shop");
  EXPECT_EQ(project->main, "index.js");
  EXPECT_TRUE(project->flags.has("nodejs_compat"));
  EXPECT_TRUE(project->build.minify);
  EXPECT_EQ(dump(project->routes),
            R"([{"pattern":"a.example/*"},{"pattern":"b.example/*","zone_name":"b.example"}])");
  EXPECT_EQ(find_binding(*project, "GREETING")->text("value"), "hi");
  EXPECT_EQ(find_binding(*project, "GREETING")->type, "var");
  EXPECT_EQ(find_binding(*project, "LIMITS")->type, "json");
  EXPECT_EQ(find_binding(*project, "LIMITS")->text("value"), R"({"max":3,"tags":["x","y"]})");
  EXPECT_EQ(project->crons, std::vector<std::string>{"*/5 * * * *"});
  EXPECT_EQ(project->limits.cpu_ms, 50);
  EXPECT_EQ(project->limits.subrequests, 40);
  ASSERT_EQ(project->build.rules.size(), 1u);
  EXPECT_TRUE(project->build.rules[0].fallthrough);
  EXPECT_EQ(project->build.alias[0].second, "./lodash.js");
  EXPECT_EQ(find_binding(*project, "CART")->text("class"), "Cart");
  EXPECT_EQ(find_binding(*project, "FAR")->text("script"), "other");
  EXPECT_EQ(find_binding(*project, "FLAGS")->text("id"), "abc");
  EXPECT_EQ(find_binding(*project, "FILES")->text("bucket"), "files");
  EXPECT_EQ(find_binding(*project, "DB")->text("database"), "main");
  EXPECT_EQ(find_binding(*project, "ORDERS")->text("queue"), "orders");
  EXPECT_EQ(find_binding(*project, "AUTH")->text("entrypoint"), "Api");
  EXPECT_EQ(dump(project->queue_consumers),
            R"([{"queue":"orders","max_batch_size":10,"dead_letter_queue":"dead"}])");
  EXPECT_EQ(dump(project->placement), R"({"mode":"smart"})");
  EXPECT_TRUE(project->warnings.empty()) << project->warnings[0].text();
}

TEST(ReadProject, JsonWithCommentsAndTrailingCommasIsRead) {
  TempProject folder;
  folder.with("wrangler.jsonc", R"({
  // the Worker
  "name": "shop", /* its name */
  "main": "index.js",
  "compatibility_date": "2026-01-01",
  "vars": { "A": 1.5, "B": null, },
  "kv_namespaces": [{ "binding": "KV", "id": "1", },],
})");
  const auto project = folder.read();
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(find_binding(*project, "A")->text("value"), "1.5");
  EXPECT_EQ(find_binding(*project, "KV")->text("id"), "1");
}

TEST(ReadProject, JsonGoesBeforeJsoncAndJsoncBeforeToml) {
  const std::string rest = R"("main": "index.js", "compatibility_date": "2026-01-01"})";
  TempProject folder;
  folder.with("wrangler.toml", "name = \"toml\"\nmain = \"index.js\"\n");
  EXPECT_EQ(folder.read()->name, "toml");
  folder.with("wrangler.jsonc", "{\"name\": \"jsonc\", " + rest);
  EXPECT_EQ(folder.read()->name, "jsonc");
  folder.with("wrangler.json", "{\"name\": \"json\", " + rest);
  EXPECT_EQ(folder.read()->name, "json");
}

TEST(ReadProject, AWranglerFileItselfCanBeGiven) {
  TempProject folder;
  folder.with("index.js", "").with("wrangler.toml", "name = \"x\"\nmain = \"index.js\"\n");
  EXPECT_TRUE(read_project(folder.folder() / "wrangler.toml").ok());
  EXPECT_EQ(outcome(read_project(folder.folder() / "index.js")).substr(0, 12), "missing_file");
}

TEST(ReadProject, AMissingFolderOrWranglerFileIsMissingFile) {
  TempProject folder;
  EXPECT_EQ(folder.read().error().kind, ConfigErrorKind::kMissingFile);
  EXPECT_EQ(read_project(folder.folder() / "nowhere").error().kind, ConfigErrorKind::kMissingFile);
}

TEST(ReadProject, AMissingMainSaysSo) {
  TempProject folder;
  folder.with("wrangler.toml", "name = \"x\"\n");
  EXPECT_EQ(outcome(folder.read()), "missing_main wrangler.toml:0:0");
  folder.with("wrangler.toml", "name = \"x\"\nmain = \"src/gone.ts\"\n");
  const auto gone = folder.read();
  EXPECT_EQ(outcome(gone), "missing_main wrangler.toml:2:8");
  EXPECT_NE(gone.error().message.find("src/gone.ts"), std::string::npos);
}

TEST(ReadProject, UnknownKeysAreWarningsWithAPlaceAndAGuess) {
  const auto project = read_toml("nmae = \"x\"\n[limits]\ncpu = 5\n");
  ASSERT_TRUE(project.ok()) << project.error().text();
  ASSERT_EQ(project->warnings.size(), 2u);
  EXPECT_EQ(project->warnings[0].text(),
            "wrangler.toml:5:1: unknown key \"limits.cpu\" is ignored");
  EXPECT_EQ(project->warnings[1].text(),
            "wrangler.toml:3:1: unknown key \"nmae\" is ignored; did you mean \"name\"?");
}

TEST(ReadProject, AWrongTypeIsAnErrorAtItsValue) {
  EXPECT_EQ(outcome(read_toml("name = 3\n")), "wrong_type wrangler.toml:3:8");
  EXPECT_EQ(outcome(read_toml("compatibility_flags = \"rpc\"\n")), "wrong_type wrangler.toml:3:23");
  EXPECT_EQ(outcome(read_toml("kv_namespaces = [1]\n")), "wrong_type wrangler.toml:3:18");
  EXPECT_EQ(outcome(read_toml("vars = []\n")), "wrong_type wrangler.toml:3:8");
  EXPECT_EQ(outcome(read_toml("[triggers]\ncrons = [5]\n")), "wrong_type wrangler.toml:4:10");
}

TEST(ReadProject, ADateWithoutQuotesIsExplained) {
  TempProject folder;
  folder.with("wrangler.toml", "main = \"index.js\"\ncompatibility_date = 2026-01-01\n");
  const auto result = folder.read();
  EXPECT_EQ(outcome(result), "wrong_type wrangler.toml:2:22");
  EXPECT_EQ(result.error().hint, "put it in quotes");
}

TEST(ReadProject, SyntaxErrorsCarryTheirPlace) {
  EXPECT_EQ(outcome(read_toml("name = \n")).substr(0, 24), "syntax wrangler.toml:3:8");
  TempProject folder;
  folder.with("wrangler.json", "{\n  \"name\": \"x\"\n  \"main\": 1\n}\n");
  EXPECT_EQ(outcome(folder.read()), "syntax wrangler.json:3:3");
}

TEST(ReadProject, TwoBindingsOfOneNameAreRefused) {
  const auto result = read_toml("[vars]\nKV = \"x\"\n[[kv_namespaces]]\nbinding = \"KV\"\n");
  EXPECT_EQ(outcome(result), "duplicate_binding wrangler.toml:6:11");
  EXPECT_NE(result.error().message.find("line 4"), std::string::npos) << result.error().message;
}

TEST(ReadProject, ABindingWithoutANameIsRefused) {
  EXPECT_EQ(outcome(read_toml("[[kv_namespaces]]\nid = \"x\"\n")).substr(0, 11), "missing_key");
}

TEST(ReadProject, ImpossibleLimitsAndCronsAreRefused) {
  EXPECT_EQ(outcome(read_toml("[limits]\ncpu_ms = 0\n")), "bad_value wrangler.toml:4:1");
  EXPECT_EQ(outcome(read_toml("[triggers]\ncrons = [\"* * *\"]\n")),
            "bad_value wrangler.toml:4:10");
}

TEST(ReadProject, FlagErrorsPointAtTheFlagOrTheDate) {
  EXPECT_EQ(outcome(read_toml("compatibility_flags = [\"rpc\", \"nodejs_compt\"]\n")),
            "unknown_flag wrangler.toml:3:31");
  TempProject folder;
  folder.with("wrangler.toml", "main = \"index.js\"\ncompatibility_date = \"2099-01-01\"\n");
  EXPECT_EQ(outcome(folder.read()), "future_date wrangler.toml:2:22");
  folder.with("wrangler.toml", "main = \"index.js\"\ncompatibility_date = \"soon\"\n");
  EXPECT_EQ(outcome(folder.read()), "bad_date wrangler.toml:2:22");
}

TEST(ReadProject, DevVarsBecomeSecretsAndReplaceVars) {
  TempProject folder;
  folder.with("wrangler.toml", "main = \"index.js\"\n[vars]\nA = \"public\"\nB = \"b\"\n")
      .with(".dev.vars", "# local\nA=secret # not part\nexport C=\"two\\nlines\"\nD='a#b'\n")
      .with(".env", "E=never\n");
  const auto project = folder.read();
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(find_binding(*project, "A")->type, "secret");
  EXPECT_EQ(find_binding(*project, "A")->text("value"), "secret");
  EXPECT_EQ(find_binding(*project, "B")->type, "var");
  EXPECT_EQ(find_binding(*project, "C")->text("value"), "two\nlines");
  EXPECT_EQ(find_binding(*project, "D")->text("value"), "a#b");
  EXPECT_EQ(find_binding(*project, "E"), nullptr);
}

TEST(ReadProject, EnvFilesHoldWithoutDevVars) {
  TempProject folder;
  folder.with("wrangler.toml", "main = \"index.js\"\n[env.prod]\n")
      .with(".env", "A=1\nB=1\n").with(".env.prod", "A=2\n").with(".env.local", "B=3\n");
  const auto project = folder.read("prod");
  ASSERT_TRUE(project.ok()) << project.error().text();
  EXPECT_EQ(find_binding(*project, "A")->text("value"), "2");
  EXPECT_EQ(find_binding(*project, "B")->text("value"), "3");
}

TEST(ReadProject, TheDocumentForTheBundlerHasWhatItNeeds) {
  const auto project = read_toml("[[kv_namespaces]]\nbinding = \"KV\"\n");
  ASSERT_TRUE(project.ok()) << project.error().text();
  const Json json = Json::parse(to_json(*project));
  EXPECT_EQ(json["orrery"], 1);
  EXPECT_EQ(json["main"], "index.js");
  EXPECT_EQ(json["config_file"], "wrangler.toml");
  EXPECT_EQ(dump(json["bindings"]), R"([{"type":"kv","name":"KV"}])");
  EXPECT_TRUE(json["folder"].get<std::string>().starts_with("/"));
}

TEST(ReadProject, AnErrorReadsAsOneLineForAPerson) {
  const auto result = read_toml("compatibility_flags = [\"nodejs_compt\"]\n");
  EXPECT_EQ(result.error().text(),
            "wrangler.toml:3:24: there is no compatibility flag \"nodejs_compt\" "
            "(did you mean \"nodejs_compat\"?)");
}

}  // namespace
}  // namespace orrery::config::testing
