// Typed reading of one table of a wrangler file. The first thing wrong is kept in the Findings and
// reading goes on with a default, so that callers need no test after every key; who drives the
// reading looks at Findings::error at the end.
#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/document.h"
#include "platform/config/error.h"

namespace orrery::config {

/// Something odd in a project that does not stop it.
struct Warning {
  std::string file;
  int line = 0;    // from 1; 0: not known
  int column = 0;  // from 1; 0: not known
  std::string message;

  /// "wrangler.toml:3:1: message".
  std::string text() const;
};

/// What reading one wrangler file has brought up.
struct Findings {
  std::string file;
  std::optional<ConfigError> error;  // the first
  std::vector<Warning> warnings;

  void fail(ConfigErrorKind kind, Place place, std::string message, std::string hint = {});
  void warn(Place place, std::string message);
};

/// A list of strings with the place of each.
struct PlacedText {
  std::string text;
  Place place;
};

class TableReader {
 public:
  /// `path` is the table's name for messages: "" at the top, "durable_objects.bindings[0]" below.
  /// REQUIRES: table.is_table(). Keeps references to all three.
  TableReader(const Value& table, std::string path, Findings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {}

  const Value& table() const { return table_; }
  Place place() const { return table_.place; }
  Place place_of(std::string_view key) const;
  /// "durable_objects.bindings[0].name".
  std::string name_of(std::string_view key) const;

  /// Each returns nothing when the key is absent or of another type; the latter is kWrongType.
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<int64_t> integer(std::string_view key);
  const Value* any(std::string_view key);
  const Value* table(std::string_view key);
  std::vector<PlacedText> texts(std::string_view key);
  std::vector<std::string> plain_texts(std::string_view key);
  /// The tables of a list of tables, a reader for each.
  std::vector<TableReader> tables(std::string_view key);
  /// A text that must be there and not be empty; else kMissingKey with the hint.
  std::string required_text(std::string_view key, std::string hint = {});

  /// Accepts keys without looking at them.
  void accept(std::initializer_list<std::string_view> keys);
  /// Warns about every key that was neither read nor accepted.
  void warn_of_unknown_keys();

 private:
  const Value* take(std::string_view key, Value::Kind wanted);

  const Value& table_;
  std::string path_;
  Findings& findings_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace orrery::config
