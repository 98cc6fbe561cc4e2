// The event loop: the only source of time and of order. Events fire by (time, scheduling order); a
// coroutine made ready runs at the present instant, first in first out, before later events.
//
// Near events sit in a wheel of 64 us buckets, far ones in a heap. An event belongs to an *owner* (a
// process incarnation, or the world itself); when the owner is gone its events are dropped unrun,
// so that nothing of a crashed process ever runs again. Callables are stored inline in pooled slots: no
// allocation for each event.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <queue>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/core/cause.h"
#include "sim/core/check.h"
#include "sim/core/time.h"

namespace orrery {

// Who an event belongs to. Owner 0 is the world and never dies.
using OwnerId = uint32_t;
inline constexpr OwnerId kWorldOwner = 0;

// A scheduled event, for cancelling; outlives the event safely. Default: none.
struct EventHandle {
  uint32_t slot = UINT32_MAX;
  uint32_t generation = 0;
};

// A node of the ready queue; lives inside whatever waits (a coroutine's promise or awaiter) and
// unlinks itself when that is destroyed.
class ReadyNode {
 public:
  ReadyNode() = default;
  ReadyNode(const ReadyNode&) = delete;
  ~ReadyNode() { unlink(); }
  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (!next_) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  friend class Loop;
  ReadyNode* next_ = nullptr;
  ReadyNode* previous_ = nullptr;
  uint64_t id_ = 0;
  void (*run_)(void*) = nullptr;
  void* argument_ = nullptr;
};

// Who decides the order of what happens at one instant. Without one it is the order of scheduling.
class Scheduler {
 public:
  struct Due {
    uint64_t id;  // the event's: stable, derived from its cause
    OwnerId owner;
    uint32_t strand;  // which of its owner's strands (see Loop::on_strand)
  };
  virtual ~Scheduler() = default;
  // Which of these runs next: the first event of each strand of each owner that has one now, in the order of
  // scheduling, two or more. The events of a strand keep their order, and so does every stream of messages.
  virtual size_t choose(Instant now, std::span<const Due> due) = 0;
  // Told of every event just before it runs.
  virtual void runs(Instant now, const Due& event) {
    (void)now;
    (void)event;
  }
  // How late a message is, as a step of a table of `steps` delays, the shortest first: `stream` is its sender and
  // receiver, the same in every run, `id` the message's own.
  virtual int64_t delay(uint64_t stream, uint64_t id, int64_t steps) {
    (void)stream;
    (void)id;
    return steps / 2;
  }
};

class Loop {
 public:
  static constexpr size_t kInlineBytes = 72;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;

  Instant now() const { return now_; }
  // The running event's id, and the place where ids and ordinals are derived.
  CauseContext& cause() { return cause_; }

  // Runs `f` at `at` (not before now) unless `owner` has died by then.
  template <class F>
  EventHandle schedule(Instant at, const Site& site, OwnerId owner, F&& f) {
    using Function = std::decay_t<F>;
    static_assert(sizeof(Function) <= kInlineBytes, "capture less: events are stored inline");
    static_assert(alignof(Function) <= alignof(std::max_align_t));
    uint32_t index = take_slot();
    Slot& slot = slot_at(index);
    slot.id = cause_.derive(site);
    slot.owner = owner;
    slot.strand = 0;
    new (slot.storage) Function(std::forward<F>(f));
    slot.run = [](void* p) { (*static_cast<Function*>(p))(); };
    slot.drop = [](void* p) { static_cast<Function*>(p)->~Function(); };
    enqueue(at < now_ ? now_ : at, index);
    return {index, slot.generation};
  }
  template <class F>
  EventHandle schedule_in(Duration delay, const Site& site, OwnerId owner, F&& f) {
    return schedule(now_ + delay, site, owner, std::forward<F>(f));
  }
  // Drops the event and its callable now; harmless if it already ran.
  void cancel(EventHandle& handle);
  // Makes the event another owner's; its time and its place stay. Harmless if it already ran.
  void give(const EventHandle& handle, OwnerId owner);
  // Puts the event on another strand of its owner. Events of one strand always run in their order; those of two may
  // run in either when a scheduler says so: what two streams of messages bring, what two events' timers do. Everything
  // begins on strand 0.
  void on_strand(const EventHandle& handle, uint32_t strand);

  // What runs now changes what other owners see at once, not by a message: a host begins or ends, a fault begins. How
  // often that was said; a scheduler that looks at every order must not take such events for independent.
  void touch() { ++touched_; }
  uint64_t touched() const { return touched_; }

