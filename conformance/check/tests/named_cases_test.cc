// One case for each thing the checker must say, written as history files.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/check/check_history.h"
#include "conformance/check/history_file.h"
#include "conformance/check/tests/random_history.h"

namespace orrery::check {
namespace {

using history::Function;
using history::History;
using history::OperationId;
using history::Value;
using testing::HasSubstr;

// `1 invoke write 7` a line: process, event, function, then v as JSON if any.
std::string file(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    std::string line = text.substr(begin, end - begin);
    begin = end == std::string::npos ? text.size() : end + 1;
    std::string parts[3];
    for (std::string& part : parts) {
      const std::size_t space = line.find(' ');
      part = line.substr(0, space);
      line = space == std::string::npos ? "" : line.substr(space + 1);
    }
    out += "{\"p\":" + parts[0] + ",\"e\":\"" + parts[1] + "\",\"f\":\"" + parts[2] + "\"" +
           (line.empty() ? "" : ",\"v\":" + line) + "}\n";
  }
  return out;
}

Verdict verdict(const std::string& text, Model model, Budget budget = {}) {
  const auto read = read_history(file(text));
  EXPECT_TRUE(std::holds_alternative<HistoryFile>(read)) << file(text);
  return linearizable(std::get<HistoryFile>(read).history, model, budget);
}

VerdictKind kind(const std::string& text, Model model) { return verdict(text, model).kind; }

TEST(Register, StartsAsNull) {
  EXPECT_EQ(kind("1 invoke read\n1 ok read null", Model::kRegister), VerdictKind::kOk);
  EXPECT_EQ(kind("1 invoke read\n1 ok read 0", Model::kRegister), VerdictKind::kViolation);
}

TEST(Register, AStaleReadIsNamedWithTheWriteItMissed) {
  const Verdict v = verdict(
      "1 invoke write 1\n1 ok write\n1 invoke write 2\n1 ok write\n2 invoke read\n2 ok read 1",
      Model::kRegister);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_EQ(v.witness.operations, (std::vector<OperationId>{0, 1, 2}));
  EXPECT_THAT(v.witness.sentence, HasSubstr("#5 2 read -> 1"));
}

TEST(Register, AnUnansweredWriteMayTakeEffectLate) {
  const std::string begin = "1 invoke write 1\n1 info write\n2 invoke read\n2 ok read null\n";
  EXPECT_EQ(kind(begin + "2 invoke read\n2 ok read 1", Model::kRegister), VerdictKind::kOk);
  EXPECT_EQ(kind(begin + "2 invoke read\n2 ok read null", Model::kRegister), VerdictKind::kOk);
  EXPECT_EQ(
      kind(begin + "2 invoke read\n2 ok read 1\n2 invoke read\n2 ok read null", Model::kRegister),
      VerdictKind::kViolation);
}

TEST(Register, AFailedWriteDidNotHappen) {
  EXPECT_EQ(kind("1 invoke write 1\n1 fail write\n2 invoke read\n2 ok read 1", Model::kRegister),
            VerdictKind::kViolation);
}

TEST(Register, KnowsNoCas) {
  const Verdict v = verdict("1 invoke cas [1,2]\n1 ok cas", Model::kRegister);
  EXPECT_EQ(v.kind, VerdictKind::kBadInput);
  EXPECT_THAT(v.reason, HasSubstr("no operation \"cas\""));
}

TEST(CasRegister, AnAnswerOfFalseMeansTheValueWasAnother) {
  const std::string begin = "1 invoke write 1\n1 ok write\n";
  EXPECT_EQ(kind(begin + "1 invoke cas [1,2]\n1 ok cas false", Model::kCasRegister),
            VerdictKind::kViolation);
  EXPECT_EQ(kind(begin + "1 invoke cas [3,2]\n1 ok cas false", Model::kCasRegister),
            VerdictKind::kOk);
  EXPECT_EQ(kind(begin + "1 invoke cas [3,2]\n1 ok cas true", Model::kCasRegister),
            VerdictKind::kViolation);
}

TEST(CasRegister, AFailedCasSaysNothingAboutTheValue) {
  EXPECT_EQ(
      kind("1 invoke write 1\n1 ok write\n1 invoke cas [1,2]\n1 fail cas", Model::kCasRegister),
      VerdictKind::kOk);
}

TEST(CasRegister, TwoCasFromOneValueContradict) {
  const Verdict v = verdict(
      "1 invoke write 1\n1 ok write\n1 invoke cas [1,2]\n2 invoke cas [1,3]\n1 ok cas\n2 ok cas "
      "true",
      Model::kCasRegister);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_THAT(v.witness.sentence, HasSubstr("both replaced the same value"));
}

// The cas that nobody answered binds 4 to 5 only because somebody read 5.
TEST(CasRegister, AnUnansweredCasIsNamedWithWhoeverSawIt) {
  const Verdict v = verdict(
      "1 invoke write 3\n3 invoke write 4\n3 ok write\n1 ok write\n3 invoke read\n0 invoke read\n0 ok read 3\n"
      "2 invoke read\n0 invoke cas [4,5]\n3 ok read 4\n2 ok read 5",
      Model::kCasRegister);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_THAT(v.witness.operations, testing::Contains(4));
}

TEST(Kv, AKeyStartsAsTheEmptyString) {
  EXPECT_EQ(kind("1 invoke get\n1 ok get \"\"", Model::kKv), VerdictKind::kOk);
  EXPECT_EQ(kind("1 invoke get\n1 ok get null", Model::kKv), VerdictKind::kViolation);
}

TEST(Kv, AppendsConcatenate) {
  const std::string begin = "1 invoke put \"x\"\n1 ok put\n1 invoke append \"y\"\n1 ok append\n";
  EXPECT_EQ(kind(begin + "2 invoke get\n2 ok get \"xy\"", Model::kKv), VerdictKind::kOk);
  EXPECT_EQ(kind(begin + "2 invoke get\n2 ok get \"yx\"", Model::kKv), VerdictKind::kViolation);
}

TEST(Counter, ALostIncrementIsAViolation) {
  EXPECT_EQ(kind("1 invoke add 1\n2 invoke add 1\n1 ok add\n2 ok add\n1 invoke read\n1 ok read 1",
                 Model::kCounter),
            VerdictKind::kViolation);
}

TEST(Counter, TheArgumentRepeatedInAnAnswerIsNotTheNewValue) {
  EXPECT_EQ(
      kind("1 invoke add 5\n1 ok add 5\n1 invoke add 5\n1 ok add 5\n1 invoke read\n1 ok read 10",
           Model::kCounter),
      VerdictKind::kOk);
}

TEST(Counter, TwoAddsWithTheSameNewValueContradict) {
  History history;
  const OperationId a =
      history.invoke(Value::string("client/1"), Function::kAdd, Value(), Value::integer(1), 1);
  const OperationId b =
      history.invoke(Value::string("client/2"), Function::kAdd, Value(), Value::integer(1), 2);
  history.ok(a, Value::integer(1), 3);
  history.ok(b, Value::integer(1), 4);
  const Verdict v = linearizable(history, Model::kCounter);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_EQ(v.witness.operations, (std::vector<OperationId>{a, b}));
  EXPECT_EQ(v.witness.sentence,
            "#0 client/1 add 1 -> 1 and #1 client/2 add 1 -> 1 both made the counter that number");
}

TEST(Set, AReadWithoutAnAcknowledgedElementIsAViolation) {
  const Verdict v = verdict("1 invoke add 1\n1 ok add\n2 invoke read\n2 ok read []", Model::kSet);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_THAT(v.witness.sentence, HasSubstr("does not have the element"));
}

TEST(Queue, ElementsLeaveInTheirOrder) {
  const std::string begin = "1 invoke enqueue 1\n1 ok enqueue\n1 invoke enqueue 2\n1 ok enqueue\n";
  EXPECT_EQ(kind(begin + "2 invoke dequeue\n2 ok dequeue 1", Model::kQueue), VerdictKind::kOk);
  EXPECT_EQ(kind(begin + "2 invoke dequeue\n2 ok dequeue 2", Model::kQueue),
            VerdictKind::kViolation);
  EXPECT_EQ(kind(begin + "2 invoke dequeue\n2 ok dequeue null", Model::kQueue),
            VerdictKind::kViolation);
}

TEST(Lock, TwoHoldersAtOnceAreAViolation) {
  const Verdict v =
      verdict("1 invoke acquire\n1 ok acquire\n2 invoke acquire\n2 ok acquire", Model::kLock);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_EQ(v.witness.operations.size(), 2u);
}

TEST(MultiRegister, ATransactionReadsOneMoment) {
  const std::string begin =
      "1 invoke txn [[\"w\",\"x\",1],[\"w\",\"y\",1]]\n1 ok txn "
      "[[\"w\",\"x\",1],[\"w\",\"y\",1]]\n";
  const auto read = [](const std::string& x, const std::string& y) {
    return "2 invoke txn [[\"r\",\"x\",null],[\"r\",\"y\",null]]\n2 ok txn [[\"r\",\"x\"," + x +
           "],[\"r\",\"y\"," + y + "]]";
  };
  EXPECT_EQ(kind(begin + read("1", "1"), Model::kMultiRegister), VerdictKind::kOk);
  EXPECT_EQ(kind(begin + read("1", "null"), Model::kMultiRegister), VerdictKind::kViolation);
}

TEST(Models, AreRefusedByNameWhenUnknown) {
  EXPECT_THAT(check_history("", "nonsense", ""), HasSubstr("there is no model"));
}

TEST(Keys, AreCheckedByThemselves) {
  const std::string text = R"({"p":1,"e":"invoke","f":"write","k":"x","v":1})"
                           "\n"
                           R"({"p":1,"e":"ok","f":"write","k":"x"})"
                           "\n"
                           R"({"p":1,"e":"invoke","f":"read","k":"y"})"
                           "\n"
                           R"({"p":1,"e":"ok","f":"read","k":"y","v":null})"
                           "\n"
                           R"({"p":1,"e":"invoke","f":"read","k":"x"})"
                           "\n"
                           R"({"p":1,"e":"ok","f":"read","k":"x","v":null})"
                           "\n";
  const std::string answer = check_history(text, "register", "");
  EXPECT_THAT(answer, HasSubstr("\"verdict\":\"violation\""));
  EXPECT_THAT(answer, HasSubstr("\"key\":\"x\""));
}

TEST(Budget, IsKeptAndTellsHowFarItGot) {
  // Many overlapping writes of few values, and a read that none explains: no order, at great cost.
  History history;
  for (int i = 0; i < 24; ++i) {
    history.invoke(Value::integer(i), Function::kCas, Value(),
                   Value::list({Value::integer(i % 5), Value::integer((i * 3 + 1) % 7)}), 0);
  }
  const OperationId w =
      history.invoke(Value::integer(98), Function::kWrite, Value(), Value::integer(0), 0);
  history.ok(w, Value(), 1);
  for (int i = 0; i < 24; ++i) history.ok(static_cast<OperationId>(i), Value::boolean(true), 1);
  const OperationId read = history.invoke(Value::integer(99), Function::kRead, Value(), Value(), 2);
  history.ok(read, Value::integer(6), 3);
  const Verdict v =
      linearizable(history, Model::kCasRegister, {.steps = 1000, .memory_bytes = 1 << 20});
  EXPECT_EQ(v.kind, VerdictKind::kUnknown);
  EXPECT_LT(v.steps, 2000u);
  EXPECT_EQ(v.to_explain, 26u);
  EXPECT_LT(v.explained, 26u);
}

TEST(Witness, IsSmallWhenTheHistoryIsLarge) {
  // Ten clients on a register with few values; then one read of a value long overwritten.
  Chance chance(7);
  RandomHistory shape{.operations = 2000,
                      .processes = 10,
                      .values = 5,
                      .keys = 1,
                      .wrong_one_in = 0,
                      .unknown_one_in = 100};
  History history = random_history(Model::kCasRegister, shape, chance);
  ASSERT_EQ(linearizable(history, Model::kCasRegister).kind, VerdictKind::kOk);
  const Value late = Value::string("late");
  const OperationId w1 = history.invoke(late, Function::kWrite, Value(), Value::integer(77), 0);
  history.ok(w1, Value(), 0);
  const OperationId w2 = history.invoke(late, Function::kWrite, Value(), Value::integer(78), 0);
  history.ok(w2, Value(), 0);
  const OperationId r = history.invoke(late, Function::kRead, Value(), Value(), 0);
  history.ok(r, Value::integer(77), 0);
  const Verdict v = linearizable(history, Model::kCasRegister);
  EXPECT_EQ(v.kind, VerdictKind::kViolation);
  EXPECT_EQ(v.witness.operations, (std::vector<OperationId>{w1, w2, r}));
}

}  // namespace
}  // namespace orrery::check
