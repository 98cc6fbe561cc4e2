// What can be wrong with a user's project, as one value: what, where and what to do. Nothing in
// this room throws to its caller, prints or ends the process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sim/core/check.h"

namespace orrery::config {

enum class ConfigErrorKind {
  kMissingFile,            // no project folder, no wrangler file, no app folder
  kUnreadable,             // exists but cannot be read, or is absurdly large
  kSyntax,                 // TOML, JSON or .env text that does not parse
  kWrongType,              // a known key with a value of another type
  kBadValue,               // right type, impossible value
  kMissingKey,             // a key that must be there is not
  kMissingMain,            // `main` is not given or names no file
  kUnknownEnvironment,     // env.NAME asked for, not in the file
  kDuplicateBinding,       // two bindings of one name
  kClassWithoutMigration,  // a Durable Object binding to a class that no migration makes
  kBadMigration,           // migrations that contradict each other
  kUnknownFlag,            // a compatibility flag nobody knows
  kContradictoryFlags,     // a flag and its opposite
  kBadDate,                // compatibility_date is no date
  kFutureDate,             // compatibility_date is later than this build knows
  kUnsupported,            // Workers can do it, Orrery cannot yet
  kBadApp,                 // app folder truncated or garbled
};

/// The name used in JSON documents: "missing_main".
std::string_view name_of(ConfigErrorKind kind);

/// A place in a file; lines and columns count from 1, 0 means not known.
struct Place {
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

struct ConfigError {
  ConfigErrorKind kind = ConfigErrorKind::kBadValue;
  std::string file{};  // relative to the project folder where it lies in it
  int line = 0;      // from 1; 0: not known
  int column = 0;    // from 1; 0: not known
  std::string message{};
  std::string hint{};  // what to do; may be empty

  /// "wrangler.toml:3:8: message (hint)", the text for a person.
  std::string text() const;
};

/// {"kind","message","file","line","column","hint"}: the shape the bundler reports too.
std::string to_json(const ConfigError& error);

/// A value or the one error that stands in its place.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(ConfigError error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// REQUIRES: ok().
  T& value() & {
    ORRERY_CHECK(ok(), "value() of a failed Result");
    return std::get<0>(state_);
  }
  const T& value() const& {
    ORRERY_CHECK(ok(), "value() of a failed Result");
    return std::get<0>(state_);
  }
  T&& value() && {
    ORRERY_CHECK(ok(), "value() of a failed Result");
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// REQUIRES: !ok().
  const ConfigError& error() const {
    ORRERY_CHECK(!ok(), "error() of a Result that is a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, ConfigError> state_;
};

}  // namespace orrery::config
