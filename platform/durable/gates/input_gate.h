// The input gate of a Durable Object: which JavaScript turn may begin (durable-objects.md section 1).
//
// A gate is a reference-counted lock. A turn holds a reference while it runs; whoever waits gets the lock
// when the last reference drops: first a pending child critical section, else the oldest waiter. A
// critical section (blockConcurrencyWhile, transaction) is a gate nested in another: while it runs it
// holds one lock of its parent, so that only work started inside it is delivered.
//
// Waiters are intrusive: a Waiter is owned by whoever waits and unlinks itself when destroyed. Grants
// are callbacks, made from within `release` or `wait`; a grant must not destroy the gate.
//
// Invariants: at most one waiter is woken per release; a broken gate grants nothing; the end of a section
// passes its parent's lock straight to the turn that resumes the caller (1.6).
#pragma once

#include <cstdint>
#include <string>

#include "platform/runtime/error_info.h"
#include "sim/core/ref.h"

namespace orrery::durable {

inline constexpr int kMaxSectionDepth = 64;  // durable-objects.md 1.10

class CriticalSection;
class GateScope;

// A reference to a gate's lock. Copying adds a reference; the lock is free when all are gone.
class GateLock {
 public:
  GateLock() = default;
  GateLock(const GateLock& other);
  GateLock(GateLock&& other) noexcept;
  GateLock& operator=(GateLock other) noexcept;
  ~GateLock();
  explicit operator bool() const { return scope_ != nullptr; }
  void release();
  // The section whose work this lock admits; null at the top.
  CriticalSection* section() const;

 private:
  friend class GateScope;
  friend class CriticalSection;
  explicit GateLock(GateScope* scope);  // takes over a reference already counted
  GateScope* scope_ = nullptr;
};

// Somebody who waits for a turn. Exactly one of the two is called, once, unless it is destroyed first.
class GateWaiter {
 public:
  GateWaiter() = default;
  GateWaiter(const GateWaiter&) = delete;
  virtual ~GateWaiter();
  virtual void granted(GateLock lock) = 0;
  virtual void broken(const runtime::ErrorInfo& error) = 0;
  bool waiting() const { return next_ != nullptr; }

 private:
  friend class GateScope;
  friend class GateQueue;
  GateWaiter* next_ = nullptr;
  GateWaiter* previous_ = nullptr;
};

// An intrusive FIFO of waiters.
class GateQueue {
 public:
  GateQueue() { head_.next_ = head_.previous_ = &head_; }
  ~GateQueue();
  bool empty() const { return head_.next_ == &head_; }
  void push(GateWaiter& w);
  // Before all others: for the museum alone.
  void push_front(GateWaiter& w);
  GateWaiter& pop();
  // Moves all of `other` behind this queue's own.
  void take_all(GateQueue& other);

 private:
  friend class GateWaiter;
  struct Head : GateWaiter {
    void granted(GateLock) override {}
    void broken(const runtime::ErrorInfo&) override {}
  };
  Head head_;
};

// What the root gate and a critical section have in common. Reference-counted: locks and waiting
// continuations keep it alive.
class GateScope : public RefCounted {
 public:
  // Asks for a lock of this scope. May grant at once.
  void wait(GateWaiter& waiter);
  bool is_broken() const { return broken_; }
  const runtime::ErrorInfo& error() const { return error_; }
  bool free() const { return locks_ == 0; }
  // Nobody is in it and nobody waits to get in.
  bool quiet() const { return locks_ == 0 && children_.empty() && waiters_.empty(); }

 protected:
  friend class GateLock;
  friend class CriticalSection;
  void release_one();
  GateLock take();
  void break_self(const runtime::ErrorInfo& error);
  void wait_as_child(GateWaiter& waiter);
  // Where waiting and counting really happen: this scope, or its parent once it has ended.
  virtual GateScope& effective() { return *this; }

  uint32_t locks_ = 0;
  bool broken_ = false;
  bool last_first_ = false;
  runtime::ErrorInfo error_;
  GateQueue children_;  // sections that wait to begin: they go before ordinary waiters
  GateQueue waiters_;
};

// The root of one object.
class InputGate final : public GateScope {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    // The gate broke (a section failed): the object must be reset. Called once.
    virtual void on_input_gate_broken(const runtime::ErrorInfo& error) = 0;
  };
  explicit InputGate(Observer& observer) : observer_(&observer) {}
  // A planted weakness: sections give their parent's lock back as soon as they begin.
  void open_early(bool weak) { weak_ = weak; }
  // Another: who comes last is let in first.
  void last_first(bool weak) { last_first_ = weak; }
  // Breaks the gate from outside (the object is being reset): all waiters are told.
  void break_gate(const runtime::ErrorInfo& error);
  // No more callbacks: the object goes away.
  void detach() { observer_ = nullptr; }

 private:
  friend class CriticalSection;
  Observer* observer_;
  bool weak_ = false;
};

// blockConcurrencyWhile(cb) or transaction(cb). Begin it with `start`, then run the callback under the
// lock granted; `wait` admits work that was started inside.
class CriticalSection final : public GateScope {
 public:
  // `from`: the lock of the turn that asks. Null when the nesting is too deep (1.10).
  static Ref<CriticalSection> make(InputGate& root, const GateLock& from);
  ~CriticalSection() override;

  // Waits for the parent's lock; then `waiter` is granted this section's own first lock.
  void start(GateWaiter& waiter);
  // The callback succeeded: what still waits here moves to the parent, and the parent's lock is handed
  // back for the turn that resumes the caller (1.6).
  GateLock succeed();
  // The callback failed: this section and all its ancestors break (1.7).
  void fail(const runtime::ErrorInfo& error);
  bool running() const { return state_ == State::kRunning; }
  int depth() const { return depth_; }
  // How many sections are open where it runs, itself included: its parent may have ended before it began.
  int open_depth() const;

 private:
  enum class State { kNotStarted, kWaiting, kRunning, kEnded };
  struct Start final : GateWaiter {
    explicit Start(CriticalSection& s) : section(s) {}
    void granted(GateLock lock) override;
    void broken(const runtime::ErrorInfo& error) override;
    CriticalSection& section;
  };
  CriticalSection(InputGate& root, Ref<GateScope> parent, int depth);
  GateScope& effective() override;

  InputGate& root_;
  Ref<GateScope> parent_;
  int depth_;
  State state_ = State::kNotStarted;
  Start start_;
  GateWaiter* first_ = nullptr;
  GateLock parent_lock_;
};

}  // namespace orrery::durable
