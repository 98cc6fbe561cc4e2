// Typed events and who listens to them. A room declares its events as plain structs in its `events.h`:
//
//   struct Synced {                                     // a disk made writes durable
//     static constexpr const char* kKind = "disk.sync";
//     LaneId lane;
//     uint64_t writes;
//     void fold(Fold& f) const { f.add(writes); }       // what enters the trace hash
//     std::string text() const;                         // one line for a story; only when recording
//   };
//
// and says `world.announce(Synced{...})`. Observers (monitors, histories, statistics) subscribe by type
// when the world is made and see events in memory, in order, at the moment they happen. An observer
// must not act on the world.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/hash.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"

namespace orrery {

// What an observer is told besides the event.
struct EventContext {
  uint64_t sequence;  // place in the trace
  Instant at;
  uint64_t cause;
};

namespace internal {
// A small number for each event type, fixed for the life of the process; never part of a hash.
uint32_t next_event_type();
template <class E>
struct EventType {
  static uint32_t index() {
    static const uint32_t value = next_event_type();
    return value;
  }
};
}  // namespace internal

class Observers {
 public:
  // `f` is kept as long as the world.
  template <class E>
  void subscribe(std::function<void(const E&, const EventContext&)> f) {
    uint32_t i = internal::EventType<E>::index();
    if (i >= lists_.size()) lists_.resize(i + 1);
    if (!lists_[i]) lists_[i] = std::make_unique<List<E>>();
    static_cast<List<E>*>(lists_[i].get())->functions.push_back(std::move(f));
  }
  template <class E>
  void tell(const E& event, const EventContext& context) const {
    uint32_t i = internal::EventType<E>::index();
    if (i >= lists_.size() || !lists_[i]) return;
    for (const auto& f : static_cast<const List<E>*>(lists_[i].get())->functions)
      f(event, context);
  }

 private:
  struct ListBase {
    virtual ~ListBase() = default;
  };
  template <class E>
  struct List : ListBase {
    std::vector<std::function<void(const E&, const EventContext&)>> functions;
  };
  std::vector<std::unique_ptr<ListBase>> lists_;
};

}  // namespace orrery
