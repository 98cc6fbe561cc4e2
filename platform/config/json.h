// The JSON type of this room: keeps the order of keys, so that documents come out as they went in.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace orrery::config {

using Json = nlohmann::ordered_json;

/// The text of a document on one line; bytes that are not UTF-8 come out as U+FFFD, never an
/// exception.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace orrery::config
