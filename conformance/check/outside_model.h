// A model that somebody else knows, such as one written in Python.
//
// The search sees numbers: states from 0, and kinds of operations (those that are the same to the
// model share a number). What was answered once is remembered and never asked again, so a model
// must be a function of what it is given.
//
// Invariants: whoever answers may give up at any time; from then on nothing is asked, and a search
// under way ends as out of steps. Nondeterminism is the model's own affair: its states may be sets.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace orrery::check {

class OutsideModel {
 public:
  static constexpr std::int64_t kRefused = -1;  // the operation cannot happen there with that answer
  static constexpr std::int64_t kGivenUp = -2;
  // What one question costs of a budget: about ten microseconds of somebody's Python.
  static constexpr std::uint64_t kStepsOfAsking = 20;

  // What the model says of a kind of operation.
  struct Kind {
    std::uint32_t object = 0;  // operations on different objects have nothing to do with each other
    bool reads = false;        // never changes the state
  };

  virtual ~OutsideModel() = default;

  // Whether operations of different processes are different to the model.
  virtual bool sees_process() = 0;
  // Each kind of operation as JSON, [f, key, argument, answer, whether it was answered, process],
  // the process null unless `sees_process`. As many kinds must come back; false: it gave up.
  virtual bool learn(const std::vector<std::string>& operations, std::vector<Kind>& kinds) = 0;
  // kGivenUp, or a state.
  virtual std::int64_t initial() = 0;
  // Why it gave up, for people; empty if it did not.
  virtual std::string why() const = 0;

  // The state after an operation of that kind, kRefused or kGivenUp. A reader's is the state itself
  // or, where states are sets, a smaller one.
  std::int64_t step(std::int64_t state, std::int64_t kind);

  bool given_up() const { return given_up_; }
  std::uint64_t asked() const { return asked_; }
  // Of what is remembered; the states themselves are elsewhere.
  std::uint64_t memory_bytes() const { return known_.size() * kBytesOfOneAnswer; }

 protected:
  virtual std::int64_t ask(std::int64_t state, std::int64_t kind) = 0;
  // Called now and then while nothing is asked, so that it may still give up: false.
  virtual bool poll() { return true; }

 private:
  static constexpr std::uint64_t kPollEvery = 4096;
  static constexpr std::uint64_t kBytesOfOneAnswer = 56;

  std::unordered_map<std::uint64_t, std::int64_t> known_;  // look-up only
  std::uint64_t asked_ = 0;
  std::uint64_t remembered_ = 0;
  bool given_up_ = false;
};

}  // namespace orrery::check
