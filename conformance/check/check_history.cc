#include "conformance/check/check_history.h"

#include <variant>
#include <vector>

#include "conformance/check/history_file.h"
#include "conformance/check/json_text.h"

namespace orrery::check {

using history::History;
using history::Operation;
using history::OperationId;
using history::Value;

namespace {

void append_field(std::string& out, const char* name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  Value::append_quoted(out, text);
}

void append_field(std::string& out, const char* name, const Value& value) {
  out += ",\"";
  out += name;
  out += "\":";
  value.append_text(out);
}

std::string error_document(std::string_view model, std::uint64_t operations, std::uint64_t line,
                           std::string_view reason) {
  std::string out = "{\"orrery\":1,\"verdict\":\"bad-input\"";
  append_field(out, "model", model);
  out += ",\"operations\":" + std::to_string(operations) +
         ",\"error\":{\"line\":" + std::to_string(line);
  append_field(out, "reason", reason);
  return out + "}}";
}

// `lines` is null for a history that came from no file.
std::string document(const History& history, Model model, const Verdict& verdict,
                     const HistoryFile* lines) {
  if (verdict.kind == VerdictKind::kBadInput) {
    const auto& at = lines == nullptr    ? std::vector<std::uint32_t>()
                     : verdict.at_return ? lines->answer_line
                                         : lines->invoke_line;
    return error_document(name(model), history.size(),
                          lines == nullptr ? verdict.operation : at[verdict.operation],
                          verdict.reason);
  }
  std::string out = "{\"orrery\":1";
  append_field(out, "verdict", name(verdict.kind));
  append_field(out, "model", name(model));
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
      const Operation& op = history.operations()[id];
      if (!first) out += ',';
      first = false;
      out += "{\"i\":" + std::to_string(op.label);
      append_field(out, "p", history.process(op.process));
      append_field(out, "f", history::name(op.f));
      append_field(out, "k", history.key(op.key));
      append_field(out, "v", op.argument);
      append_field(out, "result", op.result);
      append_field(out, "outcome", history::name(op.outcome));
      out += ",\"invoke_us\":" + std::to_string(op.invoke_us) +
             ",\"return_us\":" + std::to_string(op.return_us);
      if (lines != nullptr) out += ",\"line\":" + std::to_string(lines->invoke_line[id]);
      append_field(out, "text", describe(history, id));
      out += '}';
    }
    out += ']';
    append_field(out, "sentence", verdict.witness.sentence);
    out += '}';
  }
  return out + "}";
}

// Fills `budget`; the answer is what is wrong, or nothing.
std::string read_options(std::string_view text, Budget& budget, bool& add_returns) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "";
  JsonText json(text);
  if (!json.expect('{')) return json.error();
  if (json.accept('}')) return "";
  do {
    std::string field;
    if (!json.read_string(field) || !json.expect(':')) return json.error();
    const bool known = field == "steps" || field == "memory_mb" || field == "budget_us";
    Value value;
    if (field == "add_returns") {
      if (!json.read_value(value)) return json.error();
      if (!value.is_boolean()) return field + " must be true or false";
      add_returns = value.as_boolean();
      continue;
    }
    if (!known) return "there is no option \"" + field + "\"";
    if (!json.read_value(value)) return json.error();
    if (!value.is_integer() || value.as_integer() <= 0)
      return field + " must be an integer above 0";
    const auto number = static_cast<std::uint64_t>(value.as_integer());
    // Limits far above any use keep the products below from overflowing.
    const std::uint64_t bounded = number < (1ull << 40) ? number : (1ull << 40);
    if (field == "steps") budget.steps = number;
    if (field == "memory_mb")
      budget.memory_bytes = (bounded < (1ull << 24) ? bounded : 1ull << 24) << 20;
    if (field == "budget_us") {
      budget.steps = bounded * (kStepsPerSecond / 1000) / 1000 + 1;
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
  Budget budget;
  bool add_returns = false;
  const std::string wrong = read_options(options, budget, add_returns);
  if (!wrong.empty()) return error_document(model_name, 0, 0, "options: " + wrong);
  if (*model == Model::kListAppend || *model == Model::kRwRegister) {
    return error_document(
        model_name, 0, 0,
        "model " + std::string(model_name) +
            " is not supported yet: transactions are checked with multi-register only");
  }
  const std::variant<HistoryFile, LineError> file = read_history(text, add_returns);
  if (const auto* error = std::get_if<LineError>(&file)) {
    return error_document(model_name, 0, error->line, error->reason);
  }
  const HistoryFile& lines = std::get<HistoryFile>(file);
  return document(lines.history, *model, linearizable(lines.history, *model, budget), &lines);
}

std::string check_history(const History& history, Model model, Budget budget) {
  return document(history, model, linearizable(history, model, budget), nullptr);
}

}  // namespace orrery::check
