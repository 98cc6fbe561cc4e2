#include "conformance/check/transactions/digraph.h"

#include <algorithm>

namespace orrery::check {

Digraph::Digraph(std::uint32_t nodes, const std::vector<RawEdge>& edges)
    : edges_(edges), first_(nodes + 1, 0), order_(edges.size()) {
  for (const RawEdge& edge : edges) ++first_[edge.from + 1];
  for (std::uint32_t node = 0; node < nodes; ++node) first_[node + 1] += first_[node];
  std::vector<std::uint32_t> at(first_.begin(), first_.end() - 1);
  for (std::uint32_t i = 0; i < edges.size(); ++i) order_[at[edges[i].from]++] = i;
}

bool Digraph::components(unsigned kinds, std::vector<std::uint32_t>& component) const {
  // Tarjan's walk with its own stack. `low` is the earliest node of the walk reachable so far.
  const auto nodes = static_cast<std::uint32_t>(first_.size() - 1);
  component.assign(nodes, kNone);
  std::vector<std::uint32_t> index(nodes, kNone);
  std::vector<std::uint32_t> low(nodes, 0);
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  std::vector<bool> open(nodes, false);
  std::vector<std::uint32_t> path;    // nodes being walked
  std::vector<std::uint32_t> opened;  // nodes without a component yet
  std::uint32_t count = 0;
  std::uint32_t names = 0;
  for (std::uint32_t root = 0; root < nodes; ++root) {
    if (index[root] != kNone) continue;
    path.push_back(root);
    while (!path.empty()) {
      const std::uint32_t node = path.back();
      if (index[node] == kNone) {
        index[node] = low[node] = count++;
        opened.push_back(node);
        open[node] = true;
      }
      bool deeper = false;
      while (next[node] < end(node)) {
        const RawEdge& along = edge(next[node]++);
        if ((kinds >> static_cast<unsigned>(along.kind) & 1) == 0) continue;
        if (index[along.to] == kNone) {
          path.push_back(along.to);
          deeper = true;
          break;
        }
        if (open[along.to]) low[node] = std::min(low[node], index[along.to]);
      }
      if (deeper) continue;
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[node]);
      if (low[node] != index[node]) continue;
      const bool alone = opened.back() == node;
      std::uint32_t member = kNone;
      do {
        member = opened.back();
        opened.pop_back();
        open[member] = false;
        if (!alone) component[member] = names;
      } while (member != node);
      if (!alone) ++names;
    }
  }
  return names > 0;
}

}  // namespace orrery::check
