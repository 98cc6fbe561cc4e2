#include "platform/config/compat_flags.h"

#include <algorithm>
#include <iterator>

#include "platform/config/closest.h"

namespace orrery::config {

namespace {

struct FlagRow {
  std::string_view default_date;
  std::string_view enable;
  std::string_view disable;
  bool always_on;
  std::string_view implied_by;
  std::string_view implied_date;
};

constexpr FlagRow kFlags[] = {
#include "platform/config/compat_flags.inc"
};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

bool is_known(std::string_view name) {
  return std::any_of(std::begin(kFlags), std::end(kFlags), [&](const FlagRow& row) {
    return !name.empty() && (row.enable == name || row.disable == name);
  });
}

ConfigError unknown_flag(const std::string& name) {
  std::vector<std::string_view> names;
  for (const FlagRow& row : kFlags) {
    names.push_back(row.enable);
    if (!row.disable.empty()) names.push_back(row.disable);
  }
  const std::string_view near = closest(name, names);
  return ConfigError{
      .kind = ConfigErrorKind::kUnknownFlag,
      .message = "there is no compatibility flag \"" + name + "\"",
      .hint = near.empty() ? std::string("remove it, or correct its name")
                           : "did you mean \"" + std::string(near) + "\"?"};
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const auto two = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int year = two(0) * 100 + two(2);
  const int month = two(5);
  const int day = two(8);
  if (month < 1 || month > 12) return false;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day >= 1 && day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

Result<CompatFlags> resolve_compat_flags(std::string_view date,
                                         const std::vector<std::string>& flags) {
  if (!is_date(date)) {
    return ConfigError{.kind = ConfigErrorKind::kBadDate,
                       .message = "\"" + std::string(date) + "\" is not a compatibility date",
                       .hint = "write it as \"2026-01-31\""};
  }
  if (date > kCompatibilityDateMax) {
    return ConfigError{.kind = ConfigErrorKind::kFutureDate,
                       .message = "compatibility date " + std::string(date) +
                                  " is later than this build knows",
                       .hint = "use " + std::string(kCompatibilityDateMax) + " or an earlier date"};
  }
  for (const std::string& flag : flags) {
    if (!is_known(flag)) return unknown_flag(flag);
  }
  CompatFlags out;
  for (const FlagRow& row : kFlags) {
    const bool named = contains(flags, row.enable);
    const bool refused = contains(flags, row.disable);
    if (named && refused) {
      return ConfigError{.kind = ConfigErrorKind::kContradictoryFlags,
                         .message = "the compatibility flags \"" + std::string(row.enable) +
                                    "\" and \"" + std::string(row.disable) +
                                    "\" contradict each other",
                         .hint = "keep one of them"};
    }
    if (refused) continue;
    const bool by_date = !row.default_date.empty() && date >= row.default_date;
    if (named || by_date || row.always_on) out.enabled.emplace(row.enable);
  }
  // Implications may follow each other (http -> http server), so until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (const FlagRow& row : kFlags) {
      if (row.implied_by.empty() || date < row.implied_date) continue;
      if (!out.has(row.implied_by) || out.has(row.enable) || contains(flags, row.disable)) continue;
      out.enabled.emplace(row.enable);
      changed = true;
    }
  }
  return out;
}

}  // namespace orrery::config
