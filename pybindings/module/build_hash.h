// What build this is: a hash over the linked code, written into capsules and results.
#pragma once

#include <string>

namespace orrery::python {

std::string build_hash();

}  // namespace orrery::python
