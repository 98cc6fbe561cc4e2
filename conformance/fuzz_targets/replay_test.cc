// Goal: targets and their inputs stay true to the code. Method: every committed input, once, through its target; what a
// target finds ends the process, and the last line printed names the input.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "conformance/fuzz_targets/targets.h"

namespace orrery::fuzz_targets {
namespace {

// Runs every input of the target's folder in the order of their names.
void replay(const char* name, void (*target)(Bytes)) {
  std::vector<std::filesystem::path> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CORPUS) / name))
    inputs.push_back(entry.path());
  std::sort(inputs.begin(), inputs.end());
  EXPECT_GE(inputs.size(), 5u) << "a target without inputs shows nothing";
  target({});
  for (const auto& path : inputs) {
    std::printf("%s/%s\n", name, path.filename().c_str());
    std::fflush(stdout);
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    target({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
}

TEST(FuzzTargets, WranglerFilesOfTheCorpus) { replay("wrangler", wrangler); }
TEST(FuzzTargets, HistoriesOfTheCorpus) { replay("history", history); }
TEST(FuzzTargets, ProgramsOnTheSimulatedDiskOfTheCorpus) { replay("vfs", vfs); }
TEST(FuzzTargets, SqlOfTheCorpus) { replay("sql", sql); }
TEST(FuzzTargets, StoredValuesOfTheCorpus) { replay("structured_clone", structured_clone); }

}  // namespace
}  // namespace orrery::fuzz_targets
