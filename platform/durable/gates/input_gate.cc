#include "platform/durable/gates/input_gate.h"

#include <utility>

#include "sim/core/check.h"

namespace orrery::durable {

GateLock::GateLock(GateScope* scope) : scope_(scope) { scope_->add_reference(); }
GateLock::GateLock(const GateLock& other) : scope_(other.scope_) {
  if (!scope_) return;
  scope_->add_reference();
  ++scope_->effective().locks_;
}
GateLock::GateLock(GateLock&& other) noexcept : scope_(std::exchange(other.scope_, nullptr)) {}
GateLock& GateLock::operator=(GateLock other) noexcept {
  std::swap(scope_, other.scope_);
  return *this;
}
GateLock::~GateLock() { release(); }

void GateLock::release() {
  if (!scope_) return;
  GateScope* scope = std::exchange(scope_, nullptr);
  scope->release_one();
  scope->drop_reference();
}

CriticalSection* GateLock::section() const {
  return scope_ ? dynamic_cast<CriticalSection*>(&scope_->effective()) : nullptr;
}

GateWaiter::~GateWaiter() {
  if (!next_) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
}

GateQueue::~GateQueue() {
  while (!empty()) pop();
  head_.next_ = head_.previous_ = nullptr;
}
void GateQueue::push(GateWaiter& w) {
  ORRERY_CHECK(!w.waiting());
  w.previous_ = head_.previous_;
  w.next_ = &head_;
  head_.previous_->next_ = &w;
  head_.previous_ = &w;
}
void GateQueue::push_front(GateWaiter& w) {
  ORRERY_CHECK(!w.waiting());
  w.previous_ = &head_;
  w.next_ = head_.next_;
  head_.next_->previous_ = &w;
  head_.next_ = &w;
}
GateWaiter& GateQueue::pop() {
  GateWaiter& w = *head_.next_;
  head_.next_ = w.next_;
  w.next_->previous_ = &head_;
  w.next_ = w.previous_ = nullptr;
  return w;
}
void GateQueue::take_all(GateQueue& other) {
  while (!other.empty()) push(other.pop());
}

void GateScope::wait(GateWaiter& waiter) {
  GateScope& scope = effective();
  if (scope.broken_) return waiter.broken(scope.error_);
  if (scope.locks_ == 0) return waiter.granted(scope.take());
  if (scope.last_first_) return scope.waiters_.push_front(waiter);
  scope.waiters_.push(waiter);
}

void GateScope::wait_as_child(GateWaiter& waiter) {
  GateScope& scope = effective();
  if (scope.broken_) return waiter.broken(scope.error_);
  if (scope.locks_ == 0) return waiter.granted(scope.take());
  scope.children_.push(waiter);
}

GateLock GateScope::take() {
  ++locks_;
  return GateLock(this);
}

void GateScope::release_one() {
  GateScope& scope = effective();
  ORRERY_CHECK(scope.locks_ > 0);
  if (--scope.locks_ > 0 || scope.broken_) return;
  if (!scope.children_.empty()) {
    scope.children_.pop().granted(scope.take());
  } else if (!scope.waiters_.empty()) {
    scope.waiters_.pop().granted(scope.take());
  }
}

void GateScope::break_self(const runtime::ErrorInfo& error) {
  if (broken_) return;
  broken_ = true;
  error_ = error;
  Ref<GateScope> self(this);
  while (!children_.empty()) children_.pop().broken(error_);
  while (!waiters_.empty()) waiters_.pop().broken(error_);
}

void InputGate::break_gate(const runtime::ErrorInfo& error) {
  if (is_broken()) return;
  break_self(error);
  if (observer_) observer_->on_input_gate_broken(error);
}

CriticalSection::CriticalSection(InputGate& root, Ref<GateScope> parent, int depth)
    : root_(root), parent_(std::move(parent)), depth_(depth), start_(*this) {}

CriticalSection::~CriticalSection() {
  // A chain of ended sections is taken apart from the inside out, without recursion: each parent that
  // only we hold is moved out before it is dropped.
  Ref<GateScope> next = std::move(parent_);
  while (next && next->references() == 1) {
    auto* section = dynamic_cast<CriticalSection*>(next.get());
    if (!section || section->state_ != State::kEnded) break;
    Ref<GateScope> after = std::move(section->parent_);
    next = std::move(after);
  }
}

Ref<CriticalSection> CriticalSection::make(InputGate& root, const GateLock& from) {
  CriticalSection* outer = from.section();
  int depth = outer ? outer->depth() + 1 : 1;
  if (depth > kMaxSectionDepth) return nullptr;
  Ref<GateScope> parent(outer ? static_cast<GateScope*>(outer) : &root);
  return Ref<CriticalSection>(new CriticalSection(root, std::move(parent), depth));
}

GateScope& CriticalSection::effective() {
  GateScope* scope = this;
  while (auto* section = dynamic_cast<CriticalSection*>(scope)) {
    // One that failed keeps its locks; one that succeeded gave them away, even if a section within it fails later.
    if (section->state_ != State::kEnded || section->locks_ > 0) break;
    scope = section->parent_.get();
  }
  return *scope;
}

int CriticalSection::open_depth() const {
  int count = 1;
  GateScope* scope = &parent_->effective();
  while (auto* outer = dynamic_cast<CriticalSection*>(scope)) {
    ++count;
    scope = &outer->parent_->effective();
  }
  return count;
}

void CriticalSection::start(GateWaiter& waiter) {
  ORRERY_CHECK(state_ == State::kNotStarted);
  state_ = State::kWaiting;
  first_ = &waiter;
  parent_->wait_as_child(start_);
}

void CriticalSection::Start::granted(GateLock lock) {
  if (!section.root_.weak_) section.parent_lock_ = std::move(lock);
  section.state_ = State::kRunning;
  GateWaiter* first = std::exchange(section.first_, nullptr);
  first->granted(section.take());
}

void CriticalSection::Start::broken(const runtime::ErrorInfo& error) {
  section.state_ = State::kEnded;
  section.break_self(error);
  GateWaiter* first = std::exchange(section.first_, nullptr);
  first->broken(error);
}

GateLock CriticalSection::succeed() {
  ORRERY_CHECK(state_ == State::kRunning && !is_broken());
  state_ = State::kEnded;
  GateScope& parent = parent_->effective();
  parent.locks_ += locks_;
  locks_ = 0;
  parent.children_.take_all(children_);
  parent.waiters_.take_all(waiters_);
  return std::move(parent_lock_);
}

void CriticalSection::fail(const runtime::ErrorInfo& error) {
  Ref<GateScope> scope(this);
  state_ = State::kEnded;
  while (auto* section = dynamic_cast<CriticalSection*>(scope.get())) {
    section->break_self(error);
    scope = section->parent_;
  }
  root_.break_gate(error);
  parent_lock_.release();
}

}  // namespace orrery::durable
