// The small value type of histories: what an operation was given and what it answered.
//
// Models: null, booleans, 64-bit integers, strings and lists of these, the JSON values that
// clients' histories need. Not fractions and not objects: their equality is a matter of taste, and
// a checker needs one that is not. Values are immutable and cheap to copy (strings and lists are
// shared).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace orrery::history {

// One JSON-like value. Equality is by kind and content; 1 and true differ, as do null and "".
class Value {
 public:
  using List = std::vector<Value>;

  Value() = default;  // null
  static Value null() { return Value(); }
  static Value boolean(bool value) { return Value(Content(value)); }
  static Value integer(std::int64_t value) { return Value(Content(value)); }
  static Value string(std::string value) {
    return Value(Content(std::make_shared<const std::string>(std::move(value))));
  }
  static Value list(List value) {
    return Value(Content(std::make_shared<const List>(std::move(value))));
  }

  bool is_null() const { return content_.index() == 0; }
  bool is_boolean() const { return content_.index() == 1; }
  bool is_integer() const { return content_.index() == 2; }
  bool is_string() const { return content_.index() == 3; }
  bool is_list() const { return content_.index() == 4; }

  // REQUIRES: the value is of that kind.
  bool as_boolean() const { return std::get<1>(content_); }
  std::int64_t as_integer() const { return std::get<2>(content_); }
  const std::string& as_string() const { return *std::get<3>(content_); }
  const List& as_list() const { return *std::get<4>(content_); }

  // The value as compact JSON. Two values are equal exactly when their texts are.
  std::string text() const {
    std::string out;
    append_text(out);
    return out;
  }
  void append_text(std::string& out) const {
    switch (content_.index()) {
      case 0: out += "null"; return;
      case 1: out += as_boolean() ? "true" : "false"; return;
      case 2: out += std::to_string(as_integer()); return;
      case 3: append_quoted(out, as_string()); return;
      default: {
        out += '[';
        bool first = true;
        for (const Value& item : as_list()) {
          if (!first) out += ',';
          first = false;
          item.append_text(out);
        }
        out += ']';
      }
    }
  }

  friend bool operator==(const Value& a, const Value& b) {
    if (a.content_.index() != b.content_.index()) return false;
    switch (a.content_.index()) {
      case 0: return true;
      case 1: return a.as_boolean() == b.as_boolean();
      case 2: return a.as_integer() == b.as_integer();
      case 3: return a.as_string() == b.as_string();
      default: return a.as_list() == b.as_list();
    }
  }

  // Appends `text` as a JSON string, quotes and escapes included.
  static void append_quoted(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (c == '\n') {
        out += "\\n";
      } else if (byte < 0x20) {
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      } else {
        out += c;
      }
    }
    out += '"';
  }

 private:
  using Content = std::variant<std::monostate, bool, std::int64_t,
                               std::shared_ptr<const std::string>, std::shared_ptr<const List>>;
  explicit Value(Content content) : content_(std::move(content)) {}

  Content content_;
};

}  // namespace orrery::history
