// What is shown of functions: the text without the charges of the bundler.
#include "platform/runtime/meter_text.h"

#include <gtest/gtest.h>

namespace orrery::runtime {
namespace {

TEST(MeterText, LosesChargesOfBodiesExpressionsAndLoops) {
  EXPECT_EQ(without_meter("function f(a) {($c[7]=1,$m[0]-=12)<0&&$t();return a;}"), "function f(a) {return a;}");
  EXPECT_EQ(without_meter("f() {($c1[7]=1,$m1[0]-=2)<0&&$t1();\n  }"), "f() {}");
  EXPECT_EQ(without_meter("(a) => (($c[7]=1,$m[0]-=3)<0&&$t(),a + 1/*$m*/)"), "(a) => a + 1");
  EXPECT_EQ(without_meter("() => (($c[7]=1,$m[0]-=3)<0&&$t(),() => (($c[7]=1,$m[0]-=1)<0&&$t(),1/*$m*/)/*$m*/)"), "() => () => 1");
  EXPECT_EQ(without_meter("for (;;) {/*$m*/($c[7]=1,$m[0]-=3)<0&&$t();f()/*$m*/}"), "for (;;) f()");
}

TEST(MeterText, LosesTheMarksOfBranches) {
  EXPECT_EQ(without_meter("if (a) {$c[3]=1;b();} else {/*$m*/$c[4]=1;c();/*$m*/}"), "if (a) {b();} else c();");
  EXPECT_EQ(without_meter("a ? ($c1[5]=1,b/*$m*/) : ($c1[6]=1,x ? ($c1[7]=1,1/*$m*/) : ($c1[8]=1,2/*$m*/)/*$m*/)"),
            "a ? b : x ? 1 : 2");
  EXPECT_EQ(without_meter("try {} catch {$c[9]=1;}"), "try {} catch {}");
}

TEST(MeterText, LeavesEverythingElse) {
  for (const char* text : {"", "function toString() { [native code] }", "($m[0]-=1)<0&&$t();", "$c[x]=1;", "$c[7]=1", "/*$m*/"})
    EXPECT_EQ(without_meter(text), text);
}

}  // namespace
}  // namespace orrery::runtime
