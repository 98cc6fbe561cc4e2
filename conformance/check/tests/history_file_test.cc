// What the reader of history files accepts, and what it says of lines it does not.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/check/check_history.h"
#include "conformance/check/history_file.h"

namespace orrery::check {
namespace {

using history::Outcome;
using history::Value;
using testing::HasSubstr;

LineError error(const std::string& text) {
  const auto read = read_history(text);
  if (const auto* found = std::get_if<LineError>(&read)) return *found;
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

const std::string kInvoke = R"({"i":0,"p":1,"e":"invoke","f":"write","v":1})"
                            "\n";

TEST(HistoryFile, RefusesTextThatIsNotUtf8SoThatAnswersAreJson) {
  for (const char* bad : {"\xff", "a\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80"}) {
    const LineError found = error(kInvoke + "{\"" + bad + "\":1}");
    EXPECT_EQ(found.line, 2u);
    EXPECT_THAT(found.reason, HasSubstr("not UTF-8"));
  }
  const auto read = read_history("{\"p\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"e\":\"invoke\",\"f\":\"read\"}");
  EXPECT_TRUE(std::holds_alternative<HistoryFile>(read));
}

TEST(HistoryFile, NumbersOperationsByTheirFirstLine) {
  const auto read = read_history("\n" + kInvoke +
                                 R"({"p":1,"e":"ok"})"
                                 "\n\n"
                                 R"({"p":1,"e":"invoke","f":"read"})");
  const HistoryFile& file = std::get<HistoryFile>(read);
  ASSERT_EQ(file.history.size(), 2u);
  EXPECT_EQ(file.history.operations()[0].label, 0u);
  EXPECT_EQ(file.history.operations()[1].label, 5u);
  EXPECT_EQ(file.invoke_line, (std::vector<std::uint32_t>{2, 5}));
  EXPECT_EQ(file.answer_line, (std::vector<std::uint32_t>{3, 0}));
  EXPECT_EQ(file.history.operations()[1].outcome, Outcome::kUnknown);
}

TEST(HistoryFile, TakesLineEndsOfAnotherSystemAndUnknownFields) {
  const auto read =
      read_history("{\"p\":1,\"e\":\"invoke\",\"f\":\"read\",\"x\":{\"a\":[1.5e3]}}\r\n");
  EXPECT_EQ(std::get<HistoryFile>(read).history.size(), 1u);
}

TEST(HistoryFile, SaysWhichLineIsBadAndWhy) {
  const auto expect = [](const std::string& text, std::uint64_t line, const char* reason) {
    const LineError found = error(text);
    EXPECT_EQ(found.line, line) << text;
    EXPECT_THAT(found.reason, HasSubstr(reason)) << text;
  };
  expect(kInvoke + "{\"p\":1,\"e\":\"ok\"", 2, "'}' expected, but the line ends");
  expect(kInvoke + "nonsense", 2, "'{' expected");
  expect(kInvoke + "{} {}", 2, "something follows");
  expect("{\"e\":\"invoke\",\"f\":\"read\"}", 1, "\"p\" is missing");
  expect("{\"p\":1,\"f\":\"read\"}", 1, "\"e\" is missing");
  expect("{\"p\":1,\"e\":\"invoke\"}", 1, "\"f\" is missing");
  expect("{\"p\":1,\"e\":\"begin\",\"f\":\"read\"}", 1, "not invoke, ok, fail or info");
  expect("{\"p\":1,\"e\":\"invoke\",\"f\":\"flush\"}", 1, "no operation");
  expect("{\"p\":1,\"e\":\"ok\",\"f\":\"read\"}", 1, "no operation outstanding");
  expect(kInvoke + kInvoke, 2, "while its operation of line 1");
  expect(kInvoke + "{\"p\":1,\"e\":\"ok\",\"f\":\"read\"}", 2, "but line 1 invoked \"write\"");
  expect(kInvoke + "{\"p\":1,\"e\":\"ok\",\"k\":\"x\"}", 2, "answers for key");
  expect("{\"p\":1.5,\"e\":\"invoke\",\"f\":\"read\"}", 1, "fraction");
  expect("{\"p\":1,\"e\":\"invoke\",\"f\":\"write\",\"v\":{}}", 1, "objects are not supported");
  expect("{\"p\":1,\"e\":\"invoke\",\"f\":\"write\",\"v\":99999999999999999999}", 1, "64 bits");
  expect("{\"p\":1,\"e\":\"invoke\",\"f\":\"write\",\"v\":\"\\ud800\"}", 1, "surrogate");
  expect("{\"p\":1,\"e\":\"invoke\",\"f\":\"write\",\"v\":" + std::string(100, '[') +
             std::string(100, ']') + "}",
         1, "nested too deeply");
}

TEST(HistoryFile, ReadsEscapesAsTheirCharacters) {
  const auto read =
      read_history(R"({"p":"a","e":"invoke","f":"write","v":"\u00e9\n\ud83d\ude00\"\\"})");
  EXPECT_EQ(std::get<HistoryFile>(read).history.operations()[0].argument.as_string(), "é\n😀\"\\");
}

TEST(CheckHistory, NamesTheLineOfAnOperationThatDoesNotFitTheModel) {
  const std::string text = kInvoke + R"({"p":1,"e":"ok"})"
                                     "\n"
                                     R"({"p":1,"e":"invoke","f":"cas","v":[1]})";
  EXPECT_EQ(check_history(text, "cas-register", ""),
            R"({"orrery":1,"verdict":"bad-input","model":"cas-register","operations":2,)"
            R"("error":{"line":3,"reason":"cas needs v = [from, to]"}})");
}

TEST(CheckHistory, AnswersWithOneDocument) {
  const std::string text = kInvoke + R"({"p":1,"e":"ok"})"
                                     "\n"
                                     R"({"i":7,"p":2,"e":"invoke","f":"read"})"
                                     "\n"
                                     R"({"p":2,"e":"ok","v":null})";
  EXPECT_EQ(
      check_history(text, "register", "{\"steps\":1000}"),
      R"({"orrery":1,"verdict":"violation","model":"register","operations":2,"steps":2,"key":null,)"
      R"("witness":{"operations":[{"i":0,"p":1,"f":"write","k":null,"v":1,"result":null,)"
      R"("outcome":"ok","invoke_us":0,"return_us":0,"line":1,"text":"#0 1 write 1"},{"i":7,"p":2,"f":"read","k":null,)"
      R"("v":null,"result":null,"outcome":"ok","invoke_us":0,"return_us":0,"line":3,"text":"#7 2 read -> null"}],)"
      R"("sentence":"#0 1 write 1 was answered before #7 2 read -> null began, which still saw the )"
      R"(initial value"}})");
}

