// Watches the life of objects: turns, batches, gates, sections, order of calls, constructor and end.
// Rules DO-OG, DO-IG, DO-TURN, DO-ORD, DO-LIFE, DO-VER and DO-SI-1.
#pragma once

#include "conformance/monitors/ledger.h"
#include "conformance/monitors/lease_watch.h"
#include "conformance/monitors/objects.h"
#include "platform/durable/actor/events.h"
#include "platform/worker/events.h"

namespace orrery::monitors {

class ObjectWatch {
 public:
  ObjectWatch(Ledger& ledger, Objects& objects, LeaseWatch& leases)
      : ledger_(ledger), objects_(objects), leases_(leases) {}

  void on(const durable::ObjectStarted& e, const EventContext& at);
  void on(const durable::ObjectVersion& e, const EventContext& at);
  void on(const durable::ObjectEnded& e, const EventContext& at);
  void on(const durable::ObjectEvent& e, const EventContext& at);
  void on(const worker::TurnEnded& e, const EventContext& at);
  void on(const durable::ObjectWrite& e, const EventContext& at);
  void on(const durable::SavepointEnded& e, const EventContext& at);
  void on(const durable::ObjectCommitted& e, const EventContext& at);
  void on(const durable::ObjectOutputHeld& e, const EventContext& at);
  void on(const durable::ObjectReplied& e, const EventContext& at);
  void on(const durable::ObjectCalled& e, const EventContext& at);
  void on(const durable::ObjectStreamed& e, const EventContext& at);
  void on(const durable::ObjectMessage& e, const EventContext& at);
  void on(const durable::SectionBegan& e, const EventContext& at);
  void on(const durable::SectionEnded& e, const EventContext& at);

 private:
  void left(RuleId rule, Object& object, Epoch& epoch, uint64_t output, const char* what,
            const EventContext& at);
  // An event or message begins a turn: the instance lives and is made, no other turn runs, no section is in its way.
  void entered(Object& object, Epoch& epoch, std::string_view what, std::string_view of, bool within,
               const EventContext& at);
  void check_order(Object& object, const durable::ObjectEvent& e, const EventContext& at);
  void check_alive(Object& object, const Epoch& epoch, const char* what, const EventContext& at);

  Ledger& ledger_;
  Objects& objects_;
  LeaseWatch& leases_;
};

}  // namespace orrery::monitors
