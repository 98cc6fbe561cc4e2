// Coroutines of the world. `Task<T>` is lazy: it starts when awaited, or when a TaskScope spawns it.
// A scope belongs to a process incarnation; destroying it destroys every frame in it, wherever it is
// suspended, and nothing of it runs again ("cancelled by destruction"): awaiters therefore unlink
// themselves in their destructors. Coroutines are resumed only from the loop; a child that never
// suspends hands its result back without a hop.
//
// g++ 12: name the options first, never `co_await f({.x = 1})` (the temporary is destroyed twice).
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "sim/core/check.h"
#include "sim/core/loop.h"
#include "sim/core/pool.h"

namespace orrery {

namespace internal {

// Frames come from the pool; a world makes and drops many alike.
struct PromiseBase : Pooled {
  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() {
    // Errors in the world are values; an exception here is a programmer's error.
    try {
      throw;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "orrery: internal error: exception in a task: %s\n", e.what());
    } catch (...) {
    }
    std::abort();
  }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) noexcept {
      PromiseBase& p = h.promise();
      p.done = true;
      if (p.on_root_done) {
        p.on_root_done(&p, h);
      } else if (p.continuation && p.suspended) {
        p.loop->make_ready(
            p.ready, [](void* a) { std::coroutine_handle<>::from_address(a).resume(); },
            p.continuation.address());
      }
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  Loop* loop = nullptr;
  OwnerId owner = kWorldOwner;  // whose timers its sleeps are: held back while the owner is paused
  std::coroutine_handle<> continuation;
  ReadyNode ready;
  bool suspended = false;  // the parent really is waiting (the child did not finish at once)
  bool done = false;
  // Root tasks only.
  void (*on_root_done)(PromiseBase*, std::coroutine_handle<>) = nullptr;
  PromiseBase* scope_next = nullptr;
  PromiseBase** scope_link = nullptr;
  std::coroutine_handle<> self;
};

}  // namespace internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : internal::PromiseBase {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    template <class U>
    void return_value(U&& v) { value.emplace(std::forward<U>(v)); }
    std::optional<T> value;
  };
  Task(Task&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() { if (handle_) handle_.destroy(); }

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    auto& p = handle_.promise();
    p.loop = parent.promise().loop;
    p.owner = parent.promise().owner;
    p.continuation = parent;
    handle_.resume();
    if (p.done) return false;
    p.suspended = true;
    return true;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

  std::coroutine_handle<promise_type> release() { return std::exchange(handle_, nullptr); }

 private:
  explicit Task(std::coroutine_handle<promise_type> h) : handle_(h) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
class [[nodiscard]] Task<void> {
 public:
  struct promise_type : internal::PromiseBase {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() {}
  };
  Task(Task&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() { if (handle_) handle_.destroy(); }

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    auto& p = handle_.promise();
    p.loop = parent.promise().loop;
    p.owner = parent.promise().owner;
    p.continuation = parent;
    handle_.resume();
    if (p.done) return false;
    p.suspended = true;
    return true;
  }
  void await_resume() {}

  std::coroutine_handle<promise_type> release() { return std::exchange(handle_, nullptr); }

 private:
  explicit Task(std::coroutine_handle<promise_type> h) : handle_(h) {}
  std::coroutine_handle<promise_type> handle_;
};

// Owns root tasks. Destroy it from outside any of its tasks (a crash is always an event of its own).
class TaskScope {
 public:
  // `owner`: the process these tasks belong to.
  explicit TaskScope(Loop& loop, OwnerId owner = kWorldOwner) : loop_(loop), owner_(owner) {}
  TaskScope(const TaskScope&) = delete;
  ~TaskScope() { cancel_all(); }

  // Starts the task at once, up to its first suspension.
  void spawn(Task<void> task) {
    auto handle = task.release();
    internal::PromiseBase& p = handle.promise();
    p.loop = &loop_;
    p.owner = owner_;
    p.self = handle;
    p.on_root_done = [](internal::PromiseBase* base, std::coroutine_handle<> h) {
      unlink(base);
      h.destroy();
    };
    p.scope_next = first_;
    p.scope_link = &first_;
    if (first_) first_->scope_link = &p.scope_next;
    first_ = &p;
    handle.resume();
  }
  // Destroys every frame; no code of them runs but destructors.
  void cancel_all() {
    while (first_) {
      auto handle = first_->self;
      unlink(first_);
      handle.destroy();
    }
  }
  bool empty() const { return !first_; }
  Loop& loop() { return loop_; }

 private:
  static void unlink(internal::PromiseBase* p) {
    *p->scope_link = p->scope_next;
    if (p->scope_next) p->scope_next->scope_link = p->scope_link;
    p->scope_next = nullptr;
  }
  Loop& loop_;
  OwnerId owner_;
  internal::PromiseBase* first_ = nullptr;
};

// Suspends for a length of the world's time.
class SleepAwaiter {
 public:
  SleepAwaiter(Loop& loop, const Site& site, Instant until)
      : loop_(loop), site_(site), until_(until) {}
  SleepAwaiter(const SleepAwaiter&) = delete;
  ~SleepAwaiter() { loop_.cancel(event_); }
  bool await_ready() const { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> h) {
    event_ = loop_.schedule(until_, site_, h.promise().owner, [h] { h.resume(); });
  }
  void await_resume() {}

 private:
  Loop& loop_;
  const Site& site_;
  Instant until_;
  EventHandle event_;
};
inline SleepAwaiter sleep(Loop& loop, const Site& site, Duration d) {
  return SleepAwaiter(loop, site, loop.now() + d);
}

// A value that is set once and awaited by at most one coroutine, which must outlive neither: keep it
// in the waiting frame and have whoever sets it forget it in that frame's destructor.
template <class T>
class OneShot {
 public:
  explicit OneShot(Loop& loop) : loop_(loop) {}
  OneShot(const OneShot&) = delete;

  bool is_set() const { return value_.has_value(); }
  // The first value wins; later ones are dropped. The waiter runs from the loop.
  void set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    if (waiter_)
      loop_.make_ready(
          ready_, [](void* a) { std::coroutine_handle<>::from_address(a).resume(); },
          std::exchange(waiter_, nullptr).address());
  }
  bool await_ready() const { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> h) {
    ORRERY_CHECK(!waiter_, "a OneShot has one waiter");
    waiter_ = h;
  }
  T await_resume() { return std::move(*value_); }

 private:
  Loop& loop_;
  ReadyNode ready_;
  std::coroutine_handle<> waiter_;
  std::optional<T> value_;
};

}  // namespace orrery
