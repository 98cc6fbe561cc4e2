// What an object's JavaScript saw of its input gate, and whether the rules allow it. It reads lines
// "mark INSTANCE CLOCK WHAT NUMBERS...", printed by the Worker of input_gate_test.cc:
//
//   turn S       a turn begins that serves work started in section S (0: in none)
//   enter S      a turn begins: the callback of section S
//   back S       a turn begins: whoever asked for S goes on
//   ask S P      somebody within section P asks for S
//   exit S       the callback of S is at its good end; fail S: it is about to throw
//   stay N, stayed N   around an await that must not end the turn
//
// Sections are numbered from 1 within an instance. Instances are judged each by itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::properties {

class Journal {
 public:
  struct Counts {
    uint64_t turns = 0, sections = 0, nested = 0, stays = 0;
    uint64_t let_in = 0;  // events that began while others awaited something outside sections
    Counts& operator+=(const Counts& other);
  };

  // Any other line is passed over.
  void read(std::string_view line);
  // The first broken rule, and the marks of its instance up to there; empty: there is none.
  const std::string& contradiction() const { return contradiction_; }
  const Counts& counts() const { return counts_; }

 private:
  struct Instance {
    std::vector<std::string> marks = {};
    int64_t clock = 0;                       // of the turn
    std::vector<int> open = {0};             // sections, the innermost last
    std::map<int, int> parent = {};          // of each section
    std::set<int> ended = {};                // sections whose caller goes on
    std::set<int> passing = {};              // of those, whose one turn that had the lock then has not been seen
    std::map<int, std::deque<int>> asked = {};  // by section: children that wait to begin
    std::set<int> staying = {};
    int exited = 0;                          // this section ended, its caller does not go on yet
    bool failed = false;
  };
  // The rule that this mark breaks, or empty.
  std::string judge(Instance& instance, int64_t clock, std::string_view what, int a, int b);
  std::string begin_turn(Instance& instance, int64_t clock, bool goes_back);
  // Work that outlives its section belongs to the section around it (1.6).
  static int living(const Instance& instance, int section);
  static bool had_lock(Instance& instance, int section);

  std::map<std::string, Instance, std::less<>> instances_;
  std::string contradiction_;
  Counts counts_;
};

}  // namespace orrery::properties