  // Makes `node` run `run(argument)` at the present instant, after what is already ready.
  void make_ready(ReadyNode& node, void (*run)(void*), void* argument);

  OwnerId create_owner();
  // From now on nothing of this owner runs.
  void kill_owner(OwnerId owner);
  bool alive(OwnerId owner) const { return owner_state_[owner] != OwnerState::kDead; }
  // Holds this owner's events back as they come due; `resume_owner` makes them due at once, in their
  // order. Coroutines already in the ready queue still run.
  void pause_owner(OwnerId owner);
  void resume_owner(OwnerId owner);
  bool paused(OwnerId owner) const { return owner_state_[owner] == OwnerState::kPaused; }

  // From now on `scheduler` orders simultaneous events; it must outlive the loop, or be taken back with nullptr.
  void schedule_by(Scheduler* scheduler) { scheduler_ = scheduler; }
  Scheduler* scheduler() const { return scheduler_; }

  // Runs one event. False when nothing is left at or before `deadline`; then time stays, unless
  // run_until moves it.
  bool step(Instant deadline = kNever);
  // Runs everything up to and including `deadline` and moves the clock there.
  void run_until(Instant deadline);
  // When the next event is due; kNever when nothing is scheduled. Dead owners' events count until
  // their time comes.
  Instant next_at() const;
  uint64_t events_run() const { return events_run_; }
  size_t pending() const { return pending_; }

 private:
  struct Slot {
    uint64_t id;
    uint32_t generation;
    OwnerId owner;
    uint32_t strand;
    void (*run)(void*);
    void (*drop)(void*);
    alignas(std::max_align_t) unsigned char storage[kInlineBytes + 8];
  };
  struct Entry {
    int64_t at;
    uint64_t order;
    uint32_t slot;
    uint32_t generation;
    bool operator>(const Entry& o) const { return at != o.at ? at > o.at : order > o.order; }
  };
  enum class OwnerState : char { kDead, kAlive, kPaused };
  static constexpr int64_t kBucketUs = 64;
  static constexpr size_t kBuckets = 8192;
  static constexpr size_t kChunk = 256;

  Slot& slot_at(uint32_t i) { return (*chunks_[i / kChunk])[i % kChunk]; }
  const Slot& slot_at(uint32_t i) const { return (*chunks_[i / kChunk])[i % kChunk]; }
  uint32_t take_slot();
  void free_slot(uint32_t index);
  void enqueue(Instant at, uint32_t slot);
  bool live(const Entry& e) const;
  // The earliest entry of wheel and heap, or nullptr; sorts the wheel's first bucket on the way.
  const Entry* peek() const;
  void pop();
  bool run_ready();
  void run(const Entry& entry);
  Scheduler::Due due_of(const Entry& entry) const;
  // The event that the scheduler chooses among `first`, the earliest, and those that are due beside it; the others
  // stay due.
  Entry choose(Entry first);

  Instant now_{0};
  CauseContext cause_;
  uint64_t order_ = 0;
  uint64_t events_run_ = 0;
  size_t pending_ = 0;
  std::vector<std::unique_ptr<std::array<Slot, kChunk>>> chunks_;
  std::vector<uint32_t> free_;
  std::vector<OwnerState> owner_state_;
  std::map<OwnerId, std::vector<Entry>> held_;  // due events of paused owners
  Scheduler* scheduler_ = nullptr;
  uint64_t touched_ = 0;
  std::vector<Entry> due_, passed_over_;  // of `choose`
  std::vector<Scheduler::Due> choices_;
  ReadyNode ready_;  // head of a circular list

  // The wheel covers [first_bucket_, first_bucket_ + kBuckets). The bucket at first_bucket_ is kept
  // sorted with its earliest entry last once it has been looked at.
  mutable std::vector<std::vector<Entry>> wheel_;
  // Memory of buckets that ran empty, for those that fill next: a wheel of many buckets would else keep the
  // memory of the fullest moment of each.
  mutable std::vector<std::vector<Entry>> spare_;
  mutable std::array<uint64_t, kBuckets / 64> occupied_{};
  mutable int64_t first_bucket_ = 0;
  mutable bool first_sorted_ = false;
  mutable size_t in_wheel_ = 0;
  mutable std::priority_queue<Entry, std::vector<Entry>, std::greater<>> far_;
  mutable bool peeked_far_ = false;
};

}  // namespace orrery
