// How costly properties are run: few draws under ctest, as many as RC_PARAMS asks for by hand; and how a
// test shows that a property can fail at all, by planting a flaw.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace orrery {

// A whole number of [low, high), each as likely, whatever size RapidCheck is at; shrinks towards `low`.
// (rc::gen::inRange gives small numbers alone while sizes are small, as they are within a resize.)
template <class T>
rc::Gen<T> number(T low, T high) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

// The property holds for `draws` draws, or for as many as RC_PARAMS says ("seed=7 max_success=10000"). A
// failure prints the shrunk counterexample and the `reproduce=` string that brings it back.
template <class Testable>
void expect_holds(int draws, Testable&& property) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(test->test_suite_name()) + "/" + test->name();
  metadata.description = test->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  const char* given = std::getenv("RC_PARAMS");
  if (!given || std::string_view(given).find("max_success") == std::string_view::npos)
    params.maxSuccess = draws;
  const auto result =
      rc::detail::checkTestable(std::forward<Testable>(property), metadata, params);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL() << text.str();
}

// With the flaw that the caller planted the property has a counterexample among the first `draws`. Not
// shrunk: that it fails is what matters.
template <class Testable>
void expect_found(int draws, Testable&& property) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = draws;
  params.disableShrinking = true;
  const auto result =
      rc::detail::checkTestable(std::forward<Testable>(property), rc::detail::TestMetadata{}, params);
  ASSERT_TRUE(result.template is<rc::detail::FailureResult>())
      << "the planted flaw shows in none of " << draws << " draws";
  const auto& failure = result.template get<rc::detail::FailureResult>();
  ::testing::Test::RecordProperty("draws_to_find", failure.numSuccess + 1);
  std::printf("  found at draw %d: %s\n", failure.numSuccess + 1, failure.description.c_str());
}

}  // namespace orrery
