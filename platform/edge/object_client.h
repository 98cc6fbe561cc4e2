// How an edge host reaches Durable Objects: where each one lives (asked of the directory, remembered),
// and one delivery of an event with the retries that are safe.
//
// An event is sent again only when it surely was not handled: the host was down, or it said that it does
// not own the object. When an answer is lost the caller gets "Network connection lost." and decides.
// Events of one caller to one object keep their order: one leaves only when every earlier one is under way
// or done. One that is refused after a later one was handled can only fail: its place is gone.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "platform/durable/directory/directory_client.h"
#include "platform/worker/worker_isolate.h"
#include "sim/net/network.h"

namespace orrery::edge {

class ObjectClient final : public host::Service {
 public:
  struct Options {
    uint32_t hosts_per_pop = 3;
    durable::Weaken weaken = {};
    // An event that has found no owner by then fails.
    Duration patience = seconds(40);
    // The longest an object may take to answer; the real platform has no bound of its own.
    Duration answer_timeout = minutes(15);
  };
  ObjectClient(host::Process& process, const worker::Application& application,
               durable::DirectoryClient& directory, const Options& options);
  ~ObjectClient() override;

  // Sends a call to its object; the answer goes to the worker's context.
  void send(worker::WorkerIsolate& worker, runtime::ContextId context, worker::OutgoingCall call);

  // What a context of this host (WorkerIsolate::key_of) waits for: its calls to objects that are not answered
  // yet, oldest first.
  struct Waiting {
    const durable::ObjectInfo* object;
    const worker::ObjectMessage* message;
    enum class Stage : uint8_t { kTurn, kFinding, kPause, kUnderWay } stage;
    host::HostId to;  // kUnderWay: the host that has the event, or has it on its way
  };
  std::vector<Waiting> waiting_on(uint64_t context) const;
  // Delivers an event that no context sent; the answer as its host gave it, or null. For probes.
  Task<Ref<const worker::AnswerMessage>> exchange(Ref<const worker::ObjectMessage> message);

 private:
  // An event's place among those on their way to an object; lives in the coroutine that delivers it.
  struct Place;
  struct Route {
    explicit Route(Ref<const durable::ObjectInfo> i) : info(std::move(i)) {}
    Ref<const durable::ObjectInfo> info;
    worker::Jurisdiction jurisdiction = worker::Jurisdiction::kNone;
    worker::LocationHint hint = worker::LocationHint::kNone;  // of the first call from here
    host::HostId host = host::kNoHost;     // where to send; kNoHost: not known
    uint64_t epoch = 0;                    // the newest that the directory told of
    host::HostId suspect = host::kNoHost;  // the owner that could not be reached
    uint64_t suspect_epoch = 0;            // under this epoch: a newer grant shows that it is back
    Instant suspected_at{0};
    host::HostId replica = host::kNoHost;  // where a read replica for this region is, or may be
    bool finding = false;
    std::deque<OneShot<bool>*> waiting;    // events that wait for `finding` to end, or for their turn
    Place* last = nullptr;                 // the latest event's place
  };
  struct Delivery {
    worker::WorkerIsolate* worker = nullptr;  // null: answer_to
    runtime::ContextId context;
    runtime::OperationId operation;
    uint32_t stub;
    Ref<const worker::ObjectMessage> message;
    // Where the answer goes instead of a context; lives in the frame that waits for it.
    OneShot<Ref<const worker::AnswerMessage>>* answer_to = nullptr;
  };
  Task<void> deliver(Delivery delivery);
  // One attempt at the replica of this region. Null: it was surely not handled there.
  Task<Ref<const worker::AnswerMessage>> ask_replica(Route& route, Ref<const worker::ObjectMessage> message);
  Task<bool> find_owner(Route& route);
  host::HostId candidate(const Route& route, uint32_t pop);
  static void wake(Route& route);
  Route& route_of(const worker::ObjectMessage& message);

  host::Process& process_;
  const worker::Application& application_;
  durable::DirectoryClient& directory_;
  Options options_;
  std::map<runtime::ObjectId, std::unique_ptr<Route>> routes_;
  uint64_t last_call_ = 0;
};

}  // namespace orrery::edge
