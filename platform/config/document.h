// A wrangler file as a tree in which every key and value knows its place, the same for TOML and
// JSON, so that each later error and warning can name line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/error.h"
#include "platform/config/json.h"

namespace orrery::config {

struct Member;

struct Value {
  enum class Kind { kNull, kBool, kInteger, kFloat, kString, kArray, kTable, kDate };

  Kind kind = Kind::kNull;
  Place place{};
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text{};             // kString, and kDate as written
  std::vector<Value> items{};     // kArray
  std::vector<Member> members;  // kTable, in the file's order, keys unique

  /// The member's value, or null when there is none or this is no table.
  const Value* find(std::string_view key) const;
  const Member* find_member(std::string_view key) const;

  bool is_table() const { return kind == Kind::kTable; }
  bool is_array() const { return kind == Kind::kArray; }
  bool is_string() const { return kind == Kind::kString; }
};

struct Member {
  std::string key;
  Place place;  // of the key
  Value value;
};

/// "a string", "a list", ...: for messages.
std::string_view description_of(Value::Kind kind);

/// The value as plain JSON, places left out; a TOML date becomes its text.
Json to_json(const Value& value);

/// Parses JSON with comments and trailing commas (RFC 8259 otherwise, byte order mark allowed).
/// Nesting deeper than 200 is an error. Of equal keys the last wins. Any bytes give a value or an
/// error.
Result<Value> parse_jsonc(std::string_view text, const std::string& file);

/// Parses TOML 1.0. Any bytes give a value or an error.
Result<Value> parse_toml(std::string_view text, const std::string& file);

}  // namespace orrery::config
