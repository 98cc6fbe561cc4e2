#include "platform/durable/storage/authorizer.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace orrery::durable {

namespace {

// Sorted; looked up by binary search.
// What a pragma's argument may be.
enum class Argument : uint8_t {
  kNone,
  kSwitch,          // a way to say true or false, or nothing
  kName,            // of an object that is not ours
  kNameOrNothing,
  kNumber,          // or nothing
  kNumberOrName,    // or nothing
};
struct Pragma {
  std::string_view name;
  Argument argument;
};
constexpr Pragma kPragmas[] = {{"case_sensitive_like", Argument::kSwitch},
                               {"data_version", Argument::kNone},
                               {"defer_foreign_keys", Argument::kSwitch},
                               {"foreign_key_check", Argument::kNameOrNothing},
                               {"foreign_key_list", Argument::kName},
                               {"foreign_keys", Argument::kSwitch},
                               {"ignore_check_constraints", Argument::kSwitch},
                               {"index_info", Argument::kName},
                               {"index_list", Argument::kName},
                               {"index_xinfo", Argument::kName},
                               {"legacy_alter_table", Argument::kSwitch},
                               {"optimize", Argument::kNumber},
                               {"page_size", Argument::kNone},
                               {"quick_check", Argument::kNumberOrName},
                               {"recursive_triggers", Argument::kSwitch},
                               {"reverse_unordered_selects", Argument::kSwitch},
                               {"table_info", Argument::kName},
                               {"table_list", Argument::kNameOrNothing},
                               {"table_xinfo", Argument::kName}};

constexpr std::string_view kFunctions[] = {
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "bm25",
    "ceil", "changes", "char", "coalesce", "concat", "concat_ws", "cos", "cosh", "count",
    "cume_dist", "current_date", "current_time", "current_timestamp", "date", "datetime", "degrees",
    "dense_rank", "exp", "first_value", "floor", "format", "glob", "group_concat", "hex",
    "highlight", "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_each",
    "json_extract", "json_group_array", "json_group_object", "json_insert", "json_object",
    "json_patch", "json_quote", "json_remove", "json_replace", "json_set", "json_tree", "json_type",
    "json_valid", "jsonb", "jsonb_array", "jsonb_extract", "jsonb_group_array",
    "jsonb_group_object", "jsonb_insert", "jsonb_object", "jsonb_patch", "jsonb_remove",
    "jsonb_replace", "jsonb_set", "julianday", "lag", "last_insert_rowid", "last_value", "lead",
    "length", "like", "likelihood", "likely", "ln", "load_extension", "log", "log2", "lower",
    "ltrim", "match", "max", "min", "mod", "nth_value", "ntile", "nullif", "octet_length",
    "percent_rank", "pi", "pow", "printf", "quote", "radians", "random", "randomblob", "rank",
    "replace", "round", "row_number", "rtreecheck", "rtrim", "sign", "sin", "sinh", "snippet",
    "soundex", "sqlite_drop_column", "sqlite_rename_column", "sqlite_rename_quotefix",
    "sqlite_rename_table", "sqlite_rename_test", "sqrt", "strftime", "string_agg", "substr",
    "substring", "sum", "tan", "tanh", "time", "timediff", "total", "total_changes", "trim",
    "trunc", "typeof", "unhex", "unicode", "unixepoch", "unlikely", "upper", "zeroblob"};

constexpr std::string_view kInexactMath[] = {
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "exp", "ln", "log",
    "log2", "pow", "sin", "sinh", "tan", "tanh"};

constexpr std::string_view kModules[] = {"fts5", "fts5vocab", "rtree", "rtree_i32"};
// Tables that SQLite offers without being created, and that show its inside.
constexpr std::string_view kHiddenTables[] = {"bytecode", "dbstat", "sqlite_dbpage", "sqlite_stmt",
                                              "tables_used"};

static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions)));
static_assert(std::is_sorted(std::begin(kInexactMath), std::end(kInexactMath)));

template <size_t N>
bool listed(const std::string_view (&list)[N], const char* name) {
  if (!name) return false;
  std::string lower;
  for (const char* c = name; *c; ++c)
    lower += static_cast<char>(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
  return std::binary_search(std::begin(list), std::end(list), std::string_view(lower));
}

bool ours(const char* name) { return name && reserved_name(name); }

bool is_number(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() && text.size() < 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_switch(std::string_view text) {
  if (text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0])
    text = text.substr(1, text.size() - 2);
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    return text.size() >= word.size() &&
           sqlite3_strnicmp(text.data(), word.data(), static_cast<int>(word.size())) == 0;
  });
}

