#include "sim/core/loop.h"

#include <algorithm>
#include <bit>

namespace orrery {

inline constexpr Site kReadySite{"core.ready"};

Loop::Loop() : wheel_(kBuckets) {
  owner_state_.push_back(OwnerState::kAlive);
  ready_.next_ = ready_.previous_ = &ready_;
}

Loop::~Loop() {
  while (ready_.next_ != &ready_) ready_.next_->unlink();
  ready_.next_ = ready_.previous_ = nullptr;
  for (auto& bucket : wheel_)
    for (const Entry& e : bucket)
      if (live(e)) slot_at(e.slot).drop(slot_at(e.slot).storage);
  for (; !far_.empty(); far_.pop())
    if (live(far_.top())) slot_at(far_.top().slot).drop(slot_at(far_.top().slot).storage);
  for (auto& [owner, entries] : held_)
    for (const Entry& e : entries)
      if (live(e)) slot_at(e.slot).drop(slot_at(e.slot).storage);
}

uint32_t Loop::take_slot() {
  if (free_.empty()) {
    auto base = static_cast<uint32_t>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<std::array<Slot, kChunk>>());
    for (uint32_t i = kChunk; i-- > 0;) {
      (*chunks_.back())[i].generation = 0;
      free_.push_back(base + i);
    }
  }
  uint32_t index = free_.back();
  free_.pop_back();
  ++pending_;
  return index;
}

void Loop::free_slot(uint32_t index) {
  ++slot_at(index).generation;
  free_.push_back(index);
  --pending_;
}

bool Loop::live(const Entry& e) const { return slot_at(e.slot).generation == e.generation; }

void Loop::enqueue(Instant at, uint32_t slot) {
  Entry entry{at.us, order_++, slot, slot_at(slot).generation};
  int64_t bucket = at.us / kBucketUs;
  if (in_wheel_ == 0) {
    // An empty wheel may start anywhere: at the present.
    first_bucket_ = now_.us / kBucketUs;
    first_sorted_ = false;
  } else if (bucket < first_bucket_) {
    // Looking ahead moved the wheel past this time; the heap takes it.
    far_.push(entry);
    return;
  }
  if (bucket >= first_bucket_ + static_cast<int64_t>(kBuckets)) {
    far_.push(entry);
    return;
  }
  auto& list = wheel_[bucket % kBuckets];
  if (bucket == first_bucket_ && first_sorted_) {
    list.insert(std::upper_bound(list.begin(), list.end(), entry, std::greater<>()), entry);
  } else {
    if (list.capacity() == 0 && !spare_.empty()) {
      list = std::move(spare_.back());
      spare_.pop_back();
    }
    list.push_back(entry);
  }
  occupied_[(bucket % kBuckets) / 64] |= 1ull << (bucket % 64);
  ++in_wheel_;
}

const Loop::Entry* Loop::peek() const {
  // Dead entries (cancelled) are discarded here, so that `next_at` is true.
  while (!far_.empty() && !live(far_.top())) far_.pop();
  while (in_wheel_ > 0) {
    auto& list = wheel_[first_bucket_ % kBuckets];
    if (!list.empty() && !first_sorted_) {
      std::sort(list.begin(), list.end(), std::greater<>());
      first_sorted_ = true;
    }
    while (!list.empty() && !live(list.back())) {
      list.pop_back();
      --in_wheel_;
    }
    if (!list.empty()) break;
    occupied_[(first_bucket_ % kBuckets) / 64] &= ~(1ull << (first_bucket_ % 64));
    if (list.capacity() != 0) spare_.push_back(std::exchange(list, {}));
    first_sorted_ = false;
    if (in_wheel_ == 0) break;
    // Find the next occupied bucket, a word of the bitmap at a time.
    int64_t bucket = first_bucket_ + 1;
    for (;;) {
      size_t position = bucket % kBuckets;
      uint64_t word = occupied_[position / 64] >> (position % 64);
      if (word) {
        bucket += std::countr_zero(word);
        break;
      }
      bucket += 64 - static_cast<int64_t>(position % 64);
    }
    first_bucket_ = bucket;
  }
  const Entry* near = in_wheel_ ? &wheel_[first_bucket_ % kBuckets].back() : nullptr;
  const Entry* far = far_.empty() ? nullptr : &far_.top();
  peeked_far_ = far && (!near || *near > *far);
  return peeked_far_ ? far : near;
}

void Loop::pop() {
  if (peeked_far_) {
    far_.pop();
  } else {
    wheel_[first_bucket_ % kBuckets].pop_back();
    --in_wheel_;
  }
}

Instant Loop::next_at() const {
  if (ready_.next_ != &ready_) return now_;
  const Entry* e = peek();
  return e ? Instant{e->at} : kNever;
}

void Loop::cancel(EventHandle& handle) {
  if (handle.slot == UINT32_MAX) return;
  Slot& slot = slot_at(handle.slot);
  if (slot.generation == handle.generation) {
    slot.drop(slot.storage);
    free_slot(handle.slot);
  }
  handle = {};
}

