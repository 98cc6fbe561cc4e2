// Pieces that the JSON documents about histories share.
#pragma once

#include <string>
#include <string_view>

#include "conformance/check/history_file.h"
#include "sim/history/history.h"

namespace orrery::check {

// `,"name":value`.
void append_field(std::string& out, const char* name, std::string_view text);
void append_field(std::string& out, const char* name, const history::Value& value);

// One operation of a witness as an object; `lines` is null for a history that came from no file.
void append_operation(std::string& out, const history::History& history, history::OperationId id,
                      const HistoryFile* lines);

}  // namespace orrery::check
