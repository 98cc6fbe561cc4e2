// Each anomaly by name, with the shortest cycle that shows it, from history files.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/check/check_history.h"
#include "conformance/check/history_file.h"
#include "conformance/check/transactions/transactions.h"

namespace orrery::check {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string event(int process, const std::string& kind, const std::string& parts) {
  return "{\"p\":" + std::to_string(process) + ",\"e\":\"" + kind + "\",\"f\":\"txn\"" +
         (parts.empty() ? "" : ",\"v\":" + parts) + "}\n";
}
std::string ask(int process, const std::string& parts) { return event(process, "invoke", parts); }
std::string ok(int process, const std::string& parts) { return event(process, "ok", parts); }

// Transactions of processes 1, 2, ... that all overlap; lines i and n + i.
std::string together(const std::vector<std::string>& txns) {
  std::string out;
  for (std::size_t i = 0; i < txns.size(); ++i) out += ask(static_cast<int>(i) + 1, txns[i]);
  for (std::size_t i = 0; i < txns.size(); ++i) out += ok(static_cast<int>(i) + 1, txns[i]);
  return out;
}
std::string alone(int process, const std::string& parts) {
  return ask(process, parts) + ok(process, parts);
}

TransactionVerdict verdict(const std::string& text, Model model,
                           Level required = Level::kSerializability, Budget budget = {}) {
  const auto read = read_history(text);
  EXPECT_TRUE(std::holds_alternative<HistoryFile>(read)) << text;
  return check_transactions(std::get<HistoryFile>(read).history, model, required, budget);
}
TransactionVerdict lists(const std::string& text) { return verdict(text, Model::kListAppend); }
TransactionVerdict registers(const std::string& text) { return verdict(text, Model::kRwRegister); }

std::vector<std::string> names(const TransactionVerdict& verdict) {
  std::vector<std::string> out;
  for (const Anomaly& anomaly : verdict.anomalies) out.push_back(anomaly.name);
  return out;
}
const Anomaly& named(const TransactionVerdict& verdict, const std::string& name) {
  static const Anomaly kNothing;
  for (const Anomaly& anomaly : verdict.anomalies) {
    if (anomaly.name == name) return anomaly;
  }
  ADD_FAILURE() << "no " << name << " among " << testing::PrintToString(names(verdict));
  return kNothing;
}

TEST(ListAppend, AQuietHistoryHoldsEverything) {
  const auto v = lists(alone(1, R"([["append","x",1]])") + alone(2, R"([["r","x",[1]]])"));
  EXPECT_EQ(v.kind, VerdictKind::kOk);
  EXPECT_THAT(v.violates, IsEmpty());
  EXPECT_THAT(v.undecided, IsEmpty());
  EXPECT_EQ(v.holds.size(), kLevels);
}

TEST(ListAppend, G0IsTwoKeysAppendedInOppositeOrders) {
  const auto v = lists(together({R"([["append","x",1],["append","y",1]])",
                                 R"([["append","x",2],["append","y",2]])",
                                 R"([["r","x",[1,2]]])", R"([["r","y",[2,1]]])"}));
  const Anomaly& g0 = named(v, "G0");
  EXPECT_EQ(g0.sentence,
            "T2 appended 2 to x after T1 had appended 1: T1 -> T2; "
            "T1 appended 1 to y after T2 had appended 2: T2 -> T1");
  EXPECT_THAT(v.violates, Contains(Level::kReadUncommitted));
}

TEST(ListAppend, G1aIsAReadOfWhatFailed) {
  const auto v = lists(ask(1, R"([["append","x",1]])") + event(1, "fail", "") +
                       alone(2, R"([["r","x",[1]]])"));
  EXPECT_THAT(names(v), ElementsAre("G1a"));
  EXPECT_THAT(named(v, "G1a").operations, ElementsAre(0, 1));
  EXPECT_THAT(v.violates, Not(Contains(Level::kReadUncommitted)));
  EXPECT_THAT(v.violates, Contains(Level::kReadCommitted));
}

TEST(ListAppend, G1bIsAReadOfTheMiddle) {
  const auto v = lists(together({R"([["append","x",1],["append","x",2]])", R"([["r","x",[1]]])",
                                 R"([["r","x",[1,2]]])"}));
  EXPECT_THAT(named(v, "G1b").sentence, HasSubstr("in the middle of what T1 appended"));
}

TEST(ListAppend, G1cIsTwoThatReadEachOther) {
  const auto v = lists(together({R"([["append","x",1],["r","y",[1]]])",
                                 R"([["append","y",1],["r","x",[1]]])"}));
  EXPECT_THAT(names(v), ElementsAre("G1c"));
  EXPECT_EQ(named(v, "G1c").steps.size(), 2u);
  EXPECT_THAT(named(v, "G1c").sentence, HasSubstr("T2 read x as [1], whose 1 T1 had appended: T1 -> T2"));
}

TEST(ListAppend, GSingleIsASkewedRead) {
  const auto v = lists(together({R"([["append","x",1],["append","y",1]])",
                                 R"([["r","x",[]],["r","y",[1]]])", R"([["r","x",[1]]])"}));
  EXPECT_THAT(names(v), ElementsAre("G-single"));
  EXPECT_THAT(named(v, "G-single").sentence, HasSubstr("T2 read x as [], before T1 appended 1"));
  EXPECT_THAT(v.violates, Contains(Level::kSnapshotIsolation));
  EXPECT_THAT(v.holds, Contains(Level::kReadCommitted));
}

TEST(ListAppend, G2ItemIsASkewedWriteAndSnapshotIsolationAllowsIt) {
  const auto v = lists(together({R"([["r","x",[]],["append","y",1]])",
                                 R"([["r","y",[]],["append","x",1]])"}));
  EXPECT_THAT(names(v), ElementsAre("G2-item"));
  EXPECT_THAT(v.holds, Contains(Level::kSnapshotIsolation));
  EXPECT_THAT(v.violates, Contains(Level::kSerializability));
}

TEST(ListAppend, AForkThatTwoReadersSeeDifferentlyIsNonadjacent) {
  const auto v = lists(together({R"([["append","x",1]])", R"([["append","y",1]])",
                                 R"([["r","x",[1]],["r","y",[]]])",
                                 R"([["r","x",[]],["r","y",[1]]])"}));
  EXPECT_THAT(names(v), ElementsAre("G-nonadjacent"));
  EXPECT_EQ(named(v, "G-nonadjacent").steps.size(), 4u);
  EXPECT_THAT(v.violates, Contains(Level::kSnapshotIsolation));
}

TEST(ListAppend, ALostUpdateIsNamedWithBoth) {
  const auto v = lists(together({R"([["r","x",[]],["append","x",1]])",
                                 R"([["r","x",[]],["append","x",2]])", R"([["r","x",[1,2]]])"}));
  EXPECT_THAT(names(v), ElementsAre("lost-update", "G-single"));
  EXPECT_THAT(named(v, "lost-update").operations, ElementsAre(0, 1));
  const auto unseen = lists(together({R"([["r","x",[]],["append","x",1]])",
                                      R"([["r","x",[]],["append","x",2]])"}));
  EXPECT_THAT(names(unseen), ElementsAre("lost-update", "G2-item"));
}

TEST(ListAppend, InternalIsNotSeeingWhatOneAppended) {
  const auto v = lists(together({R"([["append","x",1],["r","x",[]]])"}));
  EXPECT_THAT(names(v), ElementsAre("internal"));
  EXPECT_THAT(names(lists(together({R"([["r","x",[1]],["append","x",1]])"}))),
              ElementsAre("internal"));
}

TEST(ListAppend, DuplicatesForksAndInventionsAreNamed) {
  const std::string two = R"([["append","x",1]])";
  EXPECT_THAT(names(lists(together({two, R"([["r","x",[1,1]]])"}))),
              Contains("duplicate-elements"));
  EXPECT_THAT(names(lists(together({two, R"([["append","x",2]])", R"([["r","x",[1,2]]])",
                                    R"([["r","x",[2]]])"}))),
              ElementsAre("incompatible-order"));
  EXPECT_THAT(names(lists(together({R"([["r","x",[7]]])"}))), ElementsAre("unwritten-read"));
}

TEST(ListAppend, OnesOwnAppendsKeepTheirOrder) {
  const std::string two = R"([["append","x",1],["append","x",2]])";
  EXPECT_THAT(names(lists(together({two, R"([["r","x",[1,2]]])"}))), IsEmpty());
  EXPECT_THAT(names(lists(together({two, R"([["r","x",[2,1]]])"}))),
              Contains("incompatible-order"));
  EXPECT_THAT(names(lists(together({two, R"([["r","x",[2]]])"}))),
              Contains("incompatible-order"));
}

TEST(ListAppend, TheShortestCycleIsGiven) {
  // T1 -> T2 -> T3 -> T1 by x, y, z; and T4, T5 by p and q.
  const auto v = lists(together({R"([["append","x",1],["r","z",[1]]])",
                                 R"([["r","x",[1]],["append","y",1]])",
                                 R"([["r","y",[1]],["append","z",1]])",
                                 R"([["append","p",1],["r","q",[1]]])",
                                 R"([["append","q",1],["r","p",[1]]])"}));
  EXPECT_THAT(named(v, "G1c").operations, ElementsAre(3, 4));
  // Likewise when the longer one, of four, comes later.
  const auto w = lists(together({R"([["append","x",1],["r","z",[1]]])",
                                 R"([["r","x",[1]],["append","y",1]])",
                                 R"([["r","y",[1]],["append","z",1]])",
                                 R"([["append","p",1],["r","s",[1]]])",
                                 R"([["append","q",1],["r","p",[1]]])",
                                 R"([["append","t",1],["r","q",[1]]])",
                                 R"([["append","s",1],["r","t",[1]]])"}));
  EXPECT_THAT(named(w, "G1c").operations, ElementsAre(0, 1, 2));
}

TEST(ListAppend, AnUnansweredTransactionCountsOnceItWasSeen) {
  const std::string info = ask(1, R"([["append","x",1],["append","y",1]])") + event(1, "info", "");
  EXPECT_EQ(lists(info + alone(2, R"([["r","x",[]],["r","y",[]]])")).kind, VerdictKind::kOk);
  EXPECT_THAT(names(lists(info + alone(2, R"([["r","x",[1]],["r","y",[]]])"))),
              ElementsAre("G-single"));
}

TEST(ListAppend, AStaleReadIsSerializableButNotStrictly) {
  const std::string stale = alone(1, R"([["append","x",1]])") + alone(2, R"([["r","x",[]]])");
  const auto v = lists(stale);
  EXPECT_EQ(v.kind, VerdictKind::kOk);
  EXPECT_THAT(v.violates, ElementsAre(Level::kStrictSerializability));
  EXPECT_THAT(named(v, "G-single-realtime").sentence,
              HasSubstr("T1 was answered before T3 was asked: T1 -> T3"));
  EXPECT_EQ(verdict(stale, Model::kListAppend, Level::kStrictSerializability).kind,
            VerdictKind::kViolation);
}

TEST(Sessions, EachGuaranteeIsNamed) {
  const std::string write = R"([["append","x",1]])";
  const std::string end = alone(9, R"([["r","x",[1,2]]])");
  const auto lost = lists(alone(1, write) + alone(1, R"([["r","x",[]]])"));
  EXPECT_THAT(names(lost), Contains("read-your-writes"));
  EXPECT_EQ(lost.kind, VerdictKind::kOk);
  EXPECT_THAT(lost.violates, Contains(Level::kSessionSerializability));
  EXPECT_THAT(names(lists(alone(1, write) + alone(2, R"([["r","x",[1]]])") +
                          alone(2, R"([["r","x",[]]])"))),
              Contains("monotonic-reads"));
  EXPECT_THAT(names(lists(alone(1, R"([["append","x",2]])") + alone(1, write) + end)),
              Contains("monotonic-writes"));
  // Process 2 read 1, then appended 2, which came out before 1.
  const std::string second = R"([["append","x",2]])";
  EXPECT_THAT(names(lists(alone(1, write) + alone(2, R"([["r","x",[2,1]]])") + alone(2, second))),
              Contains("writes-follow-reads"));
}

TEST(RwRegister, AnomaliesAreNamedWithoutKnowingAllOrders) {
  EXPECT_THAT(names(registers(together({R"([["w","x",1],["r","y",2]])",
                                        R"([["w","y",2],["r","x",1]])"}))),
              ElementsAre("G1c"));
  EXPECT_THAT(names(registers(together({R"([["w","x",1],["w","y",1]])",
                                        R"([["r","x",null],["r","y",1]])"}))),
              ElementsAre("G-single"));
  EXPECT_THAT(names(registers(together({R"([["r","x",null],["w","y",1]])",
                                        R"([["r","y",null],["w","x",1]])"}))),
              ElementsAre("G2-item"));
  EXPECT_THAT(names(registers(together({R"([["r","x",null],["w","x",1]])",
                                        R"([["r","x",null],["w","x",2]])"}))),
              ElementsAre("lost-update", "G2-item"));
  EXPECT_THAT(names(registers(together({R"([["w","x",1],["w","x",2]])", R"([["r","x",1]])"}))),
              Contains("G1b"));
  EXPECT_THAT(names(registers(together({R"([["w","x",1],["r","x",null]])"}))),
              ElementsAre("internal"));
  EXPECT_THAT(names(registers(together({R"([["r","x",7]])"}))), ElementsAre("unwritten-read"));
  EXPECT_THAT(names(registers(ask(1, R"([["w","x",1]])") + event(1, "fail", "") +
                              alone(2, R"([["r","x",1]])"))),
              ElementsAre("G1a"));
}

TEST(RwRegister, RealTimeOrdersBlindWritesOnlyForStrictness) {
  const auto v = registers(alone(1, R"([["w","x",1]])") + alone(2, R"([["w","x",2]])") +
                           alone(3, R"([["r","x",1]])"));
  EXPECT_EQ(v.kind, VerdictKind::kOk);
  EXPECT_THAT(v.violates, ElementsAre(Level::kStrictSerializability));
  ASSERT_THAT(v.anomalies, Not(IsEmpty()));
  EXPECT_THAT(v.anomalies[0].sentence, HasSubstr("as real time shows"));
}

TEST(RwRegister, AVersionIsOlderThanEachOfTwoThatOverlap) {
  // T1 wrote 1; then T3 and T4 overlap, and so does a reader of 1 that has seen T4.
  const std::string reader = R"([["r","x",1],["r","y",3]])";
  const std::string both = R"([["w","x",3],["w","y",3]])";
  const auto v = registers(alone(1, R"([["w","x",1]])") + ask(1, R"([["w","x",2]])") +
                           ask(2, both) + ask(3, reader) + ok(1, R"([["w","x",2]])") +
                           ok(2, both) + ok(3, reader));
  EXPECT_THAT(v.violates, ElementsAre(Level::kStrictSerializability));
  EXPECT_THAT(names(v), ElementsAre("G-single-realtime"));
}

TEST(RwRegister, SessionsAreJudgedWhereTheOrderIsKnown) {
  const std::string first = R"([["r","x",null],["w","x",1]])";
  const std::string second = R"([["r","x",1],["w","x",2]])";
  const std::string stale = alone(1, R"([["r","x",2]])") + alone(1, R"([["r","x",1]])");
  const auto v = registers(alone(1, first) + alone(2, second) + stale);
  EXPECT_THAT(names(v), Contains("monotonic-reads"));
  EXPECT_THAT(v.undecided, IsEmpty());
  const auto blind = registers(alone(1, R"([["w","x",1]])") + alone(2, R"([["w","x",2]])") + stale);
  EXPECT_THAT(blind.undecided, Contains(Level::kMonotonicReads));
}

TEST(Document, HasTheWitnessWithLinesAndEdges) {
  const std::string text = together({R"([["r","x",[]],["append","y",1]])",
                                     R"([["r","y",[]],["append","x",1]])"});
  const std::string json = check_history(text, "list-append", "");
  EXPECT_THAT(json, HasSubstr(R"("verdict":"violation","model":"list-append")"));
  EXPECT_THAT(json, HasSubstr(R"("anomalies":["G2-item"])"));
  EXPECT_THAT(json, HasSubstr(R"("witness":{"anomaly":"G2-item","operations":[{"i":1)"));
  EXPECT_THAT(json, HasSubstr(R"("edges":[{"from":1,"to":2,"kind":"rw","text":)"));
  EXPECT_THAT(json, HasSubstr(R"("line":2)"));
  EXPECT_THAT(check_history(text, "list-append", R"({"require":"snapshot-isolation"})"),
              HasSubstr(R"("verdict":"ok")"));
  EXPECT_THAT(check_history(text, "list-append", R"({"require":"luck"})"),
              HasSubstr("there is no model of transactions"));
}

TEST(Document, NamesTheLineThatDoesNotFit) {
  const auto reason = [](const std::string& text, const char* model) {
    return check_history(text, model, "");
  };
  EXPECT_THAT(reason(together({R"([["w","x",1]])", R"([["w","x",1]])"}), "rw-register"),
              HasSubstr(R"("line":2,"reason":"value 1 is written to key x twice)"));
  EXPECT_THAT(reason(together({R"([["w","x",1]])"}), "list-append"),
              HasSubstr("has no \\\"w\\\" in a txn"));
  EXPECT_THAT(reason(ask(1, R"([["r","x",null]])") + ok(1, ""), "list-append"),
              HasSubstr(R"("line":2,"reason":"the answer does not say what was read")"));
  EXPECT_THAT(reason(together({R"([["r","x",1]])"}), "list-append"),
              HasSubstr("a read's value is a list"));
  EXPECT_THAT(reason("{\"p\":1,\"e\":\"invoke\",\"f\":\"read\"}\n", "rw-register"),
              HasSubstr("has no operation"));
}

TEST(Budget, WithoutStepsNothingIsClaimed) {
  const std::string text = together({R"([["r","x",[]],["append","y",1]])",
                                     R"([["r","y",[]],["append","x",1]])"});
  const auto v = verdict(text, Model::kListAppend, Level::kSerializability, {.steps = 1});
  EXPECT_EQ(v.kind, VerdictKind::kUnknown);
  EXPECT_THAT(v.reason, HasSubstr("budget"));
  EXPECT_THAT(v.holds, Not(Contains(Level::kSerializability)));
}

TEST(Budget, WithoutMemoryForItNoCycleIsLookedFor) {
  const std::string crossed = together({R"([["append","x",1],["r","y",null]])", R"([["append","y",1],["r","x",null]])"});
  EXPECT_EQ(verdict(crossed, Model::kListAppend).kind, VerdictKind::kViolation);
  const auto v = verdict(crossed, Model::kListAppend, Level::kSerializability, {.memory_bytes = 100});
  EXPECT_EQ(v.kind, VerdictKind::kUnknown);
  EXPECT_THAT(v.violates, IsEmpty());
  EXPECT_THAT(v.reason, HasSubstr("MB"));
}

}  // namespace
}  // namespace orrery::check
