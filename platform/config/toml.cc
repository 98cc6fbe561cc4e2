// TOML through tomlplusplus, whose tree is turned into ours. The library throws on bad input; that is
// caught here and nowhere else.
#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include <toml++/toml.h>

#include "platform/config/document.h"

namespace orrery::config {

namespace {

Place place_of(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

template <typename T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Value value_of(const toml::node& node) {
  Value out;
  out.place = place_of(node.source());
  if (const auto* table = node.as_table()) {
    out.kind = Value::Kind::kTable;
    for (const auto& [key, child] : *table) {
      out.members.push_back({std::string(key.str()), place_of(key.source()), value_of(child)});
    }
    // The library sorts by name; the order in the file is what a person expects back.
    std::stable_sort(out.members.begin(), out.members.end(), [](const Member& a, const Member& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
  } else if (const auto* array = node.as_array()) {
    out.kind = Value::Kind::kArray;
    for (const auto& child : *array) out.items.push_back(value_of(child));
  } else if (const auto* text = node.as_string()) {
    out.kind = Value::Kind::kString;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Value::Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.kind = Value::Kind::kFloat;
    out.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = Value::Kind::kBool;
    out.boolean = boolean->get();
  } else {
    out.kind = Value::Kind::kDate;
    if (const auto* date = node.as_date()) out.text = printed(date->get());
    if (const auto* time = node.as_time()) out.text = printed(time->get());
    if (const auto* both = node.as_date_time()) out.text = printed(both->get());
  }
  return out;
}

}  // namespace

Result<Value> parse_toml(std::string_view text, const std::string& file) {
  try {
    return value_of(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const Place place = place_of(error.source());
    return ConfigError{.kind = ConfigErrorKind::kSyntax, .file = file, .line = place.line,
                       .column = place.column,
                       .message = "not valid TOML: " + std::string(error.description())};
  }
}

}  // namespace orrery::config
