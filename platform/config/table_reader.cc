#include "platform/config/table_reader.h"

#include "platform/config/closest.h"

namespace orrery::config {

std::string Warning::text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out + ": " + message;
}

void Findings::fail(ConfigErrorKind kind, Place place, std::string message, std::string hint) {
  if (error) return;
  error = ConfigError{.kind = kind, .file = file, .line = place.line, .column = place.column,
                      .message = std::move(message), .hint = std::move(hint)};
}

void Findings::warn(Place place, std::string message) {
  warnings.push_back({file, place.line, place.column, std::move(message)});
}

Place TableReader::place_of(std::string_view key) const {
  const Member* member = table_.find_member(key);
  return member == nullptr ? table_.place : member->place;
}

std::string TableReader::name_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const Value* TableReader::take(std::string_view key, Value::Kind wanted) {
  const Value* value = any(key);
  if (value == nullptr || value->kind == wanted) return value;
  std::string hint;
  if (wanted == Value::Kind::kString && (value->kind == Value::Kind::kDate ||
                                         value->kind == Value::Kind::kInteger)) {
    hint = "put it in quotes";
  }
  findings_.fail(ConfigErrorKind::kWrongType, value->place,
                 "\"" + name_of(key) + "\" must be " + std::string(description_of(wanted)) +
                     ", but is " + std::string(description_of(value->kind)),
                 hint);
  return nullptr;
}

const Value* TableReader::any(std::string_view key) {
  seen_.emplace(key);
  const Value* value = table_.find(key);
  return value == nullptr || value->kind == Value::Kind::kNull ? nullptr : value;
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const Value* value = take(key, Value::Kind::kString);
  if (value == nullptr) return std::nullopt;
  return value->text;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
  const Value* value = take(key, Value::Kind::kBool);
  if (value == nullptr) return std::nullopt;
  return value->boolean;
}

std::optional<int64_t> TableReader::integer(std::string_view key) {
  const Value* value = take(key, Value::Kind::kInteger);
  if (value == nullptr) return std::nullopt;
  return value->integer;
}

const Value* TableReader::table(std::string_view key) { return take(key, Value::Kind::kTable); }

std::vector<PlacedText> TableReader::texts(std::string_view key) {
  std::vector<PlacedText> out;
  const Value* list = take(key, Value::Kind::kArray);
  if (list == nullptr) return out;
  for (const Value& item : list->items) {
    if (item.is_string()) {
      out.push_back({item.text, item.place});
      continue;
    }
    findings_.fail(ConfigErrorKind::kWrongType, item.place,
                   "\"" + name_of(key) + "\" must be a list of strings, but holds " +
                       std::string(description_of(item.kind)));
  }
  return out;
}

std::vector<std::string> TableReader::plain_texts(std::string_view key) {
  std::vector<std::string> out;
  for (PlacedText& text : texts(key)) out.push_back(std::move(text.text));
  return out;
}

std::vector<TableReader> TableReader::tables(std::string_view key) {
  std::vector<TableReader> out;
  const Value* list = take(key, Value::Kind::kArray);
  if (list == nullptr) return out;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    std::string name = name_of(key) + "[" + std::to_string(i) + "]";
    if (!item.is_table()) {
      findings_.fail(ConfigErrorKind::kWrongType, item.place,
                     "\"" + name + "\" must be a table, but is " +
                         std::string(description_of(item.kind)));
      continue;
    }
    out.emplace_back(item, std::move(name), findings_);
  }
  return out;
}

std::string TableReader::required_text(std::string_view key, std::string hint) {
  const bool there = any(key) != nullptr;
  std::optional<std::string> value = text(key);
  if (value && !value->empty()) return *value;
  if (!there || value) {
    findings_.fail(ConfigErrorKind::kMissingKey, place_of(key),
                   (path_.empty() ? std::string("the wrangler file") : "\"" + path_ + "\"") +
                       " needs a \"" + std::string(key) + "\"",
                   std::move(hint));
  }
  return {};
}

void TableReader::accept(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) seen_.emplace(key);
}

void TableReader::warn_of_unknown_keys() {
  const std::vector<std::string_view> known(seen_.begin(), seen_.end());
  for (const Member& member : table_.members) {
    if (seen_.contains(member.key)) continue;
    const std::string_view near = closest(member.key, known);
    std::string message = "unknown key \"" + name_of(member.key) + "\" is ignored";
    if (!near.empty()) message += "; did you mean \"" + std::string(near) + "\"?";
    findings_.warn(member.place, std::move(message));
  }
}

}  // namespace orrery::config
