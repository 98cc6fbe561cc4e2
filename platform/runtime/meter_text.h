// The CPU meter in the text of functions: what `Function.prototype.toString` and errors show is the user's own code.
#pragma once

#include <string>
#include <string_view>

namespace orrery::runtime {

// `text` without the charges that platform/config/bundle/lib/meter.mjs has put in.
std::string without_meter(std::string_view text);

}  // namespace orrery::runtime