bool pragma_allowed(const char* name, const char* argument) {
  for (const Pragma& pragma : kPragmas) {
    if (!name || pragma.name != name) continue;
    switch (pragma.argument) {
      case Argument::kNone: return !argument;
      case Argument::kSwitch: return !argument || is_switch(argument);
      case Argument::kName: return argument && !ours(argument);
      case Argument::kNameOrNothing: return !ours(argument);
      case Argument::kNumber: return !argument || is_number(argument);
      case Argument::kNumberOrName: return !argument || is_number(argument) || !ours(argument);
    }
  }
  return false;
}

}  // namespace

bool reserved_name(std::string_view name) {
  constexpr std::string_view kPrefix = "_cf_";
  if (name.size() < kPrefix.size()) return false;
  for (size_t i = 0; i < kPrefix.size(); ++i) {
    char c = name[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c != kPrefix[i]) return false;
  }
  return true;
}

int authorize_sql(int action, const char* first, const char* second, const char* database,
                  SqlUse& use) {
  auto verdict = [](bool allowed) { return allowed ? SQLITE_OK : SQLITE_DENY; };
  // Of the temporary database only its empty schema may be looked at.
  if (action == SQLITE_ALTER_TABLE) database = first;
  if (database && std::string_view(database) == "temp" && action != SQLITE_READ &&
      action != SQLITE_UPDATE)
    return SQLITE_DENY;
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_READ:
    case SQLITE_UPDATE:
    case SQLITE_INSERT:
    case SQLITE_DELETE:
      return verdict(!ours(first) && !listed(kHiddenTables, first));
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TRIGGER:
      return verdict(!ours(first) && !ours(second));
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_VIEW:
    case SQLITE_REINDEX:
      return verdict(!ours(first));
    case SQLITE_ANALYZE:  // also of our tables, which `PRAGMA optimize` does not leave out
      return SQLITE_OK;
    case SQLITE_ALTER_TABLE:
      use.alter_table = true;
      return verdict(!ours(second));
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE:
      return verdict(!ours(first) && listed(kModules, second));
    case SQLITE_FUNCTION:
      use.math |= listed(kInexactMath, second);
      use.random |= second && (sqlite3_stricmp(second, "random") == 0 ||
                               sqlite3_stricmp(second, "randomblob") == 0);
      return verdict(listed(kFunctions, second));
    case SQLITE_PRAGMA:
      use.defer_foreign_keys |= first && sqlite3_stricmp(first, "defer_foreign_keys") == 0;
      return verdict(pragma_allowed(first, second));
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      use.transaction = true;
      return SQLITE_DENY;
    default:  // temporary objects, ATTACH, DETACH and what later versions add
      return SQLITE_DENY;
  }
}

namespace {
// The words of a statement with quotes taken off; comments and string contents are kept apart well
// enough for looking at identifiers after RENAME ... TO.
std::string_view next_word(std::string_view& rest) {
  size_t i = 0;
  while (i < rest.size()) {
    if (std::isspace(static_cast<unsigned char>(rest[i]))) {
      ++i;
    } else if (rest.substr(i, 2) == "--") {
      i = std::min(rest.size(), rest.find('\n', i));
    } else if (rest.substr(i, 2) == "/*") {
      size_t end = rest.find("*/", i + 2);
      i = end == std::string_view::npos ? rest.size() : end + 2;
    } else {
      break;
    }
  }
  rest.remove_prefix(std::min(i, rest.size()));
  if (rest.empty()) return {};
  char open = rest[0];
  char close = open == '[' ? ']' : open;
  if (open == '"' || open == '`' || open == '[' || open == '\'') {
    size_t end = rest.find(close, 1);
    if (end == std::string_view::npos) end = rest.size();
    std::string_view word = rest.substr(1, end - 1);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    return word.empty() ? std::string_view("\"\"") : word;
  }
  size_t n = 0;
  while (n < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[n])) || rest[n] == '_' ||
                             rest[n] == '$' || static_cast<unsigned char>(rest[n]) >= 0x80))
    ++n;
  if (n == 0) n = 1;
  std::string_view word = rest.substr(0, n);
  rest.remove_prefix(n);
  return word;
}

bool is_word(std::string_view word, std::string_view upper) {
  return word.size() == upper.size() &&
         std::equal(word.begin(), word.end(), upper.begin(), [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) == b;
         });
}
}  // namespace

bool renames_to_reserved(std::string_view sql) {
  bool rename = false, to = false;
  while (true) {
    std::string_view word = next_word(sql);
    if (word.empty()) return false;
    if (to && reserved_name(word)) return true;
    to = rename && is_word(word, "TO");
    rename |= is_word(word, "RENAME");
  }
}

}  // namespace orrery::durable
