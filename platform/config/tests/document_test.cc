// The two readers of wrangler files: values, places, and JSON's corner cases.
#include <gtest/gtest.h>

#include "platform/config/closest.h"
#include "platform/config/document.h"
#include "platform/config/dotenv.h"

namespace orrery::config {
namespace {

std::string json_text(std::string_view text) {
  const Result<Value> value = parse_jsonc(text, "f.json");
  return value.ok() ? dump(to_json(*value)) : value.error().text();
}

TEST(Jsonc, ValuesComeOutAsWritten) {
  EXPECT_EQ(json_text(R"({"a": [1, -2.5, true, false, null, "x"], "b": {}})"),
            R"({"a":[1,-2.5,true,false,null,"x"],"b":{}})");
  EXPECT_EQ(json_text(R"("\u00e9\ud83d\ude00\n\"")"), "\"é😀\\n\\\"\"");
  EXPECT_EQ(json_text("\xEF\xBB\xBF[1]"), "[1]");
  EXPECT_EQ(json_text("[9223372036854775807, 9223372036854775808]"),
            "[9223372036854775807,9.223372036854776e+18]");
}

TEST(Jsonc, CommentsAndTrailingCommasAreSkipped) {
  EXPECT_EQ(json_text("// a\n{ /* b\n */ \"x\": [1, 2, ], // c\n }\n/* d */"), R"({"x":[1,2]})");
}

TEST(Jsonc, OfEqualKeysTheLastWins) { EXPECT_EQ(json_text(R"({"a":1,"a":2})"), R"({"a":2})"); }

TEST(Jsonc, EachMistakeHasItsPlaceAndWords) {
  EXPECT_EQ(json_text("{\n \"a\": }"),
            "f.json:2:7: not valid JSON: a value is expected here, not \"}\"");
  EXPECT_EQ(json_text("[1 2]"), "f.json:1:4: not valid JSON: a comma or ] is expected, not \"2\"");
  EXPECT_EQ(json_text("{'a': 1}"),
            "f.json:1:2: not valid JSON: a key in double quotes is expected, not \"'\"");
  EXPECT_EQ(json_text("[1] x"),
            "f.json:1:5: not valid JSON: something follows the end of the document "
            "(remove it, or look for a brace too many)");
  EXPECT_EQ(json_text("[\n[1"),
            "f.json:2:1: not valid JSON: this list does not end (close it with ])");
  EXPECT_EQ(json_text("\"abc"),
            "f.json:1:1: not valid JSON: this string does not end on its line (close it with \")");
  EXPECT_EQ(json_text("/* x"), "f.json:1:1: not valid JSON: this comment does not end");
  EXPECT_EQ(json_text("[01]"), "f.json:1:3: not valid JSON: a comma or ] is expected, not \"1\"");
  EXPECT_EQ(json_text(""), "f.json:1:1: not valid JSON: a value is missing at the end of the file");
}

TEST(Jsonc, DeepNestingIsAnErrorNotACrash) {
  EXPECT_EQ(json_text(std::string(1000000, '[')),
            "f.json:1:202: not valid JSON: nested too deeply");
}

TEST(Toml, ValuesKeepTheFilesOrderAndPlaces) {
  const Result<Value> value = parse_toml("b = 1\na = [1.5, \"x\"]\n[z]\nd = 2026-01-02\n", "f");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(dump(to_json(*value)), R"({"b":1,"a":[1.5,"x"],"z":{"d":"2026-01-02"}})");
  EXPECT_EQ(value->find_member("a")->place, (Place{2, 1}));
  EXPECT_EQ(value->find("a")->items[1].place, (Place{2, 11}));
}

std::string toml_text(std::string_view text) {
  const Result<Value> value = parse_toml(text, "f.toml");
  return value.ok() ? dump(to_json(*value)) : value.error().text();
}

TEST(Toml, TablesGrowByHeadersDottedKeysAndLists) {
  EXPECT_EQ(toml_text("a.b.c = 1\na.b.d = 2\n[[l.x]]\nk = 1\n[l.x.sub]\ny = 2\n[[l.x]]\n"
                      "[p.q]\n[p]\nr = {s.t = 3}\n"),
            R"({"a":{"b":{"c":1,"d":2}},"l":{"x":[{"k":1,"sub":{"y":2}},{}]},)"
            R"("p":{"q":{},"r":{"s":{"t":3}}}})");
}

TEST(Toml, StringsAndNumbersOfEveryKind) {
  EXPECT_EQ(toml_text("a = \"\"\"\nx\\\n   y\"\"\"\"\nb = '''\\n'''\n"
                      "c = \"\\u00e9\\U0001F600\"\n"),
            R"({"a":"xy\"","b":"\\n","c":"é😀"})");
  EXPECT_EQ(toml_text("n = [0xff, 0o17, 0b11, 1_000, +5, -0, 1e3, -0.5, 6.0e-1]"),
            R"({"n":[255,15,3,1000,5,0,1000.0,-0.5,0.6]})");
  EXPECT_EQ(toml_text("d = [2026-01-02, 07:32:00, 1979-05-27 00:32:00.5-07:00]"),
            R"({"d":["2026-01-02","07:32:00","1979-05-27 00:32:00.5-07:00"]})");
  for (const char* bad : {"01", "1__0", "_1", "1e_0", "1.", ".5", "0x", "tru", "2026-1-2", "é"}) {
    EXPECT_FALSE(parse_toml("a = " + std::string(bad), "f").ok()) << bad;
  }
}

TEST(Toml, EachMistakeHasItsPlaceAndWords) {
  EXPECT_EQ(toml_text("a = 1\na = 2\n"), "f.toml:2:1: not valid TOML: \"a\" is there already "
                                         "(each key and table may be written once)");
  EXPECT_EQ(toml_text("[a]\n[a]\n").substr(0, 10), "f.toml:2:2");
  EXPECT_EQ(toml_text("a = {}\n[a.b]\n").substr(0, 10), "f.toml:2:2");
  EXPECT_EQ(toml_text("a = x y"), "f.toml:1:5: not valid TOML: \"x\" is no value "
                                  "(text must stand in quotes)");
  EXPECT_EQ(toml_text("a = 1 b = 2"),
            "f.toml:1:7: not valid TOML: the line should end here, but there is \"b\"");
  EXPECT_EQ(toml_text("a = [1\n"),
            "f.toml:1:5: not valid TOML: this list does not end (close it with ])");
}

TEST(Toml, DeepNestingIsAnErrorNotACrash) {
  EXPECT_FALSE(parse_toml("a = " + std::string(100000, '['), "f").ok());
}

TEST(Dotenv, LinesThatAreNoAssignmentAreSkipped) {
  const auto values = parse_dotenv("nonsense\n=x\nA = 1\n\nB=\nC=`a\nb`\nA=2\nD=\"open");
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values[0], (std::pair<std::string, std::string>("A", "2")));
  EXPECT_EQ(values[1].second, "");
  EXPECT_EQ(values[2].second, "a\nb");
  EXPECT_EQ(values[3].second, "\"open");
}

TEST(Closest, OnlyNearWordsAreOffered) {
  EXPECT_EQ(closest("nmae", {"name", "main"}), "name");
  EXPECT_EQ(closest("cpu", {"cpu_ms", "subrequests"}), "");
}

}  // namespace
}  // namespace orrery::config
