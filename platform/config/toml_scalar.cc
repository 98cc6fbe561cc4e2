#include "platform/config/toml_scalar.h"

#include <cctype>
#include <charconv>
#include <limits>

#include "platform/config/utf8.h"

namespace orrery::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool read_escape(Cursor& at, std::string& out) {
  const char c = at.peek();
  switch (c) {
    case 'b': out += '\b'; break;
    case 't': out += '\t'; break;
    case 'n': out += '\n'; break;
    case 'f': out += '\f'; break;
    case 'r': out += '\r'; break;
    case '"': case '\\': out += c; break;
    case 'u': case 'U': {
      at.skip();
      uint32_t code = 0;
      if (!at.take_hex(c == 'u' ? 4 : 8, code)) return false;
      append_utf8(out, code);
      return true;
    }
    default:
      return at.fail("unknown escape: \\ followed by " + at.shown(),
                     "write \\\\ for a backslash, or use single quotes");
  }
  at.skip();
  return true;
}

// One byte of a string's content; control characters other than tab (and line breaks, where the
// caller allows them) are errors.
bool read_plain(Cursor& at, std::string& out) {
  const auto c = static_cast<unsigned char>(at.peek());
  if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
    return at.fail("a control character in a string");
  }
  out += at.peek();
  at.skip();
  return true;
}

// After a backslash at a line's end: all blanks and line breaks up to the next text are skipped.
bool skip_line_end(Cursor& at) {
  size_t blanks = 0;
  while (at.peek(blanks) == ' ' || at.peek(blanks) == '\t' || at.peek(blanks) == '\r') ++blanks;
  if (at.peek(blanks) != '\n') return false;
  while (at.peek() == ' ' || at.peek() == '\t' || at.peek() == '\r' || at.peek() == '\n') at.skip();
  return true;
}

// A string in triple quotes; up to two quotes may stand inside before the closing three.
bool read_multi_line(Cursor& at, char quote, std::string& out) {
  const Place start = at.here();
  const std::string closing(3, quote);
  at.skip(3);
  at.take("\r");
  at.take("\n");
  while (!at.at_end()) {
    if (at.starts_with(closing)) {
      for (int extra = 0; extra < 2 && at.peek(3) == quote; ++extra) {
        out += quote;
        at.skip();
      }
      at.skip(3);
      return true;
    }
    if (quote == '"' && at.take("\\")) {
      if (!skip_line_end(at) && !read_escape(at, out)) return false;
    } else if (!read_plain(at, out)) {
      return false;
    }
  }
  return at.fail_at(start, "this string does not end", "close it with " + closing);
}

// "2026-01-31", and what may follow a date or stand alone as a time: "07:32:00.5Z".
bool is_date_or_time(std::string_view word) {
  const auto shaped = [](std::string_view text, std::string_view shape) {
    if (text.size() < shape.size()) return false;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
    }
    return true;
  };
  if (shaped(word, "0000-00-00")) {
    word.remove_prefix(10);
    if (word.empty()) return true;
    if (word[0] != 'T' && word[0] != 't' && word[0] != ' ') return false;
    word.remove_prefix(1);
  }
  if (!shaped(word, "00:00:00")) return false;
  word.remove_prefix(8);
  if (!word.empty() && word[0] == '.') {
    word.remove_prefix(1);
    if (word.empty() || !is_digit(word[0])) return false;
    while (!word.empty() && is_digit(word[0])) word.remove_prefix(1);
  }
  if (word.empty() || word == "Z" || word == "z") return true;
  return word.size() == 6 && (word[0] == '+' || word[0] == '-') && shaped(word.substr(1), "00:00");
}

// The word's digits without "_", which must stand between two of them; empty when one does not.
std::string without_underscores(std::string_view word) {
  std::string out;
  const bool hex = word.starts_with("0x");
  const auto digit = [&](char c) {
    return is_digit(c) || (hex && std::isxdigit(static_cast<unsigned char>(c)) != 0);
  };
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '_') {
      out += word[i];
    } else if (i == 0 || i + 1 == word.size() || !digit(word[i - 1]) || !digit(word[i + 1])) {
      return {};
    }
  }
  return out;
}

