#include "conformance/check/smallest_witness.h"

#include <algorithm>

namespace orrery::check {

namespace {

using Numbers = std::vector<std::int32_t>;

class Smallest {
 public:
  Smallest(std::size_t count, std::size_t size_max,
           const std::function<Tried(const Numbers&)>& contradict, std::uint64_t& steps)
      : count_(static_cast<std::int32_t>(count)), size_max_(size_max), contradict_(contradict), steps_(steps) {}

  std::optional<Numbers> run() {
    std::size_t size = 0;
    for (;;) {
      chosen_.clear();
      while (!hits_all(size)) {
        if (steps_ == 0 || ++size > size_max_) return std::nullopt;
        chosen_.clear();
      }
      Numbers candidate = chosen_;
      std::sort(candidate.begin(), candidate.end());
      switch (contradict_(candidate)) {
        case Tried::kContradiction: return candidate;
        case Tried::kUnknown: return std::nullopt;
        case Tried::kExplained: break;
      }
      if (!learn_rest(candidate)) return std::nullopt;
    }
  }

 private:
  // Completes `chosen_` by at most `more` numbers so that every rest has one of them.
  bool hits_all(std::size_t more) {
    if (steps_ == 0) return false;
    --steps_;
    const Numbers* unhit = nullptr;
    for (const Numbers& rest : rests_) {
      const bool hit = std::any_of(chosen_.begin(), chosen_.end(), [&](std::int32_t number) {
        return std::binary_search(rest.begin(), rest.end(), number);
      });
      if (!hit && (unhit == nullptr || rest.size() < unhit->size())) unhit = &rest;
    }
    if (unhit == nullptr) return true;
    if (more == 0) return false;
    for (const std::int32_t number : *unhit) {
      chosen_.push_back(number);
      if (hits_all(more - 1)) return true;
      chosen_.pop_back();
    }
    return false;
  }

  // Adds numbers to what is explained, half of all that are left at once where that goes, until none can be
  // added; the others are a rest. False: it could not be known.
  bool learn_rest(Numbers explained) {
    Numbers open, rest;
    for (std::int32_t i = 0; i < count_; ++i) {
      if (!std::binary_search(explained.begin(), explained.end(), i)) open.push_back(i);
    }
    std::size_t chunk = std::max<std::size_t>(open.size() / 2, 1);
    for (std::size_t at = 0; at < open.size();) {
      const std::size_t end = std::min(open.size(), at + chunk);
      Numbers more = explained;
      more.insert(more.end(), open.begin() + static_cast<std::ptrdiff_t>(at), open.begin() + static_cast<std::ptrdiff_t>(end));
      std::sort(more.begin(), more.end());
      switch (contradict_(more)) {
        case Tried::kUnknown: return false;
        case Tried::kExplained:
          explained = std::move(more);
          at = end;
          chunk *= 2;
          continue;
        case Tried::kContradiction: break;
      }
      if (end - at == 1) {
        rest.push_back(open[at]);
        at = end;
      } else {
        chunk = (end - at) / 2;
      }
    }
    rests_.push_back(std::move(rest));
    return true;
  }

  const std::int32_t count_;
  const std::size_t size_max_;
  const std::function<Tried(const Numbers&)>& contradict_;
  std::uint64_t& steps_;
  std::vector<Numbers> rests_;
  Numbers chosen_;
};

}  // namespace

std::optional<Numbers> smallest_contradiction(std::size_t count, std::size_t size_max,
                                              const std::function<Tried(const Numbers&)>& contradict,
                                              std::uint64_t& steps) {
  return Smallest(count, size_max, contradict, steps).run();
}

}  // namespace orrery::check
