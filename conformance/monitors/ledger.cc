#include "conformance/monitors/ledger.h"

#include <cstdio>

namespace orrery::monitors {

std::string show(Instant at) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lld s", static_cast<long long>(at.us / 1'000'000),
                static_cast<long long>(at.us % 1'000'000));
  return text;
}

}  // namespace orrery::monitors
