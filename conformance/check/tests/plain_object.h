// The objects as plainly as they can be written down, to compare the checker with; shares no code with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conformance/check/check.h"

namespace orrery::check {

// One object, written down as plainly as possible.
struct PlainObject {
  history::Value value;
  std::int64_t count = 0;
  std::vector<history::Value> items;
  bool held = false;
  std::map<std::string, history::Value> registers;

  explicit PlainObject(Model model) {
    if (model == Model::kKv) value = history::Value::string("");
  }

  // Equal texts are equal objects.
  std::string text() const {
    std::string out = value.text() + std::to_string(count) + (held ? "h" : "f") + history::Value::list(items).text();
    for (const auto& [key, content] : registers) out += key + "=" + content.text() + ";";
    return out;
  }

  history::Value get(const history::Value& key) const {
    const auto found = registers.find(key.text());
    return found == registers.end() ? history::Value() : found->second;
  }

  // Performs the operation and returns the answer it would give; `possible` is false when a lock's
  // operation cannot take effect now.
  history::Value perform(Model model, const history::Operation& op, const history::Value& key, bool& possible) {
    possible = true;
    switch (op.f) {
      case history::Function::kRead:
      case history::Function::kGet:
        if (model == Model::kCounter) return history::Value::integer(count);
        if (model == Model::kSet) return history::Value::list(items);
        if (model == Model::kMultiRegister) return get(key);
        return value;
      case history::Function::kWrite:
      case history::Function::kPut:
        (model == Model::kMultiRegister ? registers[key.text()] : value) = op.argument;
        return history::Value();
      case history::Function::kCas: {
        const bool hit = value == op.argument.as_list()[0];
        if (hit) value = op.argument.as_list()[1];
        return history::Value::boolean(hit);
      }
      case history::Function::kAppend:
        value = history::Value::string(value.as_string() + op.argument.as_string());
        return history::Value();
      case history::Function::kAdd:
        if (model == Model::kCounter) return history::Value::integer(count += op.argument.as_integer());
        if (std::find(items.begin(), items.end(), op.argument) == items.end()) {
          items.push_back(op.argument);
        }
        return history::Value();
      case history::Function::kEnqueue: items.push_back(op.argument); return history::Value();
      case history::Function::kDequeue: {
        if (items.empty()) return history::Value();
        const history::Value first = items.front();
        items.erase(items.begin());
        return first;
      }
      case history::Function::kAcquire:
        possible = !held;
        if (possible) held = true;
        return history::Value();
      case history::Function::kRelease:
        possible = held;
        if (possible) held = false;
        return history::Value();
      case history::Function::kTxn: {
        history::Value::List answer;
        for (const history::Value& part : op.argument.as_list()) {
          const history::Value::List& p = part.as_list();
          if (p[0].as_string() == "w") registers[p[1].text()] = p[2];
          answer.push_back(p[0].as_string() == "w" ? part : history::Value::list({p[0], p[1], get(p[1])}));
        }
        return history::Value::list(answer);
      }
    }
    return history::Value();
  }
};

inline bool same_elements(const history::Value& a, const history::Value& b) {
  const auto inside = [](const history::Value::List& x, const history::Value::List& y) {
    return std::all_of(x.begin(), x.end(), [&](const history::Value& item) {
      return std::find(y.begin(), y.end(), item) != y.end();
    });
  };
  return a.is_list() && b.is_list() && inside(a.as_list(), b.as_list()) &&
         inside(b.as_list(), a.as_list());
}

inline bool answer_fits(Model model, const history::Operation& op, const history::Value& answer) {
  if (op.outcome != history::Outcome::kOk) return true;
  switch (op.f) {
    case history::Function::kCas:
      return answer.as_boolean() == (!op.result.is_boolean() || op.result.as_boolean());
    case history::Function::kAdd:
      return model != Model::kCounter || op.result.is_null() || op.result == answer;
    case history::Function::kRead:
      if (model == Model::kSet) return same_elements(op.result, answer);
      return op.result == answer;
    case history::Function::kGet:
    case history::Function::kDequeue:
    case history::Function::kTxn: return op.result == answer;
    default: return true;
  }
}

}  // namespace orrery::check
