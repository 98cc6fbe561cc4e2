#include "platform/config/document.h"

namespace orrery::config {

const Member* Value::find_member(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member == nullptr ? nullptr : &member->value;
}

std::string_view description_of(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNull: return "null";
    case Value::Kind::kBool: return "true or false";
    case Value::Kind::kInteger: return "a whole number";
    case Value::Kind::kFloat: return "a number";
    case Value::Kind::kString: return "a string";
    case Value::Kind::kArray: return "a list";
    case Value::Kind::kTable: return "a table";
    case Value::Kind::kDate: return "a date without quotes";
  }
  return "something else";
}

Json to_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull: return nullptr;
    case Value::Kind::kBool: return value.boolean;
    case Value::Kind::kInteger: return value.integer;
    case Value::Kind::kFloat: return value.number;
    case Value::Kind::kString:
    case Value::Kind::kDate: return value.text;
    case Value::Kind::kArray: {
      Json out = Json::array();
      for (const Value& item : value.items) out.push_back(to_json(item));
      return out;
    }
    case Value::Kind::kTable: {
      Json out = Json::object();
      for (const Member& member : value.members) out[member.key] = to_json(member.value);
      return out;
    }
  }
  return nullptr;
}

}  // namespace orrery::config
