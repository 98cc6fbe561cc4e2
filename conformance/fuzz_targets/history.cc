// Goal: any bytes as a history file, checked against any model, give a document with a verdict, within the budget's steps
// and memory; a history that was read is written as lines that read as the same. Method: every model, with a small
// budget, on every input; libFuzzer's limits of time and memory stand for "never a hang".
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "conformance/check/check_history.h"
#include "conformance/check/history_file.h"
#include "conformance/fuzz_targets/targets.h"
#include "sim/core/check.h"

namespace orrery::fuzz_targets {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kModels[] = {"register", "cas-register", "kv", "counter", "set", "queue",
                                        "lock", "multi-register", "list-append", "rw-register"};
constexpr uint64_t kStepsMax = 20'000;
constexpr std::string_view kOptions = R"({"steps":20000,"memory_mb":64,"orders":true})";
constexpr std::string_view kAddReturns = R"({"steps":20000,"memory_mb":64,"add_returns":true})";

// What the checker may answer.
void check_answer(const std::string& text) {
  const Json answer = Json::parse(text, nullptr, false);
  ORRERY_CHECK(answer.is_object(), "the answer is a JSON object");
  const std::string verdict = answer.value("verdict", "");
  if (verdict == "bad-input") {
    const Json& error = answer["error"];
    ORRERY_CHECK(error.is_object() && error["line"].is_number_unsigned(), "bad input has a line");
    ORRERY_CHECK(!error.value("reason", "").empty(), "bad input has a reason");
    return;
  }
  ORRERY_CHECK(verdict == "ok" || verdict == "violation" || verdict == "unknown", "a verdict of the contract");
  // Dividing the work over objects may overshoot by a step each.
  ORRERY_CHECK(answer.value("steps", uint64_t{0}) <= 2 * kStepsMax, "the budget is kept");
  if (verdict == "violation") ORRERY_CHECK(!answer["witness"].value("sentence", "").empty(), "a violation has a witness");
}

}  // namespace

void history(Bytes input) {
  const std::string_view text = text_of(input);
  for (const std::string_view model : kModels) check_answer(check::check_history(text, model, kOptions));
  check_answer(check::check_history(text, "counter", kAddReturns));

  const auto file = check::read_history(text);
  if (!std::holds_alternative<check::HistoryFile>(file)) {
    // Nothing is read from a bad line, so options and models are no business of it.
    check_answer(check::check_history("", "register", text));
    return;
  }
  const std::string lines = check::write_history(std::get<check::HistoryFile>(file).history);
  const auto again = check::read_history(lines);
  ORRERY_CHECK(std::holds_alternative<check::HistoryFile>(again), "what was written is read");
  ORRERY_CHECK(check::write_history(std::get<check::HistoryFile>(again).history) == lines, "and is the same");
}

}  // namespace orrery::fuzz_targets
