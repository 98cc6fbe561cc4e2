// Parallel commands: a drawn prefix that runs in sequence, then a few branches that run at once, against one real
// object; and the smallest story of a failure. RapidCheck draws but does not shrink them, since what fails by its
// interleaving passes by the next: here a smaller program is tried under the decisions that are there, by name, then
// under some drawn anew, and what is left of the interleaving is as small as what is left of the commands.
//
// A Command is a value with
//   std::vector<Command> simpler(const Command&)        the same with a smaller argument, the least first
//   void showValue(const Command&, std::ostream&)
// both found by argument-dependent lookup. The run is anybody's:
//   Outcome run(const Commands<Command>&, const Interleaving&)
// It makes a world of its own from `Interleaving::setup`, deterministic, and says what contradicts the rules.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/properties/parallel/interleaving.h"
#include "sim/core/hash.h"

namespace orrery::properties::parallel {

template <class Command>
struct Commands {
  std::vector<Command> prefix = {};
  std::vector<std::vector<Command>> branches = {};
  size_t count() const {
    size_t n = prefix.size();
    for (const auto& branch : branches) n += branch.size();
    return n;
  }
};

// A failure that can be told and run again: under these decisions over the plain order.
template <class Command>
struct Story {
  Commands<Command> commands;
  Interleaving interleaving;  // not drawn
  Outcome outcome;
  size_t runs = 0;  // it took so many to get here

  std::string text() const {
    std::ostringstream os;
    os << "first, in sequence:\n";
    for (const Command& c : commands.prefix) showValue(c, os << "  "), os << "\n";
    for (size_t i = 0; i < commands.branches.size(); ++i) {
      os << (i ? "beside it:\n" : "then, at once:\n");
      for (const Command& c : commands.branches[i]) showValue(c, os << "  "), os << "\n";
    }
    os << interleaving.overrides.size() << " decisions differ from the plain order\n";
    for (const auto& [key, value] : interleaving.overrides) os << "  " << key << " = " << value << "\n";
    os << outcome.contradiction << "\n(" << runs << " runs)";
    return os.str();
  }
};

template <class Command>
class Shrinker {
 public:
  using Run = std::function<Outcome(const Commands<Command>&, const Interleaving&)>;
  // attempts: under so many interleavings drawn anew a smaller program is tried before it counts as passing.
  explicit Shrinker(Run run, int attempts = 4) : run_(std::move(run)), attempts_(attempts) {}

  // The smallest story of a run that failed: no command can be left out, moved ahead of the branches or made simpler
  // and still fail under the same decisions or some drawn anew; without any one decision it passes.
  Story<Command> shrink(const Commands<Command>& commands, const Interleaving& drawn, const Outcome& outcome) {
    Story<Command> story = plain(commands, drawn, outcome);
    smaller_program(story, 0);
    do {
      fewer_decisions(story);
    } while (smaller_program(story, attempts_));
    story.runs = runs_;
    return story;
  }

 private:
  // The failure, by its decisions alone.
  Story<Command> plain(const Commands<Command>& commands, const Interleaving& drawn, const Outcome& outcome) {
    Interleaving same = drawn;
    same.drawn = false;
    same.overrides = different(outcome.decisions);
    Outcome again = run(commands, same);
    ORRERY_CHECK(again.failed(), "a run's decisions, given back, are the same run");
    return {commands, std::move(same), std::move(again)};
  }

  Outcome run(const Commands<Command>& commands, const Interleaving& interleaving) {
    ++runs_;
    return run_(commands, interleaving);
  }

  void fewer_decisions(Story<Command>& story) {
    std::map<std::string, int64_t> usual;
    for (const DecisionRecord& d : story.outcome.decisions) usual[d.key] = d.usual;
    const auto usual_of = [&](const std::string& key) { return usual[key]; };
    fewest(story.interleaving.overrides, usual_of, [&](const Overrides& overrides) {
      Interleaving candidate = story.interleaving;
      candidate.overrides = overrides;
      auto found = fails(story.commands, candidate);
      if (found) story = *std::move(found);  // the last that failed is what `fewest` ends with
      return found.has_value();
    });
  }

  // Leaves out and simplifies until nothing more can be. Whether anything could.
  bool smaller_program(Story<Command>& story, int attempts) {
    bool any = false;
    for (bool fewer = true; fewer;) {
      fewer = false;
      for (const Commands<Command>& candidate : smaller(story.commands)) {
        auto found = fails(candidate, story.interleaving);
        for (int i = 1; !found && i <= attempts; ++i) {
          Interleaving anew = story.interleaving;
          anew.drawn = true;
          anew.overrides.clear();
          anew.seed = mix64(anew.seed, static_cast<uint64_t>(i)) >> 44 | 1;
          if ((found = fails(candidate, anew))) found = plain(candidate, anew, found->outcome);
        }
        if (!found) continue;
        story = *std::move(found);
        any = fewer = true;
        break;
      }
    }
    return any;
  }

  // What was seen to pass is not run again.
  std::optional<Story<Command>> fails(const Commands<Command>& commands, const Interleaving& interleaving) {
    Story<Command> story{commands, interleaving, {}};
    const std::string known = story.text() + std::to_string(interleaving.seed) + (interleaving.drawn ? " drawn" : "");
    if (passed_.contains(known)) return std::nullopt;
    story.outcome = run(commands, interleaving);
    if (story.outcome.failed()) return story;
    passed_.insert(known);
    return std::nullopt;
  }

  // The boldest first.
  static std::vector<Commands<Command>> smaller(const Commands<Command>& all) {
    std::vector<Commands<Command>> out;
    auto add = [&](auto change) {
      Commands<Command> copy = all;
      change(copy);
      out.push_back(std::move(copy));
    };
    if (!all.prefix.empty()) add([](auto& c) { c.prefix.clear(); });
    for (size_t b = 0; b < all.branches.size(); ++b)
      add([&](auto& c) { c.branches.erase(c.branches.begin() + static_cast<std::ptrdiff_t>(b)); });
    each(all, [&](size_t b, size_t i) {
      add([&](auto& c) { list(c, b).erase(list(c, b).begin() + static_cast<std::ptrdiff_t>(i)); });
    });
    for (size_t b = 0; b < all.branches.size(); ++b)
      if (!all.branches[b].empty())
        add([&](auto& c) {
          c.prefix.push_back(c.branches[b].front());
          c.branches[b].erase(c.branches[b].begin());
        });
    each(all, [&](size_t b, size_t i) {
      for (const Command& less : simpler(list(all, b)[i])) add([&](auto& c) { list(c, b)[i] = less; });
    });
    for (Commands<Command>& c : out) std::erase_if(c.branches, [](const auto& branch) { return branch.empty(); });
    return out;
  }
  // The prefix is the list before all branches.
  template <class Of>
  static auto& list(Of& of, size_t b) { return b == 0 ? of.prefix : of.branches[b - 1]; }
  static void each(const Commands<Command>& all, const std::function<void(size_t, size_t)>& visit) {
    for (size_t b = 0; b <= all.branches.size(); ++b)
      for (size_t i = 0; i < list(all, b).size(); ++i) visit(b, i);
  }

  Run run_;
  int attempts_;
  size_t runs_ = 0;
  std::set<std::string> passed_;
};

}  // namespace orrery::properties::parallel
