#include "conformance/check/witness.h"

#include <algorithm>
#include <utility>

#include "conformance/check/search.h"
#include "conformance/check/smallest_witness.h"

namespace orrery::check {

namespace {

class Minimizer {
 public:
  Minimizer(const ProblemSet& set, const Problem& problem, std::uint64_t& steps,
            std::uint64_t shortest_steps, std::uint64_t memory_bytes)
      : set_(set),
        problem_(problem),
        steps_(steps),
        shortest_steps_(shortest_steps),
        memory_bytes_(memory_bytes) {
    // Where repeating cannot make ever new states.
    repeatable_ = set.model == Model::kRegister || set.model == Model::kCasRegister ||
                  set.model == Model::kKv || set.model == Model::kSet ||
                  set.model == Model::kMultiRegister;
    for (const Op& op : problem.ops) repeatable_ = repeatable_ && op.code != Code::kAppend;
  }

  std::vector<std::int32_t> run(std::int32_t stuck_at) {
    stuck_at_ = stuck_at;
    for (std::size_t i = 0; i < problem_.ops.size(); ++i) {
      // Unanswered operations demand nothing, so no contradiction needs them; and none needs what was
      // answered later than the search could get: that is as good as unanswered there.
      const Op& op = problem_.ops[i];
      if (op.answer <= stuck_at && !op.optional()) kept_.push_back(static_cast<std::int32_t>(i));
    }
    keep_the_newest();
    // Chunks from half of all down to one, the oldest first. One more round of single operations
    // whenever a round of them removed any.
    std::size_t chunk = std::max<std::size_t>(kept_.size() / 2, 1);
    while (kept_.size() > 1) {
      const bool removed = one_round(chunk);
      if (steps_ == 0) break;
      if (chunk > 1) {
        chunk /= 2;
      } else if (!removed) {
        break;
      }
    }
    find_the_shortest();
    return kept_;
  }

 private:
  // Looks for fewer among all answered operations, wherever the contradiction lies.
  void find_the_shortest() {
    std::vector<std::int32_t> answered;
    for (std::size_t i = 0; i < problem_.ops.size(); ++i) {
      if (!problem_.ops[i].optional()) answered.push_back(static_cast<std::int32_t>(i));
    }
    if (kept_.size() <= 1 || answered.size() > kShortestOf) return;
    stuck_at_ = kNever;
    const auto named = [&](const std::vector<std::int32_t>& numbers) {
      std::vector<std::int32_t> out;
      for (const std::int32_t number : numbers) out.push_back(answered[static_cast<std::size_t>(number)]);
      return out;
    };
    const std::uint64_t before = steps_;
    const std::uint64_t share = std::min(steps_, shortest_steps_);
    steps_ = share;
    const auto fewer = smallest_contradiction(
        answered.size(), kept_.size() - 1,
        [&](const std::vector<std::int32_t>& numbers) { return tried(named(numbers)); }, steps_);
    steps_ = before - (share - steps_);
    if (fewer) kept_ = named(*fewer);
  }

  // As few states make repeating cheap, a contradiction is looked for with it first; what is explained
  // only by repeating is looked at again without.
  Tried tried(const std::vector<std::int32_t>& kept) {
    SearchKind kind = search_weaker(kept, repeatable_);
    if (repeatable_ && kind == SearchKind::kFound && !order_repeats_) return Tried::kExplained;
    if (repeatable_ && kind != SearchKind::kImpossible) kind = search_weaker(kept, false);
    return kind == SearchKind::kFound        ? Tried::kExplained
           : kind == SearchKind::kImpossible ? Tried::kContradiction
                                             : Tried::kUnknown;
  }

  // Most contradictions lie close before the answer that nothing explained, and a few operations
  // are soon searched: the newest 8, 16, 32, ... are tried by themselves before anything else.
  void keep_the_newest() {
    for (std::size_t count = 8; count < kept_.size() && steps_ > 0; count *= 2) {
      const std::vector<std::int32_t> newest(kept_.end() - static_cast<std::ptrdiff_t>(count),
                                             kept_.end());
      if (!still_impossible(newest)) continue;
      kept_ = newest;
      return;
    }
  }

  bool one_round(std::size_t chunk) {
    bool removed = false;
    for (std::size_t begin = 0; begin < kept_.size() && steps_ > 0;) {
      const std::size_t end = std::min(begin + chunk, kept_.size());
      std::vector<std::int32_t> fewer(kept_.begin(),
                                      kept_.begin() + static_cast<std::ptrdiff_t>(begin));
      fewer.insert(fewer.end(), kept_.begin() + static_cast<std::ptrdiff_t>(end), kept_.end());
      if (!fewer.empty() && still_impossible(fewer)) {
        kept_ = std::move(fewer);
        removed = true;
      } else {
        begin = end;
      }
    }
    return removed;
  }

  bool still_impossible(const std::vector<std::int32_t>& kept) {
    return search_weaker(kept, repeatable_) == SearchKind::kImpossible;
  }

  // With those operations answered and all others unanswered.
  SearchKind search_weaker(const std::vector<std::int32_t>& kept, bool repeatable) {
    Problem weaker;
    weaker.repeatable = repeatable;
    weaker.ops.reserve(problem_.ops.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < problem_.ops.size(); ++i) {
      Op op = problem_.ops[i];
      if (op.request >= stuck_at_) break;
      if (at < kept.size() && kept[at] == static_cast<std::int32_t>(i)) {
        ++at;
      } else if (is_pure(op.code)) {
        continue;
      } else {
        op.answer = kNever;
      }
      weaker.ops.push_back(op);
    }
    const SearchResult result = search(set_, weaker, std::min(steps_, kStepsOneTry), memory_bytes_);
    // Building the problem costs too; counting it bounds the number of tries on large ones.
    steps_ -= std::min(result.steps + weaker.ops.size() / 4, steps_);
    std::vector<std::int32_t> order = result.order;
    std::sort(order.begin(), order.end());
    order_repeats_ = std::adjacent_find(order.begin(), order.end()) != order.end();
    return result.kind;
  }

  static constexpr std::uint64_t kStepsOneTry = 200'000;

  const ProblemSet& set_;
  const Problem& problem_;
  std::uint64_t& steps_;
  std::uint64_t shortest_steps_;
  std::uint64_t memory_bytes_;
  std::int32_t stuck_at_ = 0;
  bool repeatable_ = false;
  bool order_repeats_ = false;  // the order that was found last has an operation twice
  std::vector<std::int32_t> kept_;
};

}  // namespace

std::vector<std::int32_t> minimal_witness(const ProblemSet& set, const Problem& problem,
                                          std::int32_t stuck_at, std::uint64_t& steps,
                                          std::uint64_t shortest_steps,
                                          std::uint64_t memory_bytes) {
  return Minimizer(set, problem, steps, shortest_steps, memory_bytes).run(stuck_at);
}

}  // namespace orrery::check
