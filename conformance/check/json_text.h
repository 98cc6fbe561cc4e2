// Reads the JSON that history lines are made of, without recursion deeper than kDepthMax.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/history/value.h"

namespace orrery::check {

// A reader over one line. After a call that returned false, `error()` says what is wrong and where
// ("column 17: ..."); nothing else may be called then.
class JsonText {
 public:
  explicit JsonText(std::string_view text) : text_(text) {}

  // Reads `c`, white space before it included.
  bool expect(char c);
  // Whether `c` comes next; if so, reads it.
  bool accept(char c);
  bool at_end();

  bool read_string(std::string& out);
  // Null, true, false, an integer, a string or a list of these. Objects and fractions are refused.
  bool read_value(history::Value& out, int depth = 0);
  // Any JSON value, forgotten.
  bool skip_value(int depth = 0);

  bool fail(std::string_view what);
  const std::string& error() const { return error_; }

 private:
  static constexpr int kDepthMax = 64;

  void skip_space();
  bool read_word(std::string_view word);
  bool read_number(history::Value* out);
  bool read_escape(std::string& out);
  bool read_hex4(unsigned& out);

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace orrery::check
