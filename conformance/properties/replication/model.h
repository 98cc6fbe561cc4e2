// A plain model of the replication protocol (platform/durable/replication/PROTOCOL.md): the whole system as a value,
// what may happen next as functions on it. It knows nothing of the platform's code.
//
// An owner lives for one epoch and makes each (epoch, index) once, so a log is a word: its n-th letter says which epoch's
// owner made entry n. Messages are a set: they come in any order or never, and are sent again by a step of its own. A disk is
// what is synced and the records written since; a crash keeps any number of the oldest records.
//
// Not modelled: contents, time and leases (a claim may come at any moment, while the former owner lives on), the directory
// (the newest epoch is known), windows and refusals that only save messages, folding.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace orrery::protocol {

inline constexpr int kMaxFollowers = 5;

// log[n] is the epoch of entry n + 1, as a digit.
using Log = std::string;
inline char letter(int epoch) { return static_cast<char>('0' + epoch); }

// Place of a log's end; later is greater.
struct Position {
  int epoch = 0;
  int index = 0;
  auto operator<=>(const Position&) const = default;
};
Position end_of(const Log& log);
bool begins_with(const Log& log, const Log& with);

// Which rules are in force. Each weakness takes one away.
struct Rules {
  int followers = 3;
  int spares = 0;                   // hosts that may take a follower's place
  int quorum = 2;                   // acknowledgements that make an entry durable
  int votes = 2;                    // promises that a recovery needs
  bool counted_twice = false;       // each acknowledgement counts as two
  bool picks_by_index = false;      // recovery compares logs by index alone
  bool takes_older = false;         // a follower takes entries of an epoch older than its promise
  bool acks_before_sync = false;    // a follower acknowledges before its disk has synced
  bool no_barrier = false;          // entries of former epochs count by themselves
  bool promises_unsynced = false;   // a follower answers a recovery before its promise is synced
  bool lost_votes = false;          // a follower that lost its disk votes like an empty one
  bool unchecked_previous = false;  // a follower takes an entry whatever stands before it
  bool changes_alone = false;       // an owner counts who joins before the register names it
  bool changes_unsure = false;      // a change may begin before an entry of the owner's own is durable
  bool joins_empty = false;         // who joins counts whatever the new followers have
  bool counts_new_alone = false;    // while the register is changed, entries count with the new followers alone
  bool retired_forget = false;      // who is told that it follows no longer forgets its promise
};

// What a disk holds of the object.
struct Store {
  Log log;
  uint8_t base = 0;     // so many entries are in an installed image
  uint8_t certain = 0;  // known durable with the owner
  uint8_t promise = 0;
  bool operator==(const Store&) const = default;
};

struct Follower {
  bool up = true;
  bool lost = false;          // its disk was lost, and no owner has filled it yet
  std::vector<Store> stores;  // the first is synced; each later one is what one record more makes of it
  uint8_t certain = 0;        // as its process knows it
  uint8_t owner = 0;          // whose log `match` is about
  uint8_t match = 0;
  bool owes_ack = false;
  std::vector<std::pair<uint8_t, Log>> owes_votes;  // to that epoch's owner, with the log as it was
  const Store& now() const { return stores.back(); }
  bool synced() const { return stores.size() == 1; }
};

// Followers as a set of bits.
using Set = uint8_t;

struct Owner {
  enum class Phase : uint8_t { kRecovering, kOpen, kGone };
  Phase phase = Phase::kRecovering;
  Log log;
  uint8_t own_from = 1;  // only from here acknowledgements count
  uint8_t durable = 0;   // it says that so much is durable
  Set five = 0;          // its followers
  Set next = 0;          // those that it wants the register to name, if any
  Set left = 0;          // that it replaced
  bool swapped = false;  // the register named `next`
  std::array<uint8_t, kMaxFollowers> match = {};
  std::array<bool, kMaxFollowers> voted = {};
  std::array<Log, kMaxFollowers> told = {};  // with each vote
};

struct Message {
  enum class Kind : uint8_t { kAppend, kInstall, kAck, kLost, kStale, kRecover, kVote, kRetire } kind;
  uint8_t epoch;        // of the owner that sent it or is answered
  uint8_t follower;
  uint8_t index = 0;    // of the entry; what is acknowledged
  uint8_t durable = 0;  // what the owner knew to be
  Log log = {};         // append: the epochs of the entry before and of the entry; else a whole log
  auto operator<=>(const Message&) const = default;
};

struct State {
  std::vector<Follower> followers;
  std::vector<Owner> owners;      // of epochs 1, 2, ...
  std::vector<Message> messages;  // sorted, each once
  Set registered = 0;             // the followers that the next claim finds
  Log acknowledged;               // the longest log that an owner said is durable
  uint8_t by = 0;                 // the newest epoch whose owner said so
  bool forked = false;            // two owners said that different entries are durable at one place
  int epoch() const { return static_cast<int>(owners.size()); }
  Owner& owner(int epoch) { return owners[static_cast<size_t>(epoch - 1)]; }
  const Owner& owner(int epoch) const { return owners[static_cast<size_t>(epoch - 1)]; }
  Follower& at(int follower) { return followers[static_cast<size_t>(follower)]; }
  const Follower& at(int follower) const { return followers[static_cast<size_t>(follower)]; }
};

State first_state(const Rules& rules);

// ---- steps; each says whether it was possible, and changes nothing if not ----

// The next epoch is claimed. Its owner asks every follower for a promise; the first has nothing to recover.
bool claim(State& s);
// The owner of this epoch appends an entry: a message to each follower.
bool append(State& s, int epoch);
// The owner sends again what this follower did not answer: the question for a promise, or the entry after the last one it
// acknowledged.
bool resend(State& s, int epoch, int follower);
// The owner sends its newest entry ahead of others that this follower did not acknowledge.
bool send_ahead(State& s, int epoch, int follower);
// The owner sends its whole image.
bool send_image(State& s, int epoch, int follower);
// The n-th message comes; nothing happens where nobody is there to take it.
void deliver(const Rules& rules, State& s, size_t n);
// The follower's disk syncs, and what waited for that is sent.
bool sync(State& s, int follower);
// The owner has votes enough, and takes the log that this follower told: the best, or as good. It appends a barrier.
bool choose(const Rules& rules, State& s, int epoch, int follower);
// The follower's process goes, the oldest `kept` of its unsynced records stay; down until `restart`.
bool crash(State& s, int follower, size_t kept);
bool restart(State& s, int follower);
// The same, and its disk goes with all that is on it.
bool wipe(State& s, int follower);
bool end_owner(State& s, int epoch);
// The owner is to have `joins` in the place of `leaves`: from here on entries count with a quorum of either set.
bool begin_change(const Rules& rules, State& s, int epoch, int leaves, int joins);
// The register takes the change.
bool swap(State& s, int epoch);
// The owner hears of it, and tells who left.
bool finish_change(State& s, int epoch);

// ---- invariants ----

// Which one does not hold; empty when all do:
// - what is durable is found again by every recovery that could begin now, whatever a crash leaves;
// - it is in the log of every later owner, and two owners never disagree about it;
// - who voted holds the promise on its disk;
// - logs with one entry in common agree on everything before it.
std::string violation(const Rules& rules, const State& s);

// The state as bytes, equal for equal states. `alike`: also for those that differ only in the followers' numbers.
std::string bytes(const State& s, bool alike);
// For reading.
std::string text(const State& s);

}  // namespace orrery::protocol
