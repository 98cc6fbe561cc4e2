// What is shown of functions: the text without the charges of the bundler.
#include "platform/runtime/meter_text.h"

#include <gtest/gtest.h>

namespace orrery::runtime {
namespace {

TEST(MeterText, LosesChargesOfBodiesExpressionsAndLoops) {
  EXPECT_EQ(without_meter("function f(a) {($m[0]-=12)<0&&$t();return a;}"), "function f(a) {return a;}");
  EXPECT_EQ(without_meter("f() {($m1[0]-=2)<0&&$t1();\n  }"), "f() {}");
  EXPECT_EQ(without_meter("(a) => (($m[0]-=3)<0&&$t(),a + 1/*$m*/)"), "(a) => a + 1");
  EXPECT_EQ(without_meter("() => (($m[0]-=3)<0&&$t(),() => (($m[0]-=1)<0&&$t(),1/*$m*/)/*$m*/)"), "() => () => 1");
  EXPECT_EQ(without_meter("for (;;) {/*$m*/($m[0]-=3)<0&&$t();f()/*$m*/}"), "for (;;) f()");
}

TEST(MeterText, LeavesEverythingElse) {
  for (const char* text : {"", "function toString() { [native code] }", "($m[0]-=x)<0&&$t();", "($m[0]-=1)<0&&$t()", "/*$m*/"})
    EXPECT_EQ(without_meter(text), text);
}

}  // namespace
}  // namespace orrery::runtime
