// The verdict on transactions as a JSON document.
#include <array>

#include "conformance/check/document_parts.h"
#include "conformance/check/transactions/transactions.h"

namespace orrery::check {

using history::History;

namespace {

std::string_view name(EdgeKind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "ww", "wr", "rw", "process", "realtime", "ww-realtime", "rw-realtime", ""};
  return kNames[static_cast<std::size_t>(kind)];
}

void append_levels(std::string& out, const char* field, const std::vector<Level>& levels) {
  out += ",\"" + std::string(field) + "\":[";
  for (std::size_t i = 0; i < levels.size(); ++i) {
    out += (i == 0 ? "\"" : ",\"") + std::string(name(levels[i])) + "\"";
  }
  out += ']';
}

void append_anomaly(std::string& out, const History& history, const Anomaly& anomaly,
                    const HistoryFile* lines) {
  out += "{\"anomaly\":\"" + anomaly.name + "\",\"operations\":[";
  for (std::size_t i = 0; i < anomaly.operations.size(); ++i) {
    if (i > 0) out += ',';
    append_operation(out, history, anomaly.operations[i], lines);
  }
  out += "],\"edges\":[";
  for (std::size_t i = 0; i < anomaly.steps.size(); ++i) {
    const CycleStep& step = anomaly.steps[i];
    // A transaction's index is its operation's: a history of transactions has nothing else.
    out += std::string(i == 0 ? "" : ",") +
           "{\"from\":" + std::to_string(history.operations()[step.from].label) +
           ",\"to\":" + std::to_string(history.operations()[step.to].label) + ",\"kind\":\"" +
           std::string(name(step.kind)) + "\"";
    append_field(out, "text", step.sentence);
    out += '}';
  }
  out += ']';
  append_field(out, "sentence", anomaly.name + ": " + anomaly.sentence);
  out += '}';
}

}  // namespace

std::string document(const History& history, Model model, const TransactionVerdict& verdict,
                     const HistoryFile* lines) {
  std::string out = "{\"orrery\":1";
  append_field(out, "verdict", name(verdict.kind));
  append_field(out, "model", name(model));
  append_field(out, "require", name(verdict.required));
  out += ",\"operations\":" + std::to_string(history.size()) +
         ",\"steps\":" + std::to_string(verdict.steps) + ",\"anomalies\":[";
  for (std::size_t i = 0; i < verdict.anomalies.size(); ++i) {
    out += (i == 0 ? "\"" : ",\"") + verdict.anomalies[i].name + "\"";
  }
  out += ']';
  append_levels(out, "violates", verdict.violates);
  append_levels(out, "holds", verdict.holds);
  append_levels(out, "undecided", verdict.undecided);
  if (verdict.kind != VerdictKind::kOk) out += ",\"key\":null";
  if (!verdict.reason.empty()) append_field(out, "reason", verdict.reason);
  out += ",\"found\":[";
  for (std::size_t i = 0; i < verdict.anomalies.size(); ++i) {
    if (i > 0) out += ',';
    append_anomaly(out, history, verdict.anomalies[i], lines);
  }
  out += ']';
  if (verdict.kind == VerdictKind::kViolation) {
    out += ",\"witness\":";
    append_anomaly(out, history, verdict.anomalies[verdict.witness], lines);
  }
  return out + "}";
}

}  // namespace orrery::check
