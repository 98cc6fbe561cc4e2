// Compatibility dates and flags: which behaviours of the runtime are on for a Worker.
//
// Rule: a flag is on when it is named, when the Worker's date has reached its default-on date, or
// when a flag that implies it is on and the date has reached the implication's; unless its
// disabling name is given, which wins over both. compat_flags.inc holds the table.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/error.h"

namespace orrery::config {

/// The newest compatibility date this build accepts. A constant, not today: a run must mean the
/// same tomorrow. The table ends with the runtime of 2026-08-22, so dates after that change
/// nothing.
inline constexpr std::string_view kCompatibilityDateMax = "2026-12-31";

/// What a Worker without a compatibility_date gets, with a warning: the date of the flag table.
inline constexpr std::string_view kCompatibilityDateDefault = "2026-08-22";

struct CompatFlags {
  std::set<std::string, std::less<>> enabled;  // enabling names

  bool has(std::string_view flag) const { return enabled.find(flag) != enabled.end(); }
};

/// The flags that are on at a date ("2026-01-31") with these flags named. Errors: kBadDate,
/// kFutureDate, kUnknownFlag, kContradictoryFlags; they carry no place, the caller knows it.
Result<CompatFlags> resolve_compat_flags(std::string_view date,
                                         const std::vector<std::string>& flags);

/// Whether the text is a date of the calendar, written YYYY-MM-DD.
bool is_date(std::string_view text);

}  // namespace orrery::config
