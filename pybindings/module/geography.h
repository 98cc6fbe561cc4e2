// The one geography of this process, shared by its worlds (it never changes).
#pragma once

#include "sim/net/geography.h"

namespace orrery::python {

inline const net::Geography& geography() {
  static const net::Geography g;
  return g;
}

}  // namespace orrery::python
