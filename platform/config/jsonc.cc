// A small JSON reader instead of a library's, for two reasons: wrangler files have comments and
// trailing commas, and every key and value must know its line and column.
#include <charconv>
#include <map>

#include "platform/config/cursor.h"
#include "platform/config/document.h"
#include "platform/config/utf8.h"

namespace orrery::config {

namespace {

constexpr int kNestingMax = 200;

class JsonReader {
 public:
  JsonReader(std::string_view text, const std::string& file) : at_(text, "JSON", file) {}

  Result<Value> read() {
    Value value;
    if (skip_space() && read_value(value, 0) && skip_space() && !at_.at_end()) {
      at_.fail("something follows the end of the document",
               "remove it, or look for a brace too many");
    }
    if (at_.error()) return *at_.error();
    return value;
  }

 private:
  // Skips blanks and comments; false on a comment that does not end.
  bool skip_space() {
    while (!at_.at_end()) {
      const char c = at_.peek();
      if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
        at_.skip();
      } else if (at_.starts_with("//")) {
        while (!at_.at_end() && at_.peek() != '\n') at_.skip();
      } else if (at_.starts_with("/*")) {
        const Place start = at_.here();
        at_.skip(2);
        while (!at_.at_end() && !at_.starts_with("*/")) at_.skip();
        if (!at_.take("*/")) return at_.fail_at(start, "this comment does not end");
      } else {
        break;
      }
    }
    return true;
  }

  bool fail_to_expect(const std::string& wanted) {
    return at_.fail(wanted + " is expected, not " + at_.shown());
  }

  bool read_value(Value& out, int depth) {
    if (depth > kNestingMax) return at_.fail("nested too deeply");
    out.place = at_.here();
    const char c = at_.peek();
    if (at_.at_end()) return at_.fail("a value is missing at the end of the file");
    if (c == '{') return read_table(out, depth);
    if (c == '[') return read_array(out, depth);
    if (c == '"') {
      out.kind = Value::Kind::kString;
      return read_string(out.text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(out);
    if (c >= 'a' && c <= 'z') return read_word(out);
    if (c == '\'') return at_.fail("strings are written with double quotes");
    return at_.fail("a value is expected here, not " + at_.shown());
  }

  bool read_word(Value& out) {
    out.boolean = at_.starts_with("true");
    if (at_.take("true") || at_.take("false")) {
      out.kind = Value::Kind::kBool;
      return true;
    }
    if (at_.take("null")) return true;
    return at_.fail("a value is expected here", "text must stand in double quotes");
  }

  bool read_number(Value& out) {
    const Place start = at_.here();
    const size_t first = at_.offset();
    bool fraction = false;
    const auto digits = [&] {
      const size_t from = at_.offset();
      while (at_.peek() >= '0' && at_.peek() <= '9') at_.skip();
      return at_.offset() > from;
    };
    if (at_.peek() == '-') at_.skip();
    if (at_.peek() == '0') {
      at_.skip();
    } else if (!digits()) {
      return at_.fail_at(start, "this is not a number");
    }
    if (at_.peek() == '.') {
      fraction = true;
      at_.skip();
      if (!digits()) return at_.fail_at(start, "this is not a number");
    }
    if (at_.peek() == 'e' || at_.peek() == 'E') {
      fraction = true;
      at_.skip();
      if (at_.peek() == '+' || at_.peek() == '-') at_.skip();
      if (!digits()) return at_.fail_at(start, "this is not a number");
    }
    const std::string_view digits_read = at_.from(first);
    const char* from = digits_read.data();
    const char* to = from + digits_read.size();
    out.kind = Value::Kind::kInteger;
    if (!fraction && std::from_chars(from, to, out.integer).ec == std::errc()) return true;
    out.kind = Value::Kind::kFloat;
    if (std::from_chars(from, to, out.number).ec != std::errc()) {
      return at_.fail_at(start, "this number is too large");
    }
    return true;
  }

  bool read_escape(std::string& out) {
    const char c = at_.peek();
    switch (c) {
      case '"': case '\\': case '/': out += c; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': break;
      default: return at_.fail("unknown escape: \\ followed by " + at_.shown());
    }
    at_.skip();
    if (c != 'u') return true;
    uint32_t code = 0;
    if (!at_.take_hex(4, code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && at_.starts_with("\\u")) {
      uint32_t low = 0;
      at_.skip(2);
      if (!at_.take_hex(4, low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        append_utf8(out, code);
        code = low;
      }
    }
    append_utf8(out, code);
    return true;
  }

  bool read_string(std::string& out) {
    const Place start = at_.here();
    at_.skip();
    while (!at_.at_end()) {
      const char c = at_.peek();
      if (c == '"') {
        at_.skip();
        return true;
      }
      if (c == '\n') break;
      if (c == '\\') {
        at_.skip();
        if (!read_escape(out)) return false;
      } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
        return at_.fail("a control character in a string");
      } else {
        out += c;
        at_.skip();
      }
    }
    return at_.fail_at(start, "this string does not end on its line", "close it with \"");
  }

  bool read_array(Value& out, int depth) {
    out.kind = Value::Kind::kArray;
    const Place start = at_.here();
    at_.skip();
    while (true) {
      if (!skip_space()) return false;
      if (at_.at_end()) return at_.fail_at(start, "this list does not end", "close it with ]");
      if (at_.peek() == ']') {
        at_.skip();
        return true;
      }
      Value item;
      if (!read_value(item, depth + 1) || !skip_space()) return false;
      out.items.push_back(std::move(item));
      if (at_.peek() == ',') at_.skip();
      else if (at_.peek() != ']' && !at_.at_end()) return fail_to_expect("a comma or ]");
    }
  }

  bool read_table(Value& out, int depth) {
    out.kind = Value::Kind::kTable;
    const Place start = at_.here();
    std::map<std::string, size_t> index;
    at_.skip();
    while (true) {
      if (!skip_space()) return false;
      if (at_.at_end()) return at_.fail_at(start, "this object does not end", "close it with }");
      if (at_.peek() == '}') {
        at_.skip();
        return true;
      }
      Member member{.key = {}, .place = at_.here(), .value = {}};
      if (at_.peek() != '"') return fail_to_expect("a key in double quotes");
      if (!read_string(member.key) || !skip_space()) return false;
      if (at_.peek() != ':') return fail_to_expect("a colon");
      at_.skip();
      if (!skip_space() || !read_value(member.value, depth + 1) || !skip_space()) return false;
      const auto [found, added] = index.emplace(member.key, out.members.size());
      if (added) out.members.push_back(std::move(member));
      else out.members[found->second] = std::move(member);
      if (at_.peek() == ',') at_.skip();
      else if (at_.peek() != '}' && !at_.at_end()) return fail_to_expect("a comma or }");
    }
  }

  Cursor at_;
};

}  // namespace

Result<Value> parse_jsonc(std::string_view text, const std::string& file) {
  return JsonReader(text, file).read();
}

}  // namespace orrery::config
