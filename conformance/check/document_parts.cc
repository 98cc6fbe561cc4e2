#include "conformance/check/document_parts.h"

#include "conformance/check/check.h"

namespace orrery::check {

using history::History;
using history::Operation;
using history::Value;

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

void append_operation(std::string& out, const History& history, history::OperationId id,
                      const HistoryFile* lines) {
  const Operation& op = history.operations()[id];
  out += "{\"i\":" + std::to_string(op.label);
  append_field(out, "p", history.process(op.process));
  const std::string_view function = lines != nullptr ? lines->function(id) : history::name(op.f);
  append_field(out, "f", function);
  append_field(out, "k", history.key(op.key));
  append_field(out, "v", op.argument);
  append_field(out, "result", op.result);
  append_field(out, "outcome", history::name(op.outcome));
  out += ",\"invoke_us\":" + std::to_string(op.invoke_us) +
         ",\"return_us\":" + std::to_string(op.return_us);
  if (lines != nullptr) out += ",\"line\":" + std::to_string(lines->invoke_line[id]);
  append_field(out, "text", describe(history, id, function));
  out += '}';
}

}  // namespace orrery::check
