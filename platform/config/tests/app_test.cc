// Loading app folders: a good one arrives whole, a damaged one is one error; positions lead back.
#include <gtest/gtest.h>

#include "platform/config/app.h"
#include "platform/config/tests/temp_project.h"

namespace orrery::config::testing {
namespace {

constexpr char kApp[] = R"({"orrery":1,"name":"shop","main":"worker.js",
"compatibility_date":"2026-01-01","compatibility_flags":["rpc","brotli_content_encoding"],
"modules":[{"name":"worker.js","type":"esm","file":"worker.js"},
{"name":"a.wasm","type":"wasm","file":"a.wasm"}],
"bindings":[{"type":"durable_object","name":"CART","class":"Cart"},
{"type":"json","name":"J","value":{"a":1}}],
"durable_objects":[{"class":"Cart","storage":"sqlite"}],"migrations":[{"tag":"v1"}],
"crons":["* * * * *"],"limits":{"cpu_ms":50},"exports":["Cart","default"],
"source_map":{"sources":["src/index.ts","src/b.ts"],
"lines":[[],[0,0,3,4,10,1,7,0,20,-1,0,0],[5,0,9,2]]},"content_hash":"abc"})";

TempProject& write_app(TempProject& folder, const std::string& app) {
  return folder.with("app.json", app).with("worker.js", "export {};").with(
      "a.wasm", std::string("\0asm", 4));
}

TEST(LoadApp, AGoodFolderArrivesWhole) {
  TempProject folder;
  write_app(folder, kApp);
  const auto app = load_app(folder.folder());
  ASSERT_TRUE(app.ok()) << app.error().text();
  EXPECT_EQ(app->main, "worker.js");
  EXPECT_TRUE(app->has_flag("rpc"));
  EXPECT_FALSE(app->has_flag("no_rpc"));
  EXPECT_EQ(app->find_module("a.wasm")->bytes, std::string("\0asm", 4));
  EXPECT_EQ(app->find_module("a.wasm")->type, ModuleType::kWasm);
  EXPECT_EQ(app->find_binding("CART")->text("class"), "Cart");
  EXPECT_EQ(app->find_binding("J")->text("value"), R"({"a":1})");
  EXPECT_EQ(app->find_class("Cart")->storage, StorageKind::kSqlite);
  EXPECT_EQ(app->limits.cpu_ms, 50);
  EXPECT_EQ(app->limits.subrequests, std::nullopt);
  EXPECT_EQ(app->document["migrations"][0]["tag"], "v1");
  EXPECT_EQ(app->exports.size(), 2u);
}

TEST(LoadApp, APositionBelongsToTheLastSegmentBeforeIt) {
  TempProject folder;
  write_app(folder, kApp);
  const auto app = load_app(folder.folder());
  ASSERT_TRUE(app.ok()) << app.error().text();
  EXPECT_EQ(app->original_position(2, 1), (SourcePosition{"src/index.ts", 3, 5}));
  EXPECT_EQ(app->original_position(2, 10), (SourcePosition{"src/index.ts", 3, 5}));
  EXPECT_EQ(app->original_position(2, 11), (SourcePosition{"src/b.ts", 7, 1}));
  EXPECT_EQ(app->original_position(2, 99), std::nullopt);  // the bundler's own code
  EXPECT_EQ(app->original_position(3, 3), std::nullopt);   // before the first segment
  EXPECT_EQ(app->original_position(1, 1), std::nullopt);
  for (const int line : {-1, 0, 4, 1000}) EXPECT_EQ(app->original_position(line, 1), std::nullopt);
}

TEST(LoadApp, AMissingFolderIsMissingFile) {
  TempProject folder;
  EXPECT_EQ(load_app(folder.folder() / "none").error().kind, ConfigErrorKind::kMissingFile);
}

TEST(LoadApp, EveryTruncationOfAppJsonIsAnError) {
  const std::string good = kApp;
  TempProject folder;
  write_app(folder, good);
  for (size_t length = 0; length < good.size(); ++length) {
    folder.with("app.json", good.substr(0, length));
    const auto app = load_app(folder.folder());
    ASSERT_FALSE(app.ok()) << length;
    ASSERT_EQ(app.error().kind, ConfigErrorKind::kBadApp);
  }
}

TEST(LoadApp, GarbledPartsAreNamed) {
  const auto error_with = [](const std::string& from, const std::string& to) {
    std::string text = kApp;
    text.replace(text.find(from), from.size(), to);
    TempProject folder;
    write_app(folder, text);
    const auto app = load_app(folder.folder());
    return app.ok() ? std::string("ok") : app.error().message;
  };
  EXPECT_EQ(error_with("\"orrery\":1", "\"orrery\":2"), "app.json is not of version 1");
  EXPECT_EQ(error_with("\"type\":\"wasm\"", "\"type\":\"elf\""), "unknown module type \"elf\"");
  EXPECT_EQ(error_with("\"file\":\"a.wasm\"", "\"file\":\"../x\""),
            "\"../x\" is not the name of a module file");
  EXPECT_EQ(error_with("\"file\":\"a.wasm\"", "\"file\":\"b.wasm\""),
            "module file b.wasm: the file does not exist");
  EXPECT_EQ(error_with("\"main\":\"worker.js\"", "\"main\":\"x.js\""),
            "the entry module \"x.js\" is not among the modules");
  EXPECT_EQ(error_with("[5,0,9,2]", "[5,2,9,2]"), "\"source_map\" is not a source map");
  EXPECT_EQ(error_with("[5,0,9,2]", "[5,0,9]"), "\"source_map\" is not a source map");
  EXPECT_EQ(error_with("\"cpu_ms\":50", "\"cpu_ms\":-1"),
            "\"limits.cpu_ms\" is not a positive integer");
  EXPECT_EQ(error_with("\"storage\":\"sqlite\"", "\"storage\":\"tape\""),
            "unknown storage \"tape\"");
}

}  // namespace
}  // namespace orrery::config::testing
