#include "sim/explore/enumerator.h"

namespace orrery::explore {

Enumerator::Enumerator(World& world, std::function<bool(OwnerId)> outside)
    : world_(world), outside_(std::move(outside)), choices_(world), touched_(world.loop().touched()) {}

// Of the last event, its coroutines and whoever acted between events.
void Enumerator::note_touches() {
  if (world_.loop().touched() == touched_) return;
  touched_ = world_.loop().touched();
  shared_ = mix64(shared_, sum_);
  for (size_t i = first_of_instant_; i < points_.size(); ++i) points_[i].full = true;
}

size_t Enumerator::choose(Instant now, std::span<const Due> due) {
  note_touches();
  if (now != instant_) {
    instant_ = now;
    first_of_instant_ = points_.size();
  }
  Point point{sum_ + mix64(shared_, static_cast<uint64_t>(now.us)), choices_.cause_of(due[0].id), 0, {}, 0};
  const uint64_t first = class_of(due[0].owner);
  for (const Due& d : due)
    if (class_of(d.owner) == first) point.tags.push_back(tag_of(d.id));
  point.reduced = point.tags.size();
  for (const Due& d : due)
    if (class_of(d.owner) != first) point.tags.push_back(tag_of(d.id));
  const size_t taken = choices_.take(due, 0);
  while (point.tags[point.taken] != tag_of(due[taken].id)) ++point.taken;
  points_.push_back(std::move(point));
  return taken;
}

void Enumerator::runs(Instant now, const Due& event) {
  note_touches();
  if (now != instant_) {
    instant_ = now;
    first_of_instant_ = points_.size();
  }
  const uint64_t key = class_of(event.owner);
  uint64_t& history = histories_[key];
  sum_ -= mix64(key, history);
  history = mix64(mix64(history, event.id), static_cast<uint64_t>(now.us));
  sum_ += mix64(key, history);
}

int64_t Enumerator::delay(uint64_t, uint64_t, int64_t steps) { return steps / 2; }

const std::vector<Enumerator::Point>& Enumerator::points() {
  note_touches();
  return points_;
}

}  // namespace orrery::explore
