#include "platform/config/error.h"

#include "platform/config/json.h"

namespace orrery::config {

std::string_view name_of(ConfigErrorKind kind) {
  switch (kind) {
    case ConfigErrorKind::kMissingFile: return "missing_file";
    case ConfigErrorKind::kUnreadable: return "unreadable";
    case ConfigErrorKind::kSyntax: return "syntax";
    case ConfigErrorKind::kWrongType: return "wrong_type";
    case ConfigErrorKind::kBadValue: return "bad_value";
    case ConfigErrorKind::kMissingKey: return "missing_key";
    case ConfigErrorKind::kMissingMain: return "missing_main";
    case ConfigErrorKind::kUnknownEnvironment: return "unknown_environment";
    case ConfigErrorKind::kDuplicateBinding: return "duplicate_binding";
    case ConfigErrorKind::kClassWithoutMigration: return "class_without_migration";
    case ConfigErrorKind::kBadMigration: return "bad_migration";
    case ConfigErrorKind::kUnknownFlag: return "unknown_flag";
    case ConfigErrorKind::kContradictoryFlags: return "contradictory_flags";
    case ConfigErrorKind::kBadDate: return "bad_date";
    case ConfigErrorKind::kFutureDate: return "future_date";
    case ConfigErrorKind::kUnsupported: return "unsupported";
    case ConfigErrorKind::kBadApp: return "bad_app";
  }
  return "unknown";
}

std::string ConfigError::text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  if (!out.empty()) out += ": ";
  out += message;
  if (!hint.empty()) out += " (" + hint + ")";
  return out;
}

std::string to_json(const ConfigError& error) {
  return dump(Json{{"kind", name_of(error.kind)}, {"message", error.message},
                   {"file", error.file}, {"line", error.line}, {"column", error.column},
                   {"hint", error.hint}});
}

}  // namespace orrery::config
