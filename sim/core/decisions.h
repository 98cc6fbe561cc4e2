// Decisions: every choice the world makes, drawn by hash H(seed, site, cause, ordinal) rather than from
// a stream, so that dropping one request or adding a draw moves nothing else. Each has a default
// (no fault, median, first). A capsule replays a run as a base (`seed`: drawn, `default`: defaults) plus
// the few overrides that differ from the base.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/core/cause.h"
#include "sim/core/time.h"

namespace orrery {

enum class DecisionBase { kSeed, kDefault };

// One decision as it was taken, kept only while recording.
struct DecisionRecord {
  std::string key;  // "<site>/<cause in hex>/<ordinal>"
  int64_t value;
  int64_t usual;      // its default
  uint64_t sequence;  // number of trace events before it
  bool is_default() const { return value == usual; }
};

class Decisions {
 public:
  struct Options {
    uint64_t seed = 1;
    DecisionBase base = DecisionBase::kSeed;
    std::map<std::string, int64_t> overrides = {};  // by key, as in a capsule
    // In the base of defaults: what is not part of a plan of faults is drawn after all, as from this seed (and so are
    // all `bits`). It shows whether a failure needs its exact order of events.
    std::optional<uint64_t> free_from = {};
  };
  Decisions(CauseContext& cause, const Options& options);

  uint64_t seed() const { return seed_; }

  // True with probability `p`; default false.
  bool chance(const Site& site, Ratio p);
  // A whole number in [low, high], uniform; `usual` is the default.
  int64_t between(const Site& site, int64_t low, int64_t high, int64_t usual);
  // An index into `weights`, in proportion to them; `usual` is the default.
  uint32_t pick(const Site& site, std::span<const uint32_t> weights, uint32_t usual);
  // What chance never chooses: `usual` in both bases, unless an override says otherwise. For what only shrinking and
  // sweeps change: whether a client's request leaves, whether a planned fault begins.
  int64_t given(const Site& site, int64_t usual);
  // What a strategy chooses, not chance: `chosen` where runs are drawn, `usual` in the default base, unless an override
  // says otherwise. It makes up its mind by `draw`.
  int64_t steered(const Site& site, int64_t usual, int64_t chosen);
  // 64 bits for this site, cause and number, drawn as every decision is; none itself.
  uint64_t draw(const Site& site, uint64_t cause, uint64_t number = 0) const {
    return mix64(mix64(drawn_from_ ^ site.hash, cause), number);
  }
  // 64 bits of entropy (for Workers' randomness). No default: drawn from the seed in both bases.
  uint64_t bits(const Site& site);

  // From now on everything is drawn as from another seed, in the base `default` too: the run goes another way from here
  // (a branch). Overrides still hold. `seed()` stays what the world was made with.
  void redraw(uint64_t seed) {
    drawn_from_ = seed;
    base_ = DecisionBase::kSeed;
  }

  // How many overrides were met by a draw so far (replay reports it).
  uint64_t overrides_applied() const { return overrides_applied_; }
  uint64_t overrides_given() const { return overrides_.size(); }
  uint64_t drawn() const { return drawn_; }

  // While on, every decision is kept; `sequence` tells the present trace position.
  void record_into(std::vector<DecisionRecord>* records, const uint64_t* sequence) {
    records_ = records;
    sequence_ = sequence;
  }

 private:
  struct Key {
    uint64_t site, cause;
    uint32_t ordinal;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& k) const { return mix64(k.site ^ k.cause, k.ordinal); }
  };
  template <class Draw>
  int64_t decide(const Site& site, int64_t usual, Draw draw);

  CauseContext& cause_;
  uint64_t seed_;
  uint64_t drawn_from_;  // seed_ until `redraw`
  DecisionBase base_;
  bool free_ = false;  // Options::free_from
  std::unordered_map<Key, int64_t, KeyHash> overrides_;  // looked up, never iterated
  uint64_t overrides_applied_ = 0;
  uint64_t drawn_ = 0;
  std::vector<DecisionRecord>* records_ = nullptr;
  const uint64_t* sequence_ = nullptr;
};

// The printable key of a decision, and its parts again; false when the text is not a key.
std::string decision_key(std::string_view site, uint64_t cause, uint32_t ordinal);
bool parse_decision_key(std::string_view text, std::string& site, uint64_t& cause,
                        uint32_t& ordinal);

}  // namespace orrery
