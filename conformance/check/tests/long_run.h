// How much the tests against brute force do: a little under ctest, all that is promised when asked.
//
//   ORRERY_CHECK_ALL=6           every history of up to 6 operations
//   ORRERY_CHECK_RANDOM=500000   so many random ones of each kind
//   ORRERY_CHECK_RECORD=FILE     a line of JSON for each kind is added to FILE
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

namespace orrery::check {

inline std::uint64_t long_run(const char* variable, std::uint64_t usual) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

// Notes histories that were all judged as brute force judges them.
inline void record(const std::string& histories, const std::string& kind, std::uint64_t count,
                   std::uint64_t violations) {
  const char* file = std::getenv("ORRERY_CHECK_RECORD");
  if (file == nullptr) return;
  std::ofstream(file, std::ios::app) << R"({"histories":")" << histories << R"(","of":")" << kind << R"(","count":)" << count
                                     << R"(,"yes":)" << count - violations << R"(,"no":)" << violations
                                     << R"(,"disagreements":0})" << "\n";
}

}  // namespace orrery::check