void Loop::make_ready(ReadyNode& node, void (*run)(void*), void* argument) {
  ORRERY_CHECK(!node.linked());
  node.id_ = cause_.derive(kReadySite);
  node.run_ = run;
  node.argument_ = argument;
  node.previous_ = ready_.previous_;
  node.next_ = &ready_;
  ready_.previous_->next_ = &node;
  ready_.previous_ = &node;
}

bool Loop::run_ready() {
  ReadyNode* node = ready_.next_;
  if (node == &ready_) return false;
  auto run = node->run_;
  void* argument = node->argument_;
  cause_.enter(node->id_);
  node->unlink();
  ++events_run_;
  run(argument);
  return true;
}

void Loop::give(const EventHandle& handle, OwnerId owner) {
  if (handle.slot == UINT32_MAX) return;
  Slot& slot = slot_at(handle.slot);
  if (slot.generation == handle.generation) slot.owner = owner;
}

void Loop::on_strand(const EventHandle& handle, uint32_t strand) {
  if (handle.slot == UINT32_MAX) return;
  Slot& slot = slot_at(handle.slot);
  if (slot.generation == handle.generation) slot.strand = strand;
}

OwnerId Loop::create_owner() {
  touch();
  owner_state_.push_back(OwnerState::kAlive);
  return static_cast<OwnerId>(owner_state_.size() - 1);
}

void Loop::kill_owner(OwnerId owner) {
  ORRERY_CHECK(owner != kWorldOwner && owner < owner_state_.size());
  resume_owner(owner);
  touch();
  owner_state_[owner] = OwnerState::kDead;
}

void Loop::pause_owner(OwnerId owner) {
  ORRERY_CHECK(owner != kWorldOwner && owner < owner_state_.size());
  touch();
  if (owner_state_[owner] == OwnerState::kAlive) owner_state_[owner] = OwnerState::kPaused;
}

void Loop::resume_owner(OwnerId owner) {
  if (owner_state_[owner] != OwnerState::kPaused) return;
  touch();
  owner_state_[owner] = OwnerState::kAlive;
  auto it = held_.find(owner);
  if (it == held_.end()) return;
  // With the times that they had: two events that were due in one order run in it, also when the later
  // one was not due yet at the resumption.
  for (const Entry& e : it->second)
    if (live(e)) far_.push(e);
  held_.erase(it);
}

bool Loop::step(Instant deadline) {
  if (run_ready()) return true;
  for (;;) {
    const Entry* e = peek();
    if (!e || e->at > deadline.us) return false;
    uint32_t index = e->slot;
    if (e->at > now_.us) now_ = Instant{e->at};
    Slot& slot = slot_at(index);
    if (owner_state_[slot.owner] != OwnerState::kAlive) [[unlikely]] {
      if (owner_state_[slot.owner] == OwnerState::kPaused) {
        held_[slot.owner].push_back(*e);
        pop();
        continue;
      }
      pop();
      slot.drop(slot.storage);
      free_slot(index);
      continue;
    }
    Entry entry = *e;
    pop();
    if (scheduler_) [[unlikely]]
      entry = choose(entry);
    run(entry);
    return true;
  }
}

void Loop::run(const Entry& entry) {
  Slot& slot = slot_at(entry.slot);
  cause_.enter(slot.id);
  ++events_run_;
  // The callable stays in its slot while it runs: chunks never move, and the slot is freed only
  // afterwards. Its generation is raised first so that cancelling itself is harmless.
  ++slot.generation;
  slot.run(slot.storage);
  slot.drop(slot.storage);
  free_slot(entry.slot);
}

Scheduler::Due Loop::due_of(const Entry& entry) const {
  const Slot& slot = slot_at(entry.slot);
  return {slot.id, slot.owner, slot.strand};
}

Loop::Entry Loop::choose(Entry first) {
  due_.assign(1, first);
  passed_over_.clear();
  for (const Entry* e = peek(); e && e->at <= now_.us; e = peek()) {
    const Slot& slot = slot_at(e->slot);
    // What cannot run now (its owner is dead or paused) is left to the time when it would come first.
    bool behind = owner_state_[slot.owner] != OwnerState::kAlive;
    for (const Entry& other : due_) {
      const Slot& before = slot_at(other.slot);
      behind |= before.owner == slot.owner && before.strand == slot.strand;
    }
    (behind ? passed_over_ : due_).push_back(*e);
    pop();
  }
  size_t chosen = 0;
  if (due_.size() > 1) {
    choices_.clear();
    for (const Entry& e : due_) choices_.push_back(due_of(e));
    chosen = scheduler_->choose(now_, choices_);
    ORRERY_CHECK(chosen < due_.size());
  }
  for (size_t i = 0; i < due_.size(); ++i)
    if (i != chosen) far_.push(due_[i]);
  for (const Entry& e : passed_over_) far_.push(e);
  scheduler_->runs(now_, due_of(due_[chosen]));
  return due_[chosen];
}

void Loop::run_until(Instant deadline) {
  while (step(deadline)) {
  }
  if (deadline > now_ && deadline != kNever) now_ = deadline;
}

}  // namespace orrery
