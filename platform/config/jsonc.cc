// A small JSON reader instead of a library's, for two reasons: wrangler files have comments and trailing
// commas, and every key and value must know its line and column.
#include <charconv>
#include <map>
#include <optional>

#include "platform/config/document.h"

namespace orrery::config {

namespace {

constexpr int kNestingMax = 200;

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class JsonReader {
 public:
  JsonReader(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
  }

  Result<Value> read() {
    Value value;
    if (skip_space() && read_value(value, 0) && skip_space() && at_ < text_.size()) {
      fail("something follows the end of the document", "remove it, or look for a brace too many");
    }
    if (error_) return *error_;
    return value;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  Place here() const {
    return {line_, static_cast<int>(at_ - line_start_) + 1};
  }

  // Notes the first error; always false, for `return fail(...)`.
  bool fail(std::string message, std::string hint = {}) { return fail_at(here(), message, hint); }
  bool fail_at(Place place, const std::string& message, const std::string& hint = {}) {
    if (!error_) {
      error_ = ConfigError{.kind = ConfigErrorKind::kSyntax, .file = file_, .line = place.line,
                           .column = place.column, .message = "not valid JSON: " + message,
                           .hint = hint};
    }
    return false;
  }

  void next_line() {
    line_ += 1;
    line_start_ = at_;
  }

  // Skips blanks and comments; false on a comment that does not end.
  bool skip_space() {
    while (!at_end()) {
      const char c = peek();
      if (c == '\n') {
        ++at_;
        next_line();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        while (!at_end() && peek() != '\n') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        const Place start = here();
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail_at(start, "this comment does not end");
        while (at_ < end + 2) {
          if (text_[at_++] == '\n') next_line();
        }
      } else {
        break;
      }
    }
    return true;
  }

  std::string shown() const {
    if (at_end()) return "the end of the file";
    const auto c = static_cast<unsigned char>(peek());
    if (c < 0x20 || c >= 0x7F) return "byte " + std::to_string(c);
    return std::string("\"") + static_cast<char>(c) + "\"";
  }

  bool read_value(Value& out, int depth) {
    if (depth > kNestingMax) return fail("nested too deeply");
    out.place = here();
    const char c = peek();
    if (at_end()) return fail("a value is missing at the end of the file");
    if (c == '{') return read_table(out, depth);
    if (c == '[') return read_array(out, depth);
    if (c == '"') {
      out.kind = Value::Kind::kString;
      return read_string(out.text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(out);
    if (c >= 'a' && c <= 'z') return read_word(out);
    if (c == '\'') return fail("strings are written with double quotes");
    return fail("a value is expected here, not " + shown());
  }

  bool read_word(Value& out) {
    const auto take = [&](std::string_view word) {
      if (text_.substr(at_, word.size()) != word) return false;
      at_ += word.size();
      return true;
    };
    if (take("true") || take("false")) {
      out.kind = Value::Kind::kBool;
      out.boolean = text_[at_ - 2] == 'u';
      return true;
    }
    if (take("null")) return true;
    return fail("a value is expected here", "text must stand in double quotes");
  }

  bool read_number(Value& out) {
    const Place start = here();
    const size_t first = at_;
    bool fraction = false;
    const auto digits = [&] {
      const size_t from = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ > from;
    };
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return fail_at(start, "this is not a number");
    }
    if (peek() == '.') {
      fraction = true;
      ++at_;
      if (!digits()) return fail_at(start, "this is not a number");
    }
    if (peek() == 'e' || peek() == 'E') {
      fraction = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return fail_at(start, "this is not a number");
    }
    const char* from = text_.data() + first;
    const char* to = text_.data() + at_;
    out.kind = Value::Kind::kInteger;
    if (!fraction && std::from_chars(from, to, out.integer).ec == std::errc()) return true;
    out.kind = Value::Kind::kFloat;
    if (std::from_chars(from, to, out.number).ec != std::errc()) {
      return fail_at(start, "this number is too large");
    }
    return true;
  }

  bool read_hex4(uint32_t& out) {
    if (at_ + 4 > text_.size()) return fail("\\u needs four hex digits");
    const char* from = text_.data() + at_;
    const auto result = std::from_chars(from, from + 4, out, 16);
    if (result.ec != std::errc() || result.ptr != from + 4) return fail("\\u needs four hex digits");
    at_ += 4;
    return true;
  }

  bool read_escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"': case '\\': case '/': out += c; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': break;
      default: --at_; return fail("unknown escape \\ followed by " + shown());
    }
    uint32_t code = 0;
    if (!read_hex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t back = at_;
      uint32_t low = 0;
      at_ += 2;
      if (!read_hex4(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;  // half of a pair has no UTF-8 form
    append_utf8(out, code);
    return true;
  }

  bool read_string(std::string& out) {
    const Place start = here();
    ++at_;
    while (!at_end()) {
      const char c = peek();
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\n') break;
      if (c == '\\') {
        ++at_;
        if (!read_escape(out)) return false;
      } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
        return fail("a control character in a string");
      } else {
        out += c;
        ++at_;
      }
    }
    return fail_at(start, "this string does not end on its line", "close it with \"");
  }

  bool read_array(Value& out, int depth) {
    out.kind = Value::Kind::kArray;
    const Place start = here();
    ++at_;
    while (true) {
      if (!skip_space()) return false;
      if (at_end()) return fail_at(start, "this list does not end", "close it with ]");
      if (peek() == ']') {
        ++at_;
        return true;
      }
      Value item;
      if (!read_value(item, depth + 1) || !skip_space()) return false;
      out.items.push_back(std::move(item));
      if (peek() == ',') ++at_;
      else if (peek() != ']' && !at_end()) return fail("a comma or ] is expected, not " + shown());
    }
  }

  bool read_table(Value& out, int depth) {
    out.kind = Value::Kind::kTable;
    const Place start = here();
    std::map<std::string, size_t> index;
    ++at_;
    while (true) {
      if (!skip_space()) return false;
      if (at_end()) return fail_at(start, "this object does not end", "close it with }");
      if (peek() == '}') {
        ++at_;
        return true;
      }
      Member member{.key = {}, .place = here(), .value = {}};
      if (peek() != '"') return fail("a key in double quotes is expected, not " + shown());
      if (!read_string(member.key) || !skip_space()) return false;
      if (peek() != ':') return fail("a colon is expected after the key, not " + shown());
      ++at_;
      if (!skip_space() || !read_value(member.value, depth + 1) || !skip_space()) return false;
      const auto [found, added] = index.emplace(member.key, out.members.size());
      if (added) out.members.push_back(std::move(member));
      else out.members[found->second] = std::move(member);
      if (peek() == ',') ++at_;
      else if (peek() != '}' && !at_end()) return fail("a comma or } is expected, not " + shown());
    }
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  std::optional<ConfigError> error_;
};

}  // namespace

Result<Value> parse_jsonc(std::string_view text, const std::string& file) {
  return JsonReader(text, file).read();
}

}  // namespace orrery::config
