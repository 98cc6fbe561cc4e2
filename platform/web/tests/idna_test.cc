// IDNA against web-platform-tests' toascii.json, and the edges that file leaves out.
#include "platform/web/natives/idna.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace orrery::web {
namespace {

// toascii.json has host strings of the URL parser; these characters are refused by the parser itself,
// after domain-to-ASCII.
bool has_forbidden_domain_character(const std::string& ascii) {
  return ascii.find_first_of("#%/:<>?@[\\]^|") != std::string::npos ||
         ascii.find_first_of("\x7f") != std::string::npos ||
         std::any_of(ascii.begin(), ascii.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

TEST(Idna, EveryCaseOfToAsciiJsonHolds) {
  std::ifstream file(WEB_TEST_DATA "/toascii.json");
  ASSERT_TRUE(file.good());
  const auto cases = nlohmann::json::parse(file);
  int count = 0;
  for (const auto& entry : cases) {
    if (!entry.is_object()) continue;
    ++count;
    const std::string input = entry["input"].get<std::string>();
    std::optional<std::string> result = domain_to_ascii(input, false);
    if (result && (result->empty() || has_forbidden_domain_character(*result))) result.reset();
    if (entry["output"].is_null()) {
      EXPECT_FALSE(result.has_value()) << input << " gave " << result.value_or("");
    } else {
      ASSERT_TRUE(result.has_value()) << input;
      EXPECT_EQ(*result, entry["output"].get<std::string>()) << input;
    }
  }
  EXPECT_GT(count, 40);
}

TEST(Idna, StrictRefusesWhatLenientLetsPass) {
  const char* cases[] = {"-x.com", "x-.com", "ab--c.com", "a..com", "a_b.com"};
  for (const char* domain : cases) {
    EXPECT_TRUE(domain_to_ascii(domain, false).has_value()) << domain;
    EXPECT_FALSE(domain_to_ascii(domain, true).has_value()) << domain;
  }
  EXPECT_EQ(domain_to_ascii("b\xc3\xbc" "cher.example", true), "xn--bcher-kva.example");
}

TEST(Idna, LongLabelsGrowTheBufferAndPassWhenLenient) {
  const std::string label(3000, 'a');
  EXPECT_EQ(domain_to_ascii(label + ".\xc3\xbc", false), label + ".xn--tda");
  std::string many;
  for (int i = 0; i < 500; ++i) many += "\xf0\x9f\x92\xa9.";
  const auto result = domain_to_ascii(many + "com", false);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->substr(0, 18), "xn--ls8h.xn--ls8h.");
}

TEST(Idna, MalformedUtf8IsRefused) {
  EXPECT_FALSE(domain_to_ascii("a\xff.com", false).has_value());
}

TEST(Idna, ToUnicodeDecodesPunycodeAndKeepsWhatItCannot) {
  EXPECT_EQ(domain_to_unicode("xn--mnchen-3ya.de"), "m\xc3\xbcnchen.de");
  EXPECT_EQ(domain_to_unicode("plain.example"), "plain.example");
}

}  // namespace
}  // namespace orrery::web
