#include "conformance/check/json_text.h"

#include <charconv>

namespace orrery::check {

using history::Value;

namespace {

// Whether the bytes are UTF-8: no byte alone, no longer form than needed, no half of a surrogate pair.
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned first = byte(at);
    const std::size_t more = first < 0x80 ? 0 : first < 0xc2 ? 4 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 4;
    if (more == 4) return false;
    for (std::size_t i = 1; i <= more; ++i)
      if ((byte(at + i) & 0xc0) != 0x80) return false;
    const unsigned second = byte(at + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
      return false;
    at += more + 1;
  }
  return true;
}

}  // namespace

void JsonText::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
    ++at_;
  }
}

bool JsonText::fail(std::string_view what) {
  error_ = "column " + std::to_string(at_ + 1) + ": " + std::string(what);
  return false;
}

bool JsonText::accept(char c) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonText::expect(char c) {
  if (accept(c)) return true;
  const char what[] = {'\'', c, '\'', 0};
  return fail(std::string(what) +
              (at_ >= text_.size() ? " expected, but the line ends" : " expected"));
}

bool JsonText::at_end() {
  skip_space();
  return at_ >= text_.size();
}

bool JsonText::read_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return fail("not a JSON value");
  at_ += word.size();
  return true;
}

bool JsonText::read_number(Value* out) {
  const std::size_t begin = at_;
  if (at_ < text_.size() && text_[at_] == '-') ++at_;
  const std::size_t digits = at_;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
  if (at_ == digits) return fail("not a JSON value");
  if (text_[digits] == '0' && at_ > digits + 1) return fail("a number may not begin with 0");
  const std::size_t whole = at_;
  while (at_ < text_.size() &&
         std::string_view(".eE+-0123456789").find(text_[at_]) != std::string_view::npos) {
    ++at_;
  }
  if (out == nullptr) return true;
  if (at_ != whole) return fail("numbers with a fraction or an exponent are not supported here");
  std::int64_t number = 0;
  const auto result = std::from_chars(text_.data() + begin, text_.data() + whole, number);
  if (result.ec != std::errc()) return fail("the number does not fit 64 bits");
  *out = Value::integer(number);
  return true;
}

bool JsonText::read_hex4(unsigned& out) {
  if (at_ + 4 > text_.size()) return fail("\\u needs four hexadecimal digits");
  const auto result = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, out, 16);
  if (result.ec != std::errc() || result.ptr != text_.data() + at_ + 4) {
    return fail("\\u needs four hexadecimal digits");
  }
  at_ += 4;
  return true;
}

bool JsonText::read_escape(std::string& out) {
  if (at_ >= text_.size()) return fail("the string does not end");
  const char c = text_[at_++];
  switch (c) {
    case '"':
    case '\\':
    case '/': out += c; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': break;
    default: return fail("unknown escape in a string");
  }
  unsigned code = 0;
  if (!read_hex4(code)) return false;
  if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    unsigned low = 0;
    if (!read_hex4(low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return fail("half of a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code >= 0xd800 && code <= 0xdfff) return fail("half of a surrogate pair");
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 63));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  }
  return true;
}

bool JsonText::read_string(std::string& out) {
  if (!expect('"')) return false;
  out.clear();
  bool ascii = true;
  for (;;) {
    if (at_ >= text_.size()) return fail("the string does not end");
    const char c = text_[at_++];
    if (c == '"') return ascii || is_utf8(out) || fail("the string before is not UTF-8");
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
    if (c != '\\') {
      out += c;
    } else if (!read_escape(out)) {
      return false;
    }
  }
}

bool JsonText::read_value(Value& out, int depth) {
  skip_space();
  if (at_ >= text_.size()) return fail("a value expected, but the line ends");
  switch (text_[at_]) {
    case 'n': out = Value(); return read_word("null");
    case 't': out = Value::boolean(true); return read_word("true");
    case 'f': out = Value::boolean(false); return read_word("false");
    case '"': {
      std::string text;
      if (!read_string(text)) return false;
      out = Value::string(std::move(text));
      return true;
    }
    case '{': return fail("objects are not supported here");
    case '[': break;
    default: return read_number(&out);
  }
  if (depth >= kDepthMax) return fail("lists are nested too deeply");
  ++at_;
  Value::List items;
  if (!accept(']')) {
    do {
      if (!read_value(items.emplace_back(), depth + 1)) return false;
    } while (accept(','));
    if (!expect(']')) return false;
  }
  out = Value::list(std::move(items));
  return true;
}

bool JsonText::skip_value(int depth) {
  skip_space();
  if (at_ >= text_.size()) return fail("a value expected, but the line ends");
  std::string forgotten;
  switch (text_[at_]) {
    case 'n': return read_word("null");
    case 't': return read_word("true");
    case 'f': return read_word("false");
    case '"': return read_string(forgotten);
    case '[':
    case '{': break;
    default: return read_number(nullptr);
  }
  if (depth >= kDepthMax) return fail("values are nested too deeply");
  const bool object = text_[at_++] == '{';
  const char close = object ? '}' : ']';
  if (accept(close)) return true;
  do {
    if (object && (!read_string(forgotten) || !expect(':'))) return false;
    if (!skip_value(depth + 1)) return false;
  } while (accept(','));
  return expect(close);
}

}  // namespace orrery::check
