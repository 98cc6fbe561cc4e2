#include "conformance/check/history_file.h"

#include <utility>

#include "conformance/check/json_text.h"

namespace orrery::check {

using history::Function;
using history::History;
using history::Operation;
using history::OperationId;
using history::Outcome;
using history::Value;

namespace {

constexpr OperationId kNoOperation = 0xffffffff;

// One line as read, before it means anything.
struct Line {
  Value process, key, value, result;
  std::string event, function;
  std::int64_t index = -1;
  std::int64_t time_us = 0;
  bool has_index = false, has_process = false, has_event = false, has_function = false;
  bool has_key = false;
};

bool read_integer(JsonText& json, const char* name, std::int64_t least, std::int64_t& out) {
  Value value;
  if (!json.read_value(value)) return false;
  if (!value.is_integer() || value.as_integer() < least) {
    return json.fail(std::string("\"") + name + "\" must be an integer of at least " +
                     std::to_string(least));
  }
  out = value.as_integer();
  return true;
}

// A name is a string or an integer.
bool read_name(JsonText& json, const char* name, bool may_be_null, Value& out) {
  if (!json.read_value(out)) return false;
  if (out.is_string() || out.is_integer() || (may_be_null && out.is_null())) return true;
  return json.fail(std::string("\"") + name + "\" must be a string or an integer");
}

bool read_line(JsonText& json, Line& line) {
  if (!json.expect('{')) return false;
  if (!json.accept('}')) {
    std::string field;
    do {
      if (!json.read_string(field) || !json.expect(':')) return false;
      bool good = true;
      if (field == "i") {
        line.has_index = true;
        good = read_integer(json, "i", 0, line.index);
      } else if (field == "t") {
        good = read_integer(json, "t", 0, line.time_us);
      } else if (field == "p") {
        line.has_process = true;
        good = read_name(json, "p", false, line.process);
      } else if (field == "k") {
        good = read_name(json, "k", true, line.key);
        line.has_key = !line.key.is_null();
      } else if (field == "e") {
        line.has_event = true;
        good = json.read_string(line.event);
      } else if (field == "f") {
        line.has_function = true;
        good = json.read_string(line.function);
      } else if (field == "v") {
        // What a fail or info line says does not matter, but it must be JSON; its event may come
        // later.
        good = line.event == "fail" || line.event == "info" ? json.skip_value()
                                                            : json.read_value(line.value);
      } else if (field == "r") {
        good = json.read_value(line.result);
      } else {
        good = json.skip_value();
      }
      if (!good) return false;
    } while (json.accept(','));
    if (!json.expect('}')) return false;
  }
  return json.at_end() || json.fail("something follows the object");
}

class Reader {
 public:
  explicit Reader(ReadOptions options) : options_(options) {}

  std::variant<HistoryFile, LineError> run(std::string_view text) {
    std::uint64_t number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view content = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++number;
      if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      std::string reason;
      if (!take(content, static_cast<std::uint32_t>(number), reason)) {
        return LineError{number, std::move(reason)};
      }
    }
    return std::move(file_);
  }

 private:
  bool take(std::string_view content, std::uint32_t number, std::string& reason) {
    JsonText json(content);
    Line line;
    if (!read_line(json, line)) {
      reason = json.error();
      return false;
    }
    if (!line.has_process) return refuse(reason, "\"p\" is missing");
    if (!line.has_event) return refuse(reason, "\"e\" is missing");
    const bool invoke = line.event == "invoke";
    if (!invoke && line.event != "ok" && line.event != "fail" && line.event != "info") {
      return refuse(reason, "\"e\" is \"" + line.event + "\", not invoke, ok, fail or info");
    }
    if (invoke && !line.has_function) return refuse(reason, "\"f\" is missing");
    Function f = Function::kRead;
    if (line.has_function) {
      const auto named = history::function_named(line.function);
      if (!named && !options_.any_function)
        return refuse(reason, "\"f\" is \"" + line.function + "\", which is no operation");
      f = named.value_or(Function::kTxn);
    }
    const std::uint32_t process = file_.history.process_id(line.process);
    if (process >= open_.size()) open_.resize(process + 1, kNoOperation);
    return invoke ? take_invoke(line, f, process, number, reason)
                  : take_answer(line, f, process, number, reason);
  }

