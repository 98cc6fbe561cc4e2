// A place in a text being read, for the readers of JSON and TOML: it knows its line and column, and
// it keeps the first syntax error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/config/error.h"

namespace orrery::config {

class Cursor {
 public:
  /// `language` is the word for messages: "JSON". Skips a byte order mark. Keeps references to the
  /// text.
  Cursor(std::string_view text, std::string language, std::string file)
      : text_(text), language_(std::move(language)), file_(std::move(file)) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  bool at_end() const { return at_ >= text_.size(); }
  /// The byte here, or `ahead` bytes further; 0 past the end.
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool starts_with(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  size_t offset() const { return at_; }
  std::string_view from(size_t offset) const { return text_.substr(offset, at_ - offset); }
  Place here() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  /// Takes `count` bytes, counting lines.
  void skip(size_t count = 1) {
    for (; count > 0 && !at_end(); --count) {
      if (text_[at_++] != '\n') continue;
      line_ += 1;
      line_start_ = at_;
    }
  }
  /// Takes the word if it is here.
  bool take(std::string_view word) {
    if (!starts_with(word)) return false;
    skip(word.size());
    return true;
  }

  /// What is here, for messages: "\"x\"", "the end of the line".
  std::string shown() const {
    if (at_end()) return "the end of the file";
    const auto c = static_cast<unsigned char>(peek());
    if (c == '\n' || c == '\r') return "the end of the line";
    if (c < 0x20 || c >= 0x7F) return "byte " + std::to_string(c);
    return std::string("\"") + peek() + "\"";
  }

  /// Notes an error, unless there is one already; always false, for `return cursor.fail(...)`.
  bool fail_at(Place place, const std::string& message, const std::string& hint = {}) {
    if (error_) return false;
    error_ = ConfigError{.kind = ConfigErrorKind::kSyntax, .file = file_, .line = place.line,
                         .column = place.column,
                         .message = "not valid " + language_ + ": " + message, .hint = hint};
    return false;
  }
  bool fail(const std::string& message, const std::string& hint = {}) {
    return fail_at(here(), message, hint);
  }
  const std::optional<ConfigError>& error() const { return error_; }

  /// Reads exactly `digits` hex digits as a number.
  bool take_hex(int digits, uint32_t& out) {
    out = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("an escape needs " + std::to_string(digits) + " hex digits here");
      out = out * 16 + static_cast<uint32_t>(digit);
      skip();
    }
    return true;
  }

 private:
  std::string_view text_;
  std::string language_;
  std::string file_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  std::optional<ConfigError> error_;
};

}  // namespace orrery::config
