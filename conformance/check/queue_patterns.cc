// Queues into which no element is put twice: the bad patterns of Henzinger, Sezgin and Vafeiadis
// ("Aspect-oriented linearizability proofs", 2013).
//
// Such a history can be explained exactly when none of these is found: an element dequeued that was
// never enqueued, or before its enqueue began, or twice; an element enqueued before another yet
// dequeued after it (or never, though the other was); a dequeue that found the queue empty while at
// every moment of it some element was surely inside.
#include <algorithm>
#include <unordered_map>

#include "conformance/check/fast_paths.h"

namespace orrery::check {

namespace {

struct Element {
  std::int32_t enqueue = -1;
  std::int32_t dequeue = -1;
};

// A time in which `element` is surely inside: from the enqueue's answer to the dequeue's request.
struct Stay {
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::int32_t enqueue = 0;
};

FastResult check_order(const std::vector<Op>& ops, const std::vector<Element>& elements) {
  // By request of the enqueue, against those whose enqueue had been answered by then.
  std::vector<const Element*> by_answer;
  for (const Element& element : elements) by_answer.push_back(&element);
  std::sort(by_answer.begin(), by_answer.end(), [&](const Element* a, const Element* b) {
    return ops[a->enqueue].answer < ops[b->enqueue].answer ||
           (ops[a->enqueue].answer == ops[b->enqueue].answer && a->enqueue < b->enqueue);
  });
  const auto out_request = [&](const Element& e) {
    return e.dequeue == -1 ? kNever : ops[e.dequeue].request;
  };
  std::size_t next = 0;
  const Element* latest_out = nullptr;
  for (const Element& later : elements) {
    while (next < by_answer.size() &&
           ops[by_answer[next]->enqueue].answer < ops[later.enqueue].request) {
      const Element* candidate = by_answer[next++];
      if (latest_out == nullptr || out_request(*candidate) > out_request(*latest_out)) {
        latest_out = candidate;
      }
    }
    if (latest_out == nullptr || later.dequeue == -1) continue;
    if (out_request(*latest_out) <= ops[later.dequeue].answer) continue;
    if (latest_out->dequeue == -1) {
      return fast_violation(
          {latest_out->enqueue, later.enqueue, later.dequeue},
          "{0} was answered before {1} began, and {2} took the later element, but "
          "nobody took the earlier one");
    }
    return fast_violation({latest_out->enqueue, later.enqueue, later.dequeue, latest_out->dequeue},
                          "{0} was answered before {1} began, yet {2} was answered before {3} "
                          "began: the elements left "
                          "in the wrong order");
  }
  return fast_ok();
}

FastResult check_empty(const std::vector<Op>& ops, const std::vector<Element>& elements,
                       const std::vector<std::int32_t>& empties) {
  std::vector<Stay> stays;
  for (const Element& element : elements) {
    const std::int32_t from = ops[element.enqueue].answer;
    const std::int32_t to = element.dequeue == -1 ? kNever : ops[element.dequeue].request;
    if (from < to) stays.push_back({from, to, element.enqueue});
  }
  std::sort(stays.begin(), stays.end(),
            [](const Stay& a, const Stay& b) { return a.from < b.from; });
  std::size_t next = 0;
  std::vector<Stay> runs;  // merged
  std::vector<std::size_t> first_of_run;
  for (; next < stays.size(); ++next) {
    if (!runs.empty() && stays[next].from < runs.back().to) {
      runs.back().to = std::max(runs.back().to, stays[next].to);
    } else {
      runs.push_back(stays[next]);
      first_of_run.push_back(next);
    }
  }
  for (const std::int32_t i : empties) {
    const auto after =
        std::upper_bound(runs.begin(), runs.end(), ops[i].request,
                         [](std::int32_t request, const Stay& run) { return request < run.from; });
    if (after == runs.begin()) continue;
    const auto run = after - 1;
    if (run->to < ops[i].answer) continue;
    // The fewest stays that cover the dequeue, each the one that lasts longest.
    std::vector<std::int32_t> ops_found = {i};
    std::int32_t covered = ops[i].request;
    std::size_t at = first_of_run[static_cast<std::size_t>(run - runs.begin())];
    while (covered < ops[i].answer) {
      const Stay* best = nullptr;
      for (; at < stays.size() && stays[at].from <= covered; ++at) {
        if (best == nullptr || stays[at].to > best->to) best = &stays[at];
      }
      if (best == nullptr || best->to <= covered) break;
      ops_found.push_back(best->enqueue);
      covered = best->to;
    }
    return fast_violation(
        std::move(ops_found),
        "{0} found the queue empty, though from its beginning to its end there was "
        "always an element inside");
  }
  return fast_ok();
}

}  // namespace

FastResult check_queue_patterns(const std::vector<Op>& ops) {
  std::unordered_map<std::int64_t, std::size_t> index;  // look-up only
  std::vector<Element> elements;                        // in order of enqueue requests
  std::vector<std::int32_t> empties;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops.size()); ++i) {
    if (ops[i].code == Code::kDequeueAny) return fast_not_applicable();
    if (ops[i].code != Code::kEnqueue) continue;
    if (!index.try_emplace(ops[i].a, elements.size()).second) return fast_not_applicable();
    elements.push_back({.enqueue = i, .dequeue = -1});
  }
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops.size()); ++i) {
    if (ops[i].code != Code::kDequeue) continue;
    if (ops[i].a == kNullValue) {
      empties.push_back(i);
      continue;
    }
    const auto found = index.find(ops[i].a);
    if (found == index.end()) {
      return fast_violation({i}, "{0} took an element that nobody had put in");
    }
    Element& element = elements[found->second];
    if (element.dequeue != -1) {
      return fast_violation({element.dequeue, i}, "{0} and {1} both took the same element");
    }
    if (ops[i].answer < ops[element.enqueue].request) {
      return fast_violation({i, element.enqueue}, "{0} was answered before {1} began");
    }
    element.dequeue = i;
  }
  // An unanswered enqueue of something nobody took need not have happened.
  std::erase_if(elements, [&](const Element& element) {
    return element.dequeue == -1 && ops[element.enqueue].optional();
  });
  const FastResult result = check_order(ops, elements);
  return result.kind == FastKind::kOk ? check_empty(ops, elements, empties) : result;
}

}  // namespace orrery::check