  bool take_invoke(const Line& line, Function f, std::uint32_t process, std::uint32_t number,
                   std::string& reason) {
    if (open_[process] != kNoOperation) {
      return refuse(reason, "process " + line.process.text() +
                                " invokes while its operation of line " +
                                std::to_string(file_.invoke_line[open_[process]]) +
                                " has no ok, fail or info");
    }
    const OperationId id = file_.history.invoke_interned(process, f, file_.history.key_id(line.key),
                                                         line.value, line.time_us);
    file_.history.set_label(id, line.has_index ? static_cast<std::uint64_t>(line.index) : number);
    file_.invoke_line.push_back(number);
    file_.answer_line.push_back(0);
    if (history::name(f) != line.function) file_.own_names.emplace(id, line.function);
    open_[process] = id;
    return true;
  }

  bool take_answer(const Line& line, Function f, std::uint32_t process, std::uint32_t number,
                   std::string& reason) {
    const OperationId id = open_[process];
    if (id == kNoOperation) {
      return refuse(reason, "\"" + line.event + "\" of process " + line.process.text() +
                                ", which has no operation outstanding");
    }
    const Operation& operation = file_.history.operations()[id];
    const std::string asked = "line " + std::to_string(file_.invoke_line[id]);
    if (line.has_function && (f != operation.f || file_.function(id) != line.function)) {
      return refuse(reason, "answers \"" + line.function + "\", but " + asked + " invoked \"" +
                                std::string(file_.function(id)) + "\"");
    }
    if (line.has_key && !(line.key == file_.history.key(operation.key))) {
      return refuse(reason, "answers for key " + line.key.text() + ", but " + asked +
                                " invoked it on " + file_.history.key(operation.key).text());
    }
    if (line.event == "ok") {
      const bool from_r = options_.any_function ? !line.result.is_null()
                                                : operation.f == Function::kAdd && !options_.add_returns;
      file_.history.ok(id, from_r ? line.result : line.value, line.time_us);
    } else if (line.event == "fail") {
      file_.history.fail(id, line.time_us);
    } else {
      file_.history.unknown(id, line.time_us);
    }
    file_.answer_line[id] = number;
    open_[process] = kNoOperation;
    return true;
  }

  static bool refuse(std::string& reason, std::string text) {
    reason = std::move(text);
    return false;
  }

  const ReadOptions options_;
  HistoryFile file_;
  std::vector<OperationId> open_;  // by process
};

void write_line(std::string& out, const History& history, const Operation& op, bool answer) {
  const bool ok = answer && op.outcome == Outcome::kOk;
  out += "{\"i\":" + std::to_string(op.label) + ",\"p\":";
  history.process(op.process).append_text(out);
  out += ",\"e\":\"";
  out += !answer ? "invoke" : ok ? "ok" : op.outcome == Outcome::kFail ? "fail" : "info";
  out += "\",\"f\":\"";
  out += history::name(op.f);
  out += '"';
  if (!history.key(op.key).is_null()) {
    out += ",\"k\":";
    history.key(op.key).append_text(out);
  }
  if (!answer || ok) {
    const bool is_add = op.f == Function::kAdd;
    out += ",\"v\":";
    (ok && !is_add ? op.result : op.argument).append_text(out);
    if (ok && is_add && !op.result.is_null()) {
      out += ",\"r\":";
      op.result.append_text(out);
    }
  }
  out += ",\"t\":" + std::to_string(answer ? op.return_us : op.invoke_us) + "}\n";
}

}  // namespace

std::string_view HistoryFile::function(OperationId id) const {
  if (!own_names.empty()) {
    const auto own = own_names.find(id);
    if (own != own_names.end()) return own->second;
  }
  return history::name(history.operations()[id].f);
}

std::variant<HistoryFile, LineError> read_history(std::string_view text, ReadOptions options) {
  return Reader(options).run(text);
}

std::string write_history(const History& history) {
  // Events by sequence number, which are dense.
  std::vector<std::pair<OperationId, bool>> events(history.event_count());
  for (OperationId id = 0; id < history.size(); ++id) {
    const Operation& op = history.operations()[id];
    events[op.invoke_seq] = {id, false};
    if (op.return_seq != history::kNoEvent) events[op.return_seq] = {id, true};
  }
  std::string out;
  for (const auto& [id, answer] : events) {
    write_line(out, history, history.operations()[id], answer);
  }
  return out;
}

}  // namespace orrery::check
