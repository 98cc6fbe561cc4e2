// Sets to which no element is added twice: the reads alone fix the order.
//
// An explaining order passes through the contents seen, each within the next; an element's add
// belongs right before the first content that has it. So adds and reads fall into groups in a fixed
// order (adds of what is new in content 1, reads of content 1, adds of what is new in content 2,
// ...) and the history can be explained exactly when no operation of a later group is before one of
// an earlier group.
#include <algorithm>
#include <unordered_map>

#include "conformance/check/fast_paths.h"

namespace orrery::check {

namespace {

// An element of `a` that `b` lacks. REQUIRES: there is one; both sorted.
std::int64_t element_only_in(const std::vector<std::int64_t>& a,
                             const std::vector<std::int64_t>& b) {
  for (const std::int64_t element : a) {
    if (!std::binary_search(b.begin(), b.end(), element)) return element;
  }
  return kNullValue;
}

}  // namespace

FastResult check_set_chain(const ProblemSet& set, const std::vector<Op>& ops) {
  std::unordered_map<std::int64_t, std::int32_t> add_of;  // look-up only
  std::vector<std::int32_t> reads;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops.size()); ++i) {
    if (ops[i].code == Code::kSetRead) {
      reads.push_back(i);
    } else if (!add_of.try_emplace(ops[i].a, i).second) {
      return fast_not_applicable();
    }
  }
  const auto list = [&](std::int32_t read) -> const std::vector<std::int64_t>& {
    return set.lists[static_cast<std::size_t>(ops[read].a)];
  };
  std::stable_sort(reads.begin(), reads.end(),
                   [&](std::int32_t a, std::int32_t b) { return list(a).size() < list(b).size(); });

  // Groups in order: 2k the adds new in content k, 2k + 1 the reads of content k.
  std::vector<std::int32_t> group(ops.size(), -1);
  std::int32_t content = -1;
  std::size_t known = 0;  // elements placed so far
  for (std::size_t r = 0; r < reads.size(); ++r) {
    const auto& elements = list(reads[r]);
    const bool fresh = r == 0 || elements.size() != list(reads[r - 1]).size();
    if (fresh) ++content;
    std::size_t old = 0;
    for (const std::int64_t element : elements) {
      const auto found = add_of.find(element);
      if (found == add_of.end()) {
        return fast_violation(
            {reads[r]},
            "{0} saw the element " + set.values.value(element).text() + ", which nobody had added");
      }
      std::int32_t& place = group[found->second];
      if (place != -1) {
        ++old;
      } else if (fresh) {
        place = content * 2;
      }
    }
    const std::size_t expected = fresh ? known : elements.size();
    if (old != expected) {
      const std::int32_t a = reads[r - 1];
      const std::int32_t b = reads[r];
      const std::int64_t in_a = element_only_in(list(a), list(b));
      const std::int64_t in_b = element_only_in(list(b), list(a));
      return fast_violation({a, b, add_of.at(in_a), add_of.at(in_b)},
                            "{0} saw " + set.values.value(in_a).text() + " without " +
                                set.values.value(in_b).text() + ", and {1} the other way round");
    }
    known = elements.size();
    group[reads[r]] = content * 2 + 1;
  }
  const std::int32_t last_group = content * 2 + 2;

  // Walk through the groups in order: each answer against the latest request of earlier groups.
  std::vector<std::int32_t> order;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(ops.size()); ++i) {
    if (group[i] == -1) {
      if (ops[i].optional()) continue;  // nobody saw it
      group[i] = last_group;
    }
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return group[a] < group[b]; });
  std::int32_t latest = -1;  // op with the latest request among earlier groups
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && group[order[end]] == group[order[begin]]) ++end;
    for (std::size_t k = begin; k < end; ++k) {
      const Op& op = ops[order[k]];
      if (latest == -1 || op.answer >= ops[latest].request) continue;
      const bool adds_first = op.code == Code::kSetAdd;
      if (adds_first && ops[latest].code == Code::kSetRead) {
        return fast_violation({order[k], latest},
                              "{0} was answered before {1} began, which does not have the element");
      }
      if (!adds_first && ops[latest].code == Code::kSetAdd) {
        return fast_violation({order[k], latest},
                              "{0} has an element whose add, {1}, began only after the answer");
      }
      if (!adds_first) {
        return fast_violation({order[k], latest},
                              "{0} was answered before {1} began, which saw less");
      }
      // Two adds against the reads between them: one read has the later begun element only.
      for (const std::int32_t read : reads) {
        if (group[read] > group[latest] && group[read] < group[order[k]]) {
          return fast_violation({order[k], latest, read},
                                "{0} was answered before {1} began, yet {2} has only the latter");
        }
      }
    }
    for (std::size_t k = begin; k < end; ++k) {
      if (latest == -1 || ops[order[k]].request > ops[latest].request) latest = order[k];
    }
    begin = end;
  }
  return fast_ok();
}

}  // namespace orrery::check
