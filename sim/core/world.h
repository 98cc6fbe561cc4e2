// The world of one run: its loop, decisions, trace and observers. Made from a seed, used by one
// thread, thrown away; nothing in it is shared with another world. Rooms above take a `World&`
// and keep it; the platform sees only the seams that hosts give it (sim/host).
#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "sim/core/decisions.h"
#include "sim/core/event_pairs.h"
#include "sim/core/loop.h"
#include "sim/core/observers.h"
#include "sim/core/sometimes.h"
#include "sim/core/sweep.h"
#include "sim/core/trace.h"

namespace orrery {

class World {
 public:
  struct Options {
    Decisions::Options decisions = {};
    bool record = false;  // keep every event and decision with its text
    // Keep every event without its text, and where each event of the loop came from: cheaper than `record`, enough to
    // tell one way to fail from another. `record` keeps that too.
    bool causes = false;
    bool list_decisions = false;  // keep every decision, whatever else is kept
    // While recording, also look up where in the source a write stands. That takes memory of the JavaScript heap, so
    // a run that is cut off by its memory limit, or looks at weak references, may go another way.
    bool positions = true;
    bool pairs = false;  // keep which kinds of events followed which (event_pairs.h)
    Sweep sweep = {};
  };
  explicit World(const Options& options);
  World(const World&) = delete;

  Loop& loop() { return loop_; }
  Instant now() const { return loop_.now(); }
  CauseContext& cause() { return loop_.cause(); }
  Decisions& decide() { return decisions_; }
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }
  Observers& observers() { return observers_; }
  Sometimes& sometimes() { return sometimes_; }
  // Null unless asked for.
  const EventPairs* pairs() const { return pairs_.get(); }
  Sweep& sweep() { return sweep_; }
  const std::vector<DecisionRecord>& decision_records() const { return decision_records_; }
  // Of every event of the loop, if causes are kept.
  const Parents& parents() const { return parents_; }

  // Folds the event into the trace, records it if recording, tells observers.
  template <class E>
  void announce(const E& event) {
    static constexpr uint64_t kind_hash = hash_name(E::kKind);
    Fold fold;
    event.fold(fold);
    trace_.fold(loop_.now(), event.lane, kind_hash, fold.value());
    if (trace_.recording()) [[unlikely]] {
      RecordedEvent r{trace_.events(), loop_.now(), event.lane, E::kKind, cause().id(), {}, {}, {}};
      if (trace_.texts()) {
        r.text = event.text();
        if constexpr (requires { event.operation(); }) r.operation = event.operation();
        if constexpr (requires { event.data(); }) r.data = event.data();
      }
      trace_.record(std::move(r));
    }
    if (pairs_) [[unlikely]]
      pairs_->note(trace_, event.lane, kind_hash, cause().id());
    observers_.tell(event, {trace_.events(), loop_.now(), cause().id()});
  }

 private:
  Loop loop_;
  Decisions decisions_;
  Trace trace_;
  Observers observers_;
  Sometimes sometimes_;
  std::unique_ptr<EventPairs> pairs_;
  Sweep sweep_;
  std::vector<DecisionRecord> decision_records_;
  Parents parents_;
};

}  // namespace orrery