TEST(CheckHistory, TakesACountersNewValueFromROrOnRequestFromV) {
  const auto answer = [](const char* field) {
    const std::string ok = std::string(R"("e":"ok","f":"add",")") + field + "\":1}\n";
    return R"({"p":1,"e":"invoke","f":"add","v":1})"
           "\n"
           R"({"p":1,)" +
           ok +
           R"({"p":1,"e":"invoke","f":"add","v":1})"
           "\n"
           R"({"p":1,)" +
           ok;
  };
  EXPECT_THAT(check_history(answer("v"), "counter", ""), HasSubstr("\"verdict\":\"ok\""));
  EXPECT_THAT(check_history(answer("r"), "counter", ""), HasSubstr("\"verdict\":\"violation\""));
  EXPECT_THAT(check_history(answer("v"), "counter", R"({"add_returns":true})"),
              HasSubstr("\"verdict\":\"violation\""));
}

TEST(CheckHistory, RefusesOptionsItCannotRead) {
  EXPECT_THAT(check_history("", "register", "{\"steps\":-1}"),
              HasSubstr("steps must be an integer"));
  EXPECT_THAT(check_history("", "register", "{"), HasSubstr("bad-input"));
  EXPECT_THAT(check_history("", "register", ""), HasSubstr("\"verdict\":\"ok\""));
}

}  // namespace
}  // namespace orrery::check
