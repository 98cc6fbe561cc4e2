// Causal slices: the events that led to one event, each the one that scheduled the next, back to a beginning (a
// client's request, a fault, a command of the scenario). From them a failure gets its signature, and its story the
// lines that explain it. Needs a world that keeps causes (World::Options).
//
// A slice is one line of descent: where several things had to happen (a quorum's answers), it follows the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/core/world.h"

namespace orrery::python {

class Slices {
 public:
  // At the end of a run; the world must outlive it.
  explicit Slices(const World& world);

  // The slice that ends with an event, the last first: [{"site": "net.deliver", "events": [{"kind", "lane", "of",
  // "seq", "line"?}]}]. "lane" is what kind of entity, "of" its name; "line" is there when texts are kept.
  nlohmann::ordered_json to(uint64_t sequence) const;
  // The slice that ends with the answer to a client's n-th request (from 1); empty when it got none.
  nlohmann::ordered_json to_answer(std::string_view client, uint64_t nth) const;

 private:
  uint64_t beginning_of(uint64_t cause) const;

  const World& world_;
  std::unordered_map<uint64_t, std::vector<uint64_t>> by_cause_;  // looked up, never iterated: sequence numbers
};

// The cause of a client's n-th request.
uint64_t request_cause(std::string_view client, uint64_t nth);

}  // namespace orrery::python
