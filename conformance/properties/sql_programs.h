// SQL as RapidCheck draws and shrinks it: statements over a few tables that mostly fit the schema they meet and sometimes
// do not, and programs of them.
#pragma once

#include <rapidcheck.h>

#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

namespace orrery::properties {

struct Blob {
  std::string bytes;
};
// A binding: null, a number (JavaScript has no other), a text, bytes.
using Binding = std::variant<std::monostate, double, std::string, Blob>;

struct SqlStep {
  enum Kind {
    kExec,   // and all its rows
    kOpen,   // a cursor that stays open, in one of two places
    kTake,   // up to `rows` of the cursor at `place`
    kWithin  // transactionSync of `steps`, which throws at its end if it `fails`
  };
  Kind kind = kExec;
  std::string sql = {};
  std::vector<Binding> bindings = {};
  int place = 0;
  int rows = 0;
  bool fails = false;
  std::vector<SqlStep> steps = {};
};

struct SqlRequest {
  enum After { kNothing, kEvict, kCrash };
  std::vector<SqlStep> steps;
  After after;
};
void showValue(const SqlRequest& request, std::ostream& os);

rc::Gen<std::vector<SqlRequest>> sql_programs();

// Lower-case hexadecimal digits.
std::string hex_of(std::string_view bytes);

}  // namespace orrery::properties