bool is_integer(std::string_view text, std::string_view& digits, int& base) {
  digits = text;
  base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
    base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
    digits = text.substr(2);
    return digits[0] != '-';
  }
  if (text.starts_with('+')) digits = text.substr(1);
  std::string_view bare = digits;
  if (bare.starts_with('-') && bare.size() == text.size()) bare.remove_prefix(1);
  if (bare.empty() || (bare.size() > 1 && bare[0] == '0')) return false;
  for (const char c : bare) {
    if (!is_digit(c)) return false;
  }
  return true;
}

// digits [. digits] [e [sign] digits], with no zero ahead of other digits.
bool is_float(std::string_view text) {
  const auto take_digits = [&] {
    size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

bool read_number(std::string_view word, Value& out) {
  const std::string text = without_underscores(word);
  if (text.empty()) return false;
  std::string_view digits;
  int base = 10;
  if (is_integer(text, digits, base)) {
    const auto end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, out.integer, base);
    out.kind = Value::Kind::kInteger;
    return result.ec == std::errc() && result.ptr == end;
  }
  out.kind = Value::Kind::kFloat;
  const bool negative = text[0] == '-';
  const bool sign = negative || text[0] == '+';
  const std::string_view bare = std::string_view(text).substr(sign ? 1 : 0);
  if (bare == "inf" || bare == "nan") {
    using Limits = std::numeric_limits<double>;
    out.number = bare == "nan" ? Limits::quiet_NaN() : Limits::infinity();
    if (negative) out.number = -out.number;
    return true;
  }
  if (!is_float(text)) return false;
  const std::string_view number = text[0] == '+' ? std::string_view(text).substr(1) : text;
  return std::from_chars(number.data(), number.data() + number.size(), out.number).ec ==
         std::errc();
}

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.' ||
         c == ':' || c == '_';
}

}  // namespace

bool read_toml_line_string(Cursor& at, std::string& out) {
  const Place start = at.here();
  const char quote = at.peek();
  at.skip();
  while (!at.at_end() && at.peek() != '\n' && at.peek() != '\r') {
    if (at.peek() == quote) {
      at.skip();
      return true;
    }
    if (quote == '"' && at.take("\\")) {
      if (!read_escape(at, out)) return false;
    } else if (!read_plain(at, out)) {
      return false;
    }
  }
  return at.fail_at(start, "this string does not end on its line",
                    std::string("close it with ") + quote);
}

bool read_toml_string(Cursor& at, std::string& out) {
  const char quote = at.peek();
  if (at.starts_with(std::string(3, quote))) return read_multi_line(at, quote, out);
  return read_toml_line_string(at, out);
}

bool read_toml_scalar(Cursor& at, Value& out) {
  if (at.peek() == '"' || at.peek() == '\'') {
    out.kind = Value::Kind::kString;
    return read_toml_string(at, out.text);
  }
  const Place start = at.here();
  const size_t first = at.offset();
  while (is_word_char(at.peek())) at.skip();
  // A date may be set off from its time by one blank.
  if (at.offset() - first == 10 && at.peek() == ' ' && is_digit(at.peek(1)) &&
      is_date_or_time(at.from(first))) {
    at.skip();
    while (is_word_char(at.peek())) at.skip();
  }
  const std::string_view word = at.from(first);
  if (word.empty()) return at.fail("a value is expected here, not " + at.shown());
  if (word == "true" || word == "false") {
    out.kind = Value::Kind::kBool;
    out.boolean = word == "true";
    return true;
  }
  if (is_date_or_time(word)) {
    out.kind = Value::Kind::kDate;
    out.text = std::string(word);
    return true;
  }
  if (read_number(word, out)) return true;
  return at.fail_at(start, "\"" + std::string(word) + "\" is no value",
                    "text must stand in quotes");
}

}  // namespace orrery::config
