// What must happen in the end, with its deadlines (deadlines.h). Two parts:
//
// While a run goes on: `look` reads the chains of requests that have been open for long, and finds one that nothing
// can end: a cycle, or nobody left to wake it. It changes nothing in the world.
//
// After a storm: `settle` waits until every request under way has ended, asks every object that was used for an
// answer, waits for the alarms that were due, and has every point of presence read every key. What misses its
// deadline is a finding with the chain of who waits for whom.
//
// Not judged: work that waits for a timer of its own or for an outside origin; alarms that fire and fail; keys that are
// still being written; objects of which the application's own constructor throws (they answer with its error).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/live/alarm_watch.h"
#include "conformance/live/kv_agreement.h"
#include "conformance/live/use_watch.h"
#include "platform/live/blocking_chain.h"
#include "sim/core/task.h"

namespace orrery::live {

// Something did not come. `rule` is one of conformance/rules.
struct Finding {
  std::string rule;
  std::string reason;
  std::vector<Link> chain;
  Instant at;
};

class Liveness {
 public:
  // Make it before anything happens in the world. With `storm`, what `settle` needs is noted on the way.
  Liveness(Cloud& cloud, bool storm);

  // When to look next.
  Instant next_look() const { return next_look_; }
  // Looks now; true when something was found that can never end.
  bool look();
  // The chains of all open requests, oldest first: for a run in which nothing can happen any more.
  std::vector<Finding> open_requests();

  // Waits and asks until all is well or a deadline is missed. Call it when faults are over; by `tasks`, which must
  // outlive what it starts.
  Task<void> settle(TaskScope& tasks);

  const std::vector<Finding>& findings() const { return findings_; }
  // How often each of these rules had something to be held against, by its id.
  const std::map<std::string_view, uint64_t>& exercised() const { return exercised_; }
  // Simulated time from the end of faults until the last of each was well.
  struct Took {
    Duration requests{0}, objects{0}, alarms{0}, kv{0};
  };
  const Took& took() const { return took_; }

 private:
  struct Waiting;
  struct Storm {
    explicit Storm(Cloud& cloud) : used(cloud), alarms(cloud.world()), kv(cloud) {}
    UseWatch used;
    AlarmWatch alarms;
    KvAgreement kv;
  };
  Task<void> requests_end(Waiting* all);
  Task<void> objects_answer(Waiting* all, TaskScope* tasks);
  Task<void> object_answers(Waiting* objects, std::string name, UseWatch::Object object);
  Task<void> alarms_fire(Waiting* all);
  Task<void> kv_agrees(Waiting* all);
  void miss(std::string_view rule, std::string reason, Chain chain);
  std::vector<std::pair<const client::Client*, const client::OpenRequest*>> requests() const;
  // By how much the slowest clock of a cloud host is behind.
  Duration slowest_clock() const;

  Cloud& cloud_;
  BlockingChain chains_;
  std::unique_ptr<Storm> storm_;
  std::vector<Finding> findings_;
  std::map<std::string_view, uint64_t> exercised_;
  Instant next_look_{0};
  Instant calm_{0};  // when settle began
  Took took_;
  host::Host* prober_ = nullptr;
};

}  // namespace orrery::live
