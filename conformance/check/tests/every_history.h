// Every small history, up to what the definition of linearizable can tell apart.
//
// What counts of a history's time is which operation was answered before which was asked: an interval
// order. There are 1, 2, 5, 15, 53 and 217 of them on 1 to 6 operations that differ by more than the
// operations' names, and each is taken once, with every choice of operations and answers from an alphabet.
// Left out are only choices that are another history again: an operation that was never answered, or
// failed, where its answer would come before something; the values 1 and 2 exchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "conformance/check/check.h"
#include "conformance/check/tests/brute_force.h"

namespace orrery::check {

struct Letter {
  history::Operation operation;  // function, argument, outcome and result
  int value = 0;                 // 1 or 2 where it names a value that could be exchanged, else 0
  std::size_t size_max = 6;      // of the histories that it is used in
};

struct Alphabet {
  std::string name;
  Model model = Model::kRegister;
  std::vector<Letter> letters;
};

// One for each model but those of transactions.
std::vector<Alphabet> alphabets();

// One interval order: the events in order, an operation's number at its request, -1 - number at its
// answer; and of each operation those answered before it was asked, as bits.
struct IntervalOrder {
  std::vector<int> events;
  std::vector<unsigned> before;
  std::vector<bool> has_later;
};
std::vector<IntervalOrder> interval_orders(std::size_t size);

// A history with the verdict of trying every order.
class SmallHistory {
 public:
  SmallHistory(const Alphabet& alphabet, const Automaton& automaton, const IntervalOrder& order,
               const std::vector<std::size_t>& choice)
      : alphabet_(alphabet), automaton_(automaton), order_(order), choice_(choice) {}

  history::History history() const;
  bool linearizable() const { return explained(required(), 0, 0); }

  // The answered operations, and the fewest of them that contradict each other even if every other
  // operation may take effect at any moment after its request, as its answer says, or never.
  // REQUIRES: it is not linearizable.
  std::size_t shortest_witness() const;

 private:
  unsigned required() const;
  bool explained(unsigned required, unsigned placed, int state) const;

  const Alphabet& alphabet_;
  const Automaton& automaton_;
  const IntervalOrder& order_;
  const std::vector<std::size_t>& choice_;
};

// Calls `visit` with every history of `size` operations, until it answers false.
void every_history(const Alphabet& alphabet, std::size_t size,
                   const std::function<bool(const SmallHistory&)>& visit);

}  // namespace orrery::check
