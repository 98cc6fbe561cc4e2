// Compatibility flags: by name, by date, by implication, and what cannot be.
#include <gtest/gtest.h>

#include "platform/config/compat_flags.h"

namespace orrery::config {
namespace {

bool is_on(std::string_view flag, std::string_view date,
           const std::vector<std::string>& flags = {}) {
  const auto result = resolve_compat_flags(date, flags);
  EXPECT_TRUE(result.ok()) << result.error().text();
  return result.ok() && result->has(flag);
}

ConfigErrorKind kind_of(std::string_view date, const std::vector<std::string>& flags = {}) {
  const auto result = resolve_compat_flags(date, flags);
  EXPECT_FALSE(result.ok());
  return result.ok() ? ConfigErrorKind::kUnsupported : result.error().kind;
}

TEST(CompatFlags, ADateTurnsAFlagOnFromThatDay) {
  EXPECT_FALSE(is_on("rpc", "2024-04-02"));
  EXPECT_TRUE(is_on("rpc", "2024-04-03"));
}

TEST(CompatFlags, ANameTurnsItOnEarlierAndItsOppositeOffLater) {
  EXPECT_TRUE(is_on("rpc", "2021-01-01", {"rpc"}));
  EXPECT_FALSE(is_on("rpc", "2026-01-01", {"no_rpc"}));
}

TEST(CompatFlags, AFlagIsImpliedByAnotherFromItsDate) {
  EXPECT_FALSE(is_on("nodejs_compat_v2", "2024-09-22", {"nodejs_compat"}));
  EXPECT_TRUE(is_on("nodejs_compat_v2", "2024-09-23", {"nodejs_compat"}));
  EXPECT_FALSE(is_on("nodejs_compat_v2", "2024-09-23"));
  EXPECT_FALSE(is_on("nodejs_compat_v2", "2024-09-23", {"nodejs_compat", "no_nodejs_compat_v2"}));
}

TEST(CompatFlags, ImplicationsFollowEachOther) {
  EXPECT_TRUE(is_on("enable_nodejs_http_server_modules", "2025-09-01", {"nodejs_compat"}));
  EXPECT_FALSE(is_on("enable_nodejs_http_server_modules", "2025-09-01",
                     {"nodejs_compat", "disable_nodejs_http_modules"}));
}

TEST(CompatFlags, AlwaysOnFlagsAreOn) {
  EXPECT_TRUE(is_on("r2_public_beta_bindings", "2021-01-01"));
}

TEST(CompatFlags, WhatCannotBeIsAnError) {
  EXPECT_EQ(kind_of("2026-01-01", {"no_such_flag"}), ConfigErrorKind::kUnknownFlag);
  EXPECT_EQ(kind_of("2026-01-01", {""}), ConfigErrorKind::kUnknownFlag);
  EXPECT_EQ(kind_of("2026-01-01", {"rpc", "no_rpc"}), ConfigErrorKind::kContradictoryFlags);
  EXPECT_EQ(kind_of("2999-01-01"), ConfigErrorKind::kFutureDate);
  for (const char* date : {"", "2026", "2026-13-01", "2025-02-29", "2026-00-10", "2026-01-1x"}) {
    EXPECT_EQ(kind_of(date), ConfigErrorKind::kBadDate) << date;
  }
  EXPECT_TRUE(is_date("2024-02-29"));
}

}  // namespace
}  // namespace orrery::config
