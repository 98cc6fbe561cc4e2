// Goal: whatever happens to hosts, links and disks, each object answers as if it did one operation after
// another, in keeping with real time. Method: programs of several clients (histories.h) under drawn
// faults (faults.h); the histories go through conformance/check, with unanswered operations as unknown.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conformance/properties/faults.h"
#include "conformance/properties/histories.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

const std::vector<std::string> kPops = {"FRA", "AMS", "LHR"};
constexpr int kClients = 4, kObjects = 2;

void objects_are_serializable(durable::Weaken weaken, uint64_t* answered = nullptr) {
  const Program program = *programs(kClients, kObjects);
  const fault::FaultPlan plan = *faults({.pops = kPops, .objects = {"a", "b"}, .until = seconds(20)});
  Rig rig(histories_app(), {.seed = *number<uint64_t>(0, 1000), .pops = kPops, .weaken = weaken});
  Recorder recorder(rig);
  recorder.wake(kObjects);
  rig.plan(plan);
  recorder.run(program, kPops);
  if (answered) *answered += recorder.answered();
  const std::string contradiction = recorder.contradiction();
  if (!contradiction.empty()) RC_FAIL(contradiction);
}

TEST(Serializability, EveryObjectDoesOneOperationAfterAnother) {
  uint64_t answered = 0;
  expect_holds(150, [&] { objects_are_serializable({}, &answered); });
  std::printf("  %llu operations answered\n", static_cast<unsigned long long>(answered));
}

TEST(Serializability, CriticalSectionsThatLetOthersInAreFound) {
  expect_found(100, [] { objects_are_serializable({.sections_open = true}); });
}

TEST(Serializability, AnswersAheadOfTheirWritesAreFound) {
  expect_found(400, [] { objects_are_serializable({.answers_early = true}); });
}

}  // namespace
}  // namespace orrery::properties
