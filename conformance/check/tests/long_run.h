// How much the tests against brute force do: a little under ctest, all that is promised when asked.
//
//   ORRERY_CHECK_ALL=6           every history of up to 6 operations
//   ORRERY_CHECK_WITNESSES=5     the witness of every violation of up to 5 operations
//   ORRERY_CHECK_RANDOM=500000   so many random ones of each kind
//   ORRERY_CHECK_RECORD=FILE     a line of JSON for each kind is added to FILE
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

namespace orrery::check {

inline std::uint64_t long_run(const char* variable, std::uint64_t usual) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

// Notes what was compared; only tests that saw no disagreement do.
inline void record(const std::string& histories, const std::string& kind,
                   std::initializer_list<std::pair<const char*, std::uint64_t>> numbers) {
  const char* file = std::getenv("ORRERY_CHECK_RECORD");
  if (file == nullptr) return;
  std::ofstream out(file, std::ios::app);
  out << R"({"histories":")" << histories << R"(","of":")" << kind << '"';
  for (const auto& [name, number] : numbers) out << ",\"" << name << "\":" << number;
  out << R"(,"disagreements":0})" << "\n";
}

}  // namespace orrery::check
