#include "sim/explore/strategy.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/core/check.h"

namespace orrery::explore {

namespace {

constexpr Site kOrder{"schedule.order"};
constexpr Site kPriority{"schedule.priority"};
constexpr Site kChange{"schedule.change"};
constexpr Site kPortfolioShare{"schedule.portfolio"};
constexpr Site kLate{"schedule.late"};

constexpr uint32_t kMaxDepth = 16;
// PCT's change points lie within this many messages from the start, most of them early: the number of messages of a run
// is not known before it, so a point is drawn uniformly in its logarithm.
constexpr uint32_t kLeastSpanBits = 5, kMostSpanBits = 15;

uint64_t scale(uint64_t bits, uint64_t range) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * range) >> 64);
}

// What the strategies have in common: a choice is a decision.
class Strategy : public Scheduler {
 public:
  explicit Strategy(World& world) : world_(world), choices_(world) {}
  size_t choose(Instant now, std::span<const Due> due) final {
    (void)now;
    return choices_.take(due, prefer(due));
  }

 protected:
  virtual size_t prefer(std::span<const Due> due) = 0;
  World& world_;
  Choices choices_;
};

class RandomStrategy final : public Strategy {
 public:
  using Strategy::Strategy;
  int64_t delay(uint64_t, uint64_t id, int64_t steps) override {
    return static_cast<int64_t>(scale(world_.decide().draw(kLate, id), static_cast<uint64_t>(steps)));
  }

 private:
  size_t prefer(std::span<const Due> due) override {
    return scale(world_.decide().draw(kPriority, choices_.cause_of(due[0].id)), due.size());
  }
};

class PctStrategy final : public Strategy {
 public:
  PctStrategy(World& world, uint32_t depth) : Strategy(world) {
    for (uint32_t i = 1; i < depth; ++i) {
      const uint64_t bits = kLeastSpanBits + scale(world.decide().draw(kChange, i, 0), kMostSpanBits - kLeastSpanBits + 1);
      changes_.push_back(1 + scale(world.decide().draw(kChange, i, 1), 1ull << bits));
    }
    std::sort(changes_.begin(), changes_.end());
  }
  int64_t delay(uint64_t stream, uint64_t, int64_t steps) override {
    ++messages_;
    while (fallen_count_ < changes_.size() && messages_ >= changes_[fallen_count_])
      fallen_[strand_of(stream)] = ++fallen_count_;
    const uint64_t below = UINT64_MAX - priority(strand_of(stream), 0);
    return static_cast<int64_t>(scale(below, static_cast<uint64_t>(steps)));
  }

 private:
  // As the network names the strand of a stream.
  static uint32_t strand_of(uint64_t stream) { return static_cast<uint32_t>(stream) | 1; }

  size_t prefer(std::span<const Due> due) override {
    size_t best = 0;
    for (size_t i = 1; i < due.size(); ++i)
      if (priority(due[i].strand, due[i].owner) > priority(due[best].strand, due[best].owner)) best = i;
    return best;
  }
  // The higher, the sooner. Of a stream by its name; of what a process does by itself, by its number.
  uint64_t priority(uint32_t strand, OwnerId owner) const {
    auto fell = fallen_.find(strand);
    if (strand != 0 && fell != fallen_.end()) return kMaxDepth - fell->second;
    return std::max<uint64_t>(kMaxDepth, world_.decide().draw(kPriority, strand, strand ? 0 : owner + uint64_t{1}));
  }

  std::vector<uint64_t> changes_;  // numbers of messages, ascending
  uint64_t messages_ = 0;
  uint64_t fallen_count_ = 0;
  std::map<uint32_t, uint64_t> fallen_;  // streams that fell, and as which
};

class PosStrategy final : public Strategy {
 public:
  using Strategy::Strategy;
  int64_t delay(uint64_t, uint64_t id, int64_t steps) override {
    // Early or late: an eighth of the table at either end, so that two messages on their way to one place arrive in
    // either order about as often.
    const uint64_t bits = world_.decide().draw(kLate, id);
    const auto eighth = static_cast<int64_t>(scale(bits << 1, static_cast<uint64_t>(std::max<int64_t>(1, steps / 8))));
    return bits >> 63 ? steps - 1 - eighth : eighth;
  }

