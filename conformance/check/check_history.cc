#include "conformance/check/check_history.h"

#include <variant>
#include <vector>

#include "conformance/check/document_parts.h"
#include "conformance/check/history_file.h"
#include "conformance/check/json_text.h"
#include "conformance/check/transactions/transactions.h"

namespace orrery::check {

using history::History;
using history::OperationId;
using history::Value;

namespace {

std::string error_document(std::string_view model, std::uint64_t operations, std::uint64_t line,
                           std::string_view reason) {
  std::string out = "{\"orrery\":1,\"verdict\":\"bad-input\"";
  append_field(out, "model", model);
  out += ",\"operations\":" + std::to_string(operations) +
         ",\"error\":{\"line\":" + std::to_string(line);
  append_field(out, "reason", reason);
  return out + "}}";
}

// An operation that does not fit the model.
std::string misfit_document(const History& history, std::string_view model, const InputError& error,
                            const HistoryFile* lines) {
  std::uint64_t line = error.operation;
  if (lines != nullptr) {
    line = (error.at_return ? lines->answer_line : lines->invoke_line)[error.operation];
  }
  return error_document(model, history.size(), line, error.reason);
}

// The order found for each object, by the lines of the requests.
void append_orders(std::string& out, const std::vector<Order>& orders, const HistoryFile& lines) {
  out += ",\"orders\":[";
  for (std::size_t i = 0; i < orders.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    for (std::size_t n = 0; n < orders[i].size(); ++n) {
      if (n != 0) out += ',';
      out += std::to_string(lines.invoke_line[orders[i][n]]);
    }
    out += ']';
  }
  out += ']';
}

// `lines` is null for a history that came from no file.
std::string document(const History& history, std::string_view model, const Verdict& verdict,
                     const HistoryFile* lines) {
  if (verdict.kind == VerdictKind::kBadInput) {
    return misfit_document(
        history, model, {verdict.operation, verdict.at_return, verdict.reason}, lines);
  }
  std::string out = "{\"orrery\":1";
  append_field(out, "verdict", name(verdict.kind));
  append_field(out, "model", model);
  out += ",\"operations\":" + std::to_string(history.size()) +
         ",\"steps\":" + std::to_string(verdict.steps);
  if (verdict.kind != VerdictKind::kOk) append_field(out, "key", verdict.key);
  if (verdict.kind == VerdictKind::kUnknown) {
    out += ",\"progress\":{\"explained\":" + std::to_string(verdict.explained) +
           ",\"of\":" + std::to_string(verdict.to_explain) + "}";
    append_field(out, "reason", verdict.reason);
  }
  if (verdict.kind == VerdictKind::kViolation) {
    out += ",\"witness\":{\"operations\":[";
    bool first = true;
    for (const OperationId id : verdict.witness.operations) {
      if (!first) out += ',';
      first = false;
      append_operation(out, history, id, lines);
    }
    out += ']';
    append_field(out, "sentence", verdict.witness.sentence);
    out += '}';
  }
  if (lines != nullptr && !verdict.orders.empty()) append_orders(out, verdict.orders, *lines);
  return out + "}";
}

// What the options ask for.
struct Asked {
  Budget budget = {};
  bool add_returns = false;
  Orders orders = Orders::kNo;
  Level required = Level::kSerializability;
};

bool of_transactions(Model model) { return model == Model::kListAppend || model == Model::kRwRegister; }

std::string checked(const History& history, Model model, const Asked& asked, const HistoryFile* lines) {
  if (!of_transactions(model)) {
    return document(history, name(model), linearizable(history, model, asked.budget, asked.orders), lines);
  }
  const TransactionVerdict verdict = check_transactions(history, model, asked.required, asked.budget);
  return verdict.kind == VerdictKind::kBadInput
             ? misfit_document(history, name(model), verdict.error, lines)
             : document(history, model, verdict, lines);
}

// Fills `asked`; the answer is what is wrong, or nothing.
std::string read_options(std::string_view text, Asked& asked) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "";
  JsonText json(text);
  if (!json.expect('{')) return json.error();
  if (json.accept('}')) return "";
  do {
    std::string field;
    if (!json.read_string(field) || !json.expect(':')) return json.error();
    Value value;
    if (field == "require") {
      if (!json.read_value(value)) return json.error();
      const auto level = level_named(value.is_string() ? value.as_string() : "");
      if (!level) return "there is no model of transactions " + value.text();
      asked.required = *level;
      continue;
    }
    const bool known = field == "steps" || field == "memory_mb" || field == "budget_us";
    if (field == "add_returns" || field == "orders") {
      if (!json.read_value(value)) return json.error();
      if (!value.is_boolean()) return field + " must be true or false";
      if (field == "orders") asked.orders = Orders{value.as_boolean()};
      else asked.add_returns = value.as_boolean();
      continue;
    }
    if (!known) return "there is no option \"" + field + "\"";
    if (!json.read_value(value)) return json.error();
    if (!value.is_integer() || value.as_integer() <= 0)
      return field + " must be an integer above 0";
    const auto number = static_cast<std::uint64_t>(value.as_integer());
    // Limits far above any use keep the products below from overflowing.
    const std::uint64_t bounded = number < (1ull << 40) ? number : (1ull << 40);
    if (field == "steps") asked.budget.steps = number;
    if (field == "memory_mb")
      asked.budget.memory_bytes = (bounded < (1ull << 24) ? bounded : 1ull << 24) << 20;
    if (field == "budget_us") {
      asked.budget.steps = bounded * (kStepsPerSecond / 1000) / 1000 + 1;
      asked.budget.shortest_steps = asked.budget.steps / 5;
    }
  } while (json.accept(','));
  return json.expect('}') && json.at_end() ? "" : "the options are not one JSON object";
}

}  // namespace

std::string check_history(std::string_view text, std::string_view model_name,
                          std::string_view options) {
  const std::optional<Model> model = model_named(model_name);
  if (!model) {
    return error_document(model_name, 0, 0,
                          "there is no model \"" + std::string(model_name) + "\"");
  }
  Asked asked;
  const std::string wrong = read_options(options, asked);
  if (!wrong.empty()) return error_document(model_name, 0, 0, "options: " + wrong);
  const auto file = read_history(text, {.add_returns = asked.add_returns});
  if (const auto* error = std::get_if<LineError>(&file)) {
    return error_document(model_name, 0, error->line, error->reason);
  }
  const HistoryFile& lines = std::get<HistoryFile>(file);
  return checked(lines.history, *model, asked, &lines);
}

std::string check_history(std::string_view text, OutsideModel& model, std::string_view name,
                          std::string_view options) {
  Asked asked;
  const std::string wrong = read_options(options, asked);
  if (!wrong.empty()) return error_document(name, 0, 0, "options: " + wrong);
  const auto file = read_history(text, {.any_function = true});
  if (const auto* error = std::get_if<LineError>(&file)) {
    return error_document(name, 0, error->line, error->reason);
  }
  const HistoryFile& lines = std::get<HistoryFile>(file);
  return document(lines.history, name, linearizable(lines, model, asked.budget, asked.orders), &lines);
}

std::string check_history(const History& history, Model model, Budget budget) {
  return checked(history, model, {.budget = budget}, nullptr);
}

}  // namespace orrery::check
