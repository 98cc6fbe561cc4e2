// Tests of the recording of histories: outcomes, order, names.
#include "sim/history/history.h"

#include <gtest/gtest.h>

namespace orrery::history {
namespace {

const Value kClient = Value::string("client/1");

TEST(History, AnUnansweredOperationIsUnknownNeverFail) {
  History history;
  const OperationId id = history.invoke(kClient, Function::kWrite, Value(), Value::integer(1), 5);
  EXPECT_EQ(history.operations()[id].outcome, Outcome::kUnknown);
  EXPECT_EQ(history.operations()[id].return_seq, kNoEvent);
}

TEST(History, AnOutcomeIsSetOnce) {
  History history;
  const OperationId id = history.invoke(kClient, Function::kRead, Value(), Value(), 5);
  EXPECT_TRUE(history.ok(id, Value::integer(7), 9));
  EXPECT_FALSE(history.fail(id, 10));
  EXPECT_FALSE(history.unknown(id, 10));
  EXPECT_EQ(history.operations()[id].outcome, Outcome::kOk);
  EXPECT_EQ(history.operations()[id].return_us, 9);
}

TEST(History, EventsOfOneMicrosecondKeepTheirOrder) {
  History history;
  const OperationId a = history.invoke(kClient, Function::kRead, Value(), Value(), 5);
  history.ok(a, Value(), 5);
  const OperationId b = history.invoke(kClient, Function::kRead, Value(), Value(), 5);
  EXPECT_LT(history.operations()[a].return_seq, history.operations()[b].invoke_seq);
}

TEST(History, KeysOfDifferentKindsAreDifferentObjects) {
  History history;
  const auto a = history.key_id(Value::integer(1));
  const auto b = history.key_id(Value::string("1"));
  EXPECT_NE(a, b);
  EXPECT_EQ(history.key_id(Value::integer(1)), a);
  EXPECT_EQ(history.key(b).as_string(), "1");
}

TEST(Value, TextsAreEqualExactlyWhenValuesAre) {
  const std::vector<Value> values = {Value(),
                                     Value::boolean(true),
                                     Value::boolean(false),
                                     Value::integer(1),
                                     Value::integer(-1),
                                     Value::string(""),
                                     Value::string("1"),
                                     Value::string("null"),
                                     Value::string("a\"b\\\n\x01"),
                                     Value::list({}),
                                     Value::list({Value::integer(1)}),
                                     Value::list({Value::list({})})};
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      EXPECT_EQ(values[i] == values[j], i == j);
      EXPECT_EQ(values[i].text() == values[j].text(), i == j);
    }
  }
}

TEST(Functions, NamesReadBack) {
  for (const auto text : kFunctionNames) EXPECT_EQ(name(*function_named(text)), text);
  EXPECT_FALSE(function_named("flush").has_value());
}

}  // namespace
}  // namespace orrery::history
