// A directed graph laid out for walking, and its strongly connected components.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/check/transactions/dependencies.h"

namespace orrery::check {

// Edges sorted by the node they leave, in their given order within one node. Refers to the edges
// it was made of, which must outlive it.
class Digraph {
 public:
  Digraph(std::uint32_t nodes, const std::vector<RawEdge>& edges);

  std::uint32_t begin(std::uint32_t node) const { return first_[node]; }
  std::uint32_t end(std::uint32_t node) const { return first_[node + 1]; }
  const RawEdge& edge(std::uint32_t index) const { return edges_[order_[index]]; }
  std::uint64_t size() const { return first_.size() + order_.size(); }

  // Each node's component by edges of these kinds (bits by EdgeKind); kNone for a node that is a
  // component by itself. Whether any is larger. Iterative, linear.
  bool components(unsigned kinds, std::vector<std::uint32_t>& component) const;

 private:
  const std::vector<RawEdge>& edges_;
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> order_;
};

}  // namespace orrery::check
