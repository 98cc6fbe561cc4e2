// Goal: our mathematical functions are right to a few units in the last place, and are the ones SQL
// calls. Method: compare with the C library over many arguments; exact cases by name.
#include "platform/durable/storage/sql_math.h"

#include <gtest/gtest.h>

#include <cmath>

#include "platform/durable/storage/tests/storage_rig.h"

namespace orrery::durable {
namespace {

// Relative error, but absolute near zero.
void expect_close(const char* name, double x, double ours, double theirs, double bound = 4e-15) {
  if (std::isnan(theirs)) {
    EXPECT_TRUE(std::isnan(ours)) << name << "(" << x << ")";
    return;
  }
  if (std::isinf(theirs)) {
    EXPECT_EQ(ours, theirs) << name << "(" << x << ")";
    return;
  }
  EXPECT_LE(std::fabs(ours - theirs), bound * std::max(1.0, std::fabs(theirs)))
      << name << "(" << x << ") = " << ours << ", not " << theirs;
}

TEST(SqlMath, AgreesWithTheLibrary) {
  for (int i = -4000; i <= 4000; ++i) {
    double x = i * 0.01237;
    expect_close("exp", x, math::exp(x), std::exp(x), 1e-14);
    expect_close("sin", x, math::sin(x), std::sin(x));
    expect_close("cos", x, math::cos(x), std::cos(x));
    expect_close("atan", x, math::atan(x), std::atan(x));
    expect_close("sinh", x, math::sinh(x), std::sinh(x), 1e-14);
    expect_close("cosh", x, math::cosh(x), std::cosh(x), 1e-14);
    expect_close("tanh", x, math::tanh(x), std::tanh(x));
    expect_close("asinh", x, math::asinh(x), std::asinh(x));
    expect_close("atan2", x, math::atan2(x, 1.7), std::atan2(x, 1.7));
    expect_close("atan2", x, math::atan2(x, -1.7), std::atan2(x, -1.7));
    expect_close("acosh", x, math::acosh(x), std::acosh(x));
    if (i > 0) {
      expect_close("ln", x, math::ln(x), std::log(x));
      expect_close("log2", x, math::log2(x), std::log2(x));
      expect_close("log10", x, math::log10(x), std::log10(x));
      expect_close("pow", x, math::pow(x, 3.3), std::pow(x, 3.3), 4e-14);
    }
    double u = i / 4000.0;
    expect_close("asin", u, math::asin(u), std::asin(u));
    expect_close("acos", u, math::acos(u), std::acos(u));
    expect_close("atanh", u, math::atanh(u), std::atanh(u));
  }
  for (double x : {1e-300, 5e-324, 1e300, 1.7e308}) {
    expect_close("ln", x, math::ln(x), std::log(x));
    expect_close("asinh", x, math::asinh(x), std::asinh(x));
  }
  expect_close("sinh", 710, math::sinh(710), std::sinh(710), 1e-12);
}

TEST(SqlMath, IsExactWherePeopleExpectIt) {
  EXPECT_EQ(math::pow(2, 10), 1024);
  EXPECT_EQ(math::pow(-2, 3), -8);
  EXPECT_EQ(math::pow(10, -2), 0.01);
  EXPECT_EQ(math::log10(1000), 3);
  EXPECT_EQ(math::log2(8), 3);
  EXPECT_EQ(math::exp(0), 1);
  EXPECT_EQ(math::ln(1), 0);
  EXPECT_EQ(math::cos(0), 1);
  EXPECT_EQ(math::atan2(0, -1), std::atan2(0, -1));
}

TEST(SqlMath, IsWhatSqlCalls) {
  Rig rig;
  EXPECT_EQ(rig.sql("SELECT pow(2,10), log(100), log(2,8), ln(0), acos(2), sin('x'), sqrt(16)"),
            "1024.000000,2.000000,3.000000,null,null,null,4.000000,;");
}

}  // namespace
}  // namespace orrery::durable
