#include "conformance/monitors/disk_watch.h"

#include <algorithm>
#include <charconv>

namespace orrery::monitors {

namespace {

constexpr std::string_view kFolder = "follower/";

std::string entry_name(uint64_t epoch, uint64_t index) {
  return "entry " + std::to_string(index) + " of epoch " + std::to_string(epoch);
}

}  // namespace

// "follower/<16 hex digits>/log.<generation>"; everything else on a disk is of no interest.
DiskWatch::FileState DiskWatch::make(const disk::Synced& e) {
  FileState file;
  std::string_view name = e.file;
  if (!name.starts_with(kFolder)) return file;
  name.remove_prefix(kFolder.size());
  if (name.size() < 21 || name.substr(16, 5) != "/log.") return file;
  uint64_t key = 0;
  std::from_chars(name.data(), name.data() + 16, key, 16);
  Object* object = objects_.by_key(key);
  if (!object) return file;
  file.follower = object->followers.slot_on(e.lane);
  if (file.follower < Followers::kSlots) file.object = object;
  return file;
}

void DiskWatch::on(const disk::Synced& e, const EventContext& at) {
  const uint64_t id = mix64(e.file_hash, e.lane);
  Recent& recent = recent_[id % recent_.size()];
  if (recent.id != id || !recent.file) {
    if (!e.file.starts_with(kFolder)) return;
    auto it = files_.find(id);
    if (it == files_.end()) it = files_.emplace(id, make(e)).first;
    recent = {id, &it->second};
  }
  FileState& file = *recent.file;
  if (!file.object || file.object->followers.lane_of(file.follower) != e.lane) {
    // A log may be synced before we hear of its object (a world watched from its middle), and a host's slot may go to
    // another that joins after it left.
    file = make(e);
    if (!file.object) return;
  }
  if (e.content.size() < file.read) file.read = 0, file.broken = false;
  if (!renewals_.empty()) [[unlikely]]
    if (auto renewed = renewals_.find(e.lane); renewed != renewals_.end()) look_again(file, e.content, renewed->second);
  durable::RecordHead head;
  while (!file.broken && file.read < e.content.size()) {
    if (!durable::read_head(e.content, file.read, &head) || head.key != file.object->key) {
      file.broken = true;
      break;
    }
    if (file.read == 0) file.first = head;
    take(file, head, e.lane, at);
    file.read += head.size;
  }
}

void DiskWatch::on(const disk::Crashed& e, const EventContext&) {
  if (e.names_lost > 0) ++renewals_[e.lane];
}

void DiskWatch::on(const disk::FaultFired& e, const EventContext&) {
  if (std::string_view(e.what) == "wiped") ++renewals_[e.lane];
}

void DiskWatch::look_again(FileState& file, const disk::Content& content, uint64_t renewals) {
  if (file.renewals == renewals) return;
  file.renewals = renewals;
  durable::RecordHead head;
  const durable::RecordHead& old = file.first;
  const bool same = file.read > 0 && durable::read_head(content, 0, &head) && head.type == old.type && head.epoch == old.epoch &&
                    head.index == old.index && head.along == old.along && head.size == old.size;
  if (!same) file.read = 0, file.along = 0, file.broken = false;
}

void DiskWatch::take(FileState& file, const durable::RecordHead& head, LaneId host,
                     const EventContext& at) {
  using Type = durable::RecordHead::Type;
  FollowerLog& log = file.object->logs[file.follower];
  switch (head.type) {
    case Type::kBase: {
      const uint64_t highest = log.highest;
      log = {};
      log.base = {head.epoch, head.index};
      log.last = head.index;
      log.promised = head.prev_epoch;
      log.highest = std::max(highest, head.index);
      file.along = head.along;
      if (head.index == 0) {
        file.object->forget_disk(file.follower);
      } else {
        Epoch& epoch = file.object->epoch(head.epoch);
        epoch.have[file.follower] = std::max(epoch.have[file.follower], head.index);
      }
      return;
    }
    case Type::kPromise:
      log.promised = std::max(log.promised, head.epoch);
      return;
    case Type::kEntry:
      entry(file, head, host, at);
  }
}

void DiskWatch::entry(FileState& file, const durable::RecordHead& head, LaneId host,
                      const EventContext& at) {
  Object& object = *file.object;
  FollowerLog& log = object.logs[file.follower];
  const LogPosition position{head.epoch, head.index};
  const bool rewritten = file.along > 0;
  if (rewritten) --file.along;

  if (!rewritten) {
    ledger_.exercise(RuleId::kFollowerPromise);
    // After the promise of p only what p's own log has, or newer owners write, may be added.
    if (head.epoch < log.promised) {
      Epoch* promised = object.find(log.promised);
      const bool known = promised && promised->recovered;
      if (!known || !object.contains(promised->start, position))
        ledger_.breach(RuleId::kFollowerPromise, at, {object.lane, host}, [&] {
          return ledger_.name(host) + " had promised epoch " + std::to_string(log.promised) + " of " +
                 ledger_.name(object.lane) + " and at " + show(at.at) + " took " +
                 entry_name(head.epoch, head.index) + " of an older owner";
        });
    }
  }

  ledger_.exercise(RuleId::kLogPrefix);
  const uint64_t before = log.epoch_at(head.index - 1);
  const Epoch* epoch = object.find(head.epoch);
  uint64_t expected = head.epoch;
  if (epoch && epoch->recovered && head.index <= epoch->start.index + 1)
    expected = head.index == epoch->start.index + 1 ? epoch->start.epoch : UINT64_MAX;
  const bool lineage = !epoch || !epoch->recovered || head.prev_epoch == expected;
  if (!lineage || (before != head.prev_epoch && head.index > log.base.index + 1) ||
      head.index > log.last + 1)
    ledger_.breach(RuleId::kLogPrefix, at, {object.lane, host}, [&] {
      return "the log of " + ledger_.name(object.lane) + " on " + ledger_.name(host) + " has " +
             entry_name(head.epoch, head.index) + " after an entry of epoch " +
             std::to_string(before) + "; the owner made it after one of epoch " +
             std::to_string(head.prev_epoch);
    });

  if (!rewritten) {
    ledger_.exercise(RuleId::kTailKept);
    if (head.index <= log.last && log.epoch_at(head.index) == head.epoch)
      ledger_.breach(RuleId::kTailKept, at, {object.lane, host}, [&] {
        return ledger_.name(host) + " had " + entry_name(head.epoch, head.index) + " of " + ledger_.name(object.lane) +
               " already, and at " + show(at.at) + " cut its log back to write it again; it reached to entry " +
               std::to_string(log.last);
      });
  }
  log.put(head.epoch, head.index);
  log.promised = std::max(log.promised, head.epoch);
  Epoch& own = object.epoch(head.epoch);
  own.have[file.follower] = std::max(own.have[file.follower], head.index);

  if (head.epoch < object.newest_started) {
    ledger_.exercise(RuleId::kSingleEffects);
    Epoch* newest = object.find(object.newest_started);
    if (object.durable_index(own) >= head.index && newest->recovered &&
        !object.contains({newest->number, UINT64_MAX}, position))
      ledger_.breach(RuleId::kSingleEffects, at, {object.lane, host}, [&] {
        return entry_name(head.epoch, head.index) + " of " + ledger_.name(object.lane) +
               " became durable at " + show(at.at) + " although the instance of epoch " +
               std::to_string(newest->number) + " had started without it";
      });
  }
}

void DiskWatch::on(const durable::FollowerDurable& e, const EventContext& at) {
  Object* object = objects_.find(e.lane);
  if (!object || e.epoch == 0) return;
  const size_t slot = object->followers.slot_of(e.follower);
  if (slot >= Followers::kSlots) return;
  ledger_.exercise(RuleId::kFollowerSync);
  Epoch* epoch = object->find(e.epoch);
  const bool own = epoch && epoch->recovered && e.index > epoch->start.index;
  const uint64_t synced = own ? epoch->have[slot] : object->logs[slot].highest;
  if (synced >= e.index) return;
  const LaneId host = object->followers.lane_of(slot);
  ledger_.breach(RuleId::kFollowerSync, at, {object->lane, host}, [&] {
    return ledger_.name(host) + " acknowledged entry " + std::to_string(e.index) + " of " +
           ledger_.name(object->lane) + " at " + show(at.at) + ", but its disk had synced only up to entry " +
           std::to_string(synced);
  });
}

}  // namespace orrery::monitors
