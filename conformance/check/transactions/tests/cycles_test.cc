// Every cycle that is reported, against a slow search for the shortest of its class.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/check/history_file.h"
#include "conformance/check/transactions/cycles.h"
#include "conformance/check/transactions/tests/every_order.h"

namespace orrery::check {
namespace {

using history::History;

constexpr std::uint32_t kFar = 1000;

// Edges between transactions, those through hubs made direct.
std::vector<RawEdge> direct_edges(const Dependencies& graph) {
  const auto real = [&](std::uint32_t node) { return node < graph.workload.txns.size(); };
  std::vector<RawEdge> out;
  for (const RawEdge& edge : graph.edges) {
    if (!real(edge.from)) continue;
    if (real(edge.to)) out.push_back(edge);
    for (const RawEdge& more : graph.edges) {
      if (real(edge.to) || more.from != edge.to || !real(more.to)) continue;
      out.push_back(edge);
      out.back().to = more.to;
    }
  }
  return out;
}

// The length of the shortest cycle of one edge of `first` and any of ww and wr; kFar if none.
std::uint32_t shortest(const Dependencies& graph, EdgeKind first) {
  const std::size_t n = graph.workload.txns.size();
  const std::vector<RawEdge> edges = direct_edges(graph);
  std::vector<std::vector<std::uint32_t>> far(n, std::vector<std::uint32_t>(n, kFar));
  for (std::size_t i = 0; i < n; ++i) far[i][i] = 0;
  for (const RawEdge& edge : edges) {
    if (edge.kind == EdgeKind::kWw || edge.kind == EdgeKind::kWr) far[edge.from][edge.to] = 1;
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        far[i][j] = std::min(far[i][j], far[i][k] + far[k][j]);
      }
    }
  }
  std::uint32_t best = kFar;
  for (const RawEdge& edge : edges) {
    if (edge.kind == first) best = std::min(best, 1 + far[edge.to][edge.from]);
  }
  return best;
}

void expect_of_its_class(const Anomaly& cycle) {
  std::size_t rw = 0, wr = 0, pairs = 0;
  for (std::size_t i = 0; i < cycle.steps.size(); ++i) {
    const CycleStep& step = cycle.steps[i];
    const CycleStep& next = cycle.steps[(i + 1) % cycle.steps.size()];
    EXPECT_EQ(step.to, next.from);
    rw += step.kind == EdgeKind::kRw;
    wr += step.kind == EdgeKind::kWr;
    pairs += step.kind == EdgeKind::kRw && next.kind == EdgeKind::kRw;
  }
  if (cycle.name == "G0") {
    EXPECT_EQ(rw + wr, 0u);
  }
  if (cycle.name == "G1c") {
    EXPECT_TRUE(rw == 0 && wr > 0);
  }
  if (cycle.name == "G-single") {
    EXPECT_EQ(rw, 1u);
  }
  if (cycle.name == "G-nonadjacent") {
    EXPECT_TRUE(rw > 1 && pairs == 0);
  }
  if (cycle.name == "G2-item") {
    EXPECT_GT(pairs, 0u);
  }
}

TEST(Cycles, AreTheShortestOfTheirClass) {
  std::uint64_t found = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Chance chance(seed);
    const bool lists = seed % 2 == 0;
    const History history = random_transactions(
        {.lists = lists, .transactions = 16, .processes = 5, .keys = 4, .parts = 4}, chance);
    auto compiled =
        compile_transactions(history, lists ? Model::kListAppend : Model::kRwRegister);
    ASSERT_TRUE(std::holds_alternative<Workload>(compiled));
    Dependencies graph(std::get<Workload>(compiled));
    if (lists) {
      infer_list_append(graph);
    } else {
      infer_rw_register(graph);
    }
    std::uint64_t steps = 10'000'000;
    const CycleReport report = find_cycles(graph, steps, Budget{}.memory_bytes);
    ASSERT_TRUE(report.undecided.empty());
    std::uint32_t g1c = kFar, single = kFar;
    for (const Anomaly& cycle : report.found) {
      expect_of_its_class(cycle);
      const auto length = static_cast<std::uint32_t>(cycle.steps.size());
      if (cycle.name == "G1c") g1c = length;
      if (cycle.name == "G-single") single = length;
      found += length > 2;
    }
    EXPECT_EQ(g1c, std::min(kFar, shortest(graph, EdgeKind::kWr))) << write_history(history);
    EXPECT_EQ(single, std::min(kFar, shortest(graph, EdgeKind::kRw))) << write_history(history);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(found, 200u);
}

}  // namespace
}  // namespace orrery::check