 private:
  size_t prefer(std::span<const Due> due) override {
    size_t best = 0;
    for (size_t i = 1; i < due.size(); ++i)
      if (priority(due[i].id) > priority(due[best].id)) best = i;
    for (size_t i = 0; i < due.size(); ++i)
      if (i != best && due[i].owner == due[best].owner) ++redrawn_[due[i].id];
    return best;
  }
  uint64_t priority(uint64_t event) const {
    auto it = redrawn_.find(event);
    return world_.decide().draw(kPriority, event, it == redrawn_.end() ? 0 : it->second);
  }

  std::map<uint64_t, uint32_t> redrawn_;  // how often, by event id
};

}  // namespace

std::optional<StrategySpec> parse_strategy(std::string_view text) {
  if (text == "fifo") return StrategySpec{StrategyKind::kFifo};
  if (text == "random") return StrategySpec{StrategyKind::kRandom};
  if (text == "pos") return StrategySpec{StrategyKind::kPos};
  if (text == "portfolio") return StrategySpec{StrategyKind::kPortfolio};
  if (text == "pct") return StrategySpec{StrategyKind::kPct};
  if (!text.starts_with("pct:")) return std::nullopt;
  uint32_t depth = 0;
  auto [end, error] = std::from_chars(text.data() + 4, text.data() + text.size(), depth);
  if (error != std::errc{} || end != text.data() + text.size() || depth < 1 || depth > kMaxDepth) return std::nullopt;
  return StrategySpec{StrategyKind::kPct, depth};
}

std::string to_string(const StrategySpec& spec) {
  switch (spec.kind) {
    case StrategyKind::kFifo: return "fifo";
    case StrategyKind::kRandom: return "random";
    case StrategyKind::kPct: return "pct:" + std::to_string(spec.depth);
    case StrategyKind::kPos: return "pos";
    case StrategyKind::kPortfolio: return "portfolio";
  }
  return "unknown";
}

StrategySpec resolve(const StrategySpec& spec, uint64_t seed) {
  if (spec.kind != StrategyKind::kPortfolio) return spec;
  static constexpr StrategySpec kShares[] = {
      {StrategyKind::kFifo}, {StrategyKind::kRandom}, {StrategyKind::kPct, 2},
      {StrategyKind::kPct, 3}, {StrategyKind::kPct, 5}, {StrategyKind::kPos}};
  return kShares[scale(mix64(seed, kPortfolioShare.hash), std::size(kShares))];
}

int64_t tag_of(uint64_t event) {
  return static_cast<int64_t>(mix64(event, kOrder.hash) >> 33 | 1);
}

uint64_t Choices::cause_of(uint64_t first) const {
  auto it = passed_over_.find(first);
  return it == passed_over_.end() ? first : mix64(first, it->second);
}

size_t Choices::take(std::span<const Scheduler::Due> due, size_t chosen) {
  ORRERY_CHECK(chosen < due.size());
  // The loop enters the chosen event next, so nothing of this cause stays.
  world_.cause().enter(cause_of(due[0].id));
  const int64_t value = world_.decide().steered(kOrder, 0, chosen == 0 ? 0 : tag_of(due[chosen].id));
  size_t taken = 0;
  for (size_t i = 1; i < due.size() && value != 0; ++i)
    if (tag_of(due[i].id) == value) taken = i;
  if (taken != 0) ++passed_over_[due[0].id];
  return taken;
}

std::unique_ptr<Scheduler> make_strategy(World& world, const StrategySpec& spec) {
  switch (spec.kind) {
    case StrategyKind::kFifo: return nullptr;
    case StrategyKind::kRandom: return std::make_unique<RandomStrategy>(world);
    case StrategyKind::kPct: return std::make_unique<PctStrategy>(world, spec.depth);
    case StrategyKind::kPos: return std::make_unique<PosStrategy>(world);
    case StrategyKind::kPortfolio: break;
  }
  ORRERY_CHECK(false, "a portfolio is resolved by its seed first");
}

}  // namespace orrery::explore
