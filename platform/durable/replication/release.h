// The software of a host, as far as its followers' logs are concerned: which formats of a record it reads, and which is
// the newest that it writes (log_file.h). Release 1 knows the first format alone; 2 reads both and writes the first; 3
// writes the second. So a fleet goes from 1 to 3 in two rounds, and may go back from 2 to 1 at any time.
// How hosts of several releases live together: PROTOCOL.md, "Two formats at once".
#pragma once

#include <cstdint>

namespace orrery::durable {

enum class LogFormat : uint8_t { kFirst = 1, kSecond = 2 };

struct Release {
  uint32_t number = 1;
  LogFormat reads() const { return number >= 2 ? LogFormat::kSecond : LogFormat::kFirst; }
  LogFormat writes() const { return number >= 3 ? LogFormat::kSecond : LogFormat::kFirst; }
};
inline constexpr uint32_t kNewestRelease = 3;

}  // namespace orrery::durable
