// The trace: every event of a run folds into a rolling hash, one for the whole run and one a lane (an
// entity: a host, an object, a link). Exploring keeps only hashes and checkpoints; recording also keeps
// each event with its text, from which stories and the SQLite trace file are made. Recording never
// changes a hash: texts are made from the same fields that are folded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/hash.h"
#include "sim/core/time.h"

namespace orrery {

// An index into the trace's lanes; 0 is the world itself.
using LaneId = uint32_t;
inline constexpr LaneId kWorldLane = 0;

struct Lane {
  std::string name;  // the entity's stable name: "do:Cart/42"
  std::string kind;  // "object", "host", "client", "link", ...
  LaneId parent;
  uint64_t hash;
  uint64_t events;
};

struct RecordedEvent {
  uint64_t sequence;  // 1 is the first
  Instant at;
  LaneId lane;
  const char* kind;
  uint64_t cause;
  std::string operation;  // the client operation it belongs to, if known
  std::string text;
  std::string data;  // JSON object or empty
};

struct Checkpoint {
  uint64_t sequence;
  Instant at;
  uint64_t hash;
};

// Collects an event's fields into one hash.
class Fold {
 public:
  Fold& add(uint64_t v) {
    hash_ = mix64(hash_, v);
    return *this;
  }
  Fold& add(std::string_view s) { return add(hash_bytes(s)); }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0x0e5ca1ab1e0ull;
};

class Trace {
 public:
  static constexpr uint64_t kCheckpointEvery = 1024;

  Trace();
  // The lane of an entity, made at first use. Names must come in a deterministic order.
  LaneId lane(std::string_view name, std::string_view kind, LaneId parent = kWorldLane);
  const Lane& lane_at(LaneId id) const { return lanes_[id]; }
  const std::vector<Lane>& lanes() const { return lanes_; }

  // Folds one event in. `fields` is the hash of what the event carries.
  void fold(Instant at, LaneId lane, uint64_t kind_hash, uint64_t fields) {
    ++events_;
    uint64_t h = mix64(kind_hash ^ fields, static_cast<uint64_t>(at.us));
    Lane& l = lanes_[lane];
    l.hash = mix64(l.hash, h);
    ++l.events;
    hash_ = mix64(hash_ ^ lane, h);
    if (events_ % kCheckpointEvery == 0) checkpoints_.push_back({events_, at, hash_});
  }

  bool recording() const { return recording_; }
  // World::Options::positions.
  bool positions() const { return positions_; }
  // Whether recorded events have their texts; without, only what happened, where and why.
  bool texts() const { return texts_; }
  void start_recording(bool positions = true, bool texts = true) {
    recording_ = true;
    positions_ = positions && texts;
    texts_ = texts;
  }
  void record(RecordedEvent event);
  // What people are to read where an event's text says "host #7": events carry hosts by number.
  void name_host(uint32_t number, std::string_view name);
  const std::vector<RecordedEvent>& recorded() const { return recorded_; }

  uint64_t hash() const { return hash_; }
  uint64_t events() const { return events_; }
  const uint64_t* sequence() const { return &events_; }
  const std::vector<Checkpoint>& checkpoints() const { return checkpoints_; }

 private:
  uint64_t hash_ = hash_name("orrery.trace");
  uint64_t events_ = 0;
  bool recording_ = false;
  bool positions_ = false;
  bool texts_ = false;
  std::vector<Lane> lanes_;
  std::map<std::string, LaneId, std::less<>> by_name_;
  std::vector<Checkpoint> checkpoints_;
  std::vector<RecordedEvent> recorded_;
  std::vector<std::string> hosts_;  // by number
};

// A hash as people see it: 16 hex digits.
std::string hex64(uint64_t v);

}  // namespace orrery
