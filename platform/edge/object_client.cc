#include "platform/edge/object_client.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/actor/errors.h"

namespace orrery::edge {

inline constexpr Site kRetrySleep{"edge.object_retry"};

namespace {
constexpr Duration kFirstPause = millis(50);
constexpr Duration kLongestPause = seconds(1);
// For how long an unreachable owner is passed over in favour of a host that may take the object over.
constexpr Duration kSuspicion = seconds(30);
}  // namespace

ObjectClient::ObjectClient(host::Process& process, const worker::Application& application,
                           durable::DirectoryClient& directory, const Options& options)
    : process_(process), application_(application), directory_(directory), options_(options) {}
ObjectClient::~ObjectClient() = default;

ObjectClient::Route& ObjectClient::route_of(const worker::ObjectMessage& message) {
  auto it = routes_.find(message.id);
  if (it == routes_.end()) {
    const auto* object_class = application_.find_class(message.class_name);
    auto info = make_ref<durable::ObjectInfo>(process_.world(), object_class->identity(message.id),
                                              object_class->printable(message.id, message.name));
    it = routes_.emplace(message.id, std::make_unique<Route>(std::move(info))).first;
    it->second->jurisdiction =
        object_class->objects->jurisdiction_of(message.id);
  }
  return *it->second;
}

void ObjectClient::send(worker::WorkerIsolate& worker, runtime::ContextId context,
                        worker::OutgoingCall call) {
  auto message = make_ref<worker::ObjectMessage>();
  message->caller_context = worker.key_of(context);
  message->number = uint64_t{process_.incarnation()} << 40 | ++last_call_;
  message->depth = static_cast<uint8_t>(call.depth + 1);
  message->epoch = call.epoch;
  message->replicas = worker.deployment().has_replicas() && !call.primary_only;
  message->class_name = worker.place_of(call.binding).objects->label;
  message->id = call.id;
  message->name = std::move(call.object_name);
  message->request = std::move(call.request);
  message->method = std::move(call.method);
  message->arguments = std::move(call.arguments);
  message->rpc = std::move(call.rpc);
  if (call.hint != worker::LocationHint::kNone) {
    Route& route = route_of(*message);
    if (route.hint == worker::LocationHint::kNone) route.hint = call.hint;
  }
  Delivery delivery{&worker, context, call.operation, call.stub, std::move(message), nullptr};
  process_.tasks().spawn(deliver(std::move(delivery)));
}

// Where an object may be created or taken over: a host that is up in this point of presence, or in the nearest one
// to it that the object's jurisdiction allows; never the suspect.
host::HostId ObjectClient::candidate(const Route& route, uint32_t pop) {
  host::Hosts& hosts = process_.hosts();
  const net::Geography& geography = process_.network().geography();
  const uint64_t first = route.info->key % options_.hosts_per_pop;
  auto host_in = [&](uint32_t at) {
    if (!worker::within(geography.at(at), route.jurisdiction)) return host::kNoHost;
    for (uint32_t i = 0; i <= options_.hosts_per_pop; ++i) {
      auto number = 1 + static_cast<uint32_t>((first + i) % options_.hosts_per_pop);
      host::Host& h = hosts.at(at, number);
      if (h.id() != route.suspect && h.up()) return h.id();
    }
    return host::kNoHost;
  };
  if (const host::HostId found = host_in(pop); found != host::kNoHost) return found;
  for (const uint32_t near : geography.nearest(pop))
    if (const host::HostId found = host_in(near); found != host::kNoHost) return found;
  return process_.host_id();
}

Task<bool> ObjectClient::find_owner(Route& route) {
  durable::Lookup found = co_await directory_.lookup(route.info);
  if (found.status == durable::Lookup::Status::kUnreachable) co_return false;
  host::HostId owner = found.status == durable::Lookup::Status::kFound ? found.placement.owner
                                                                       : host::kNoHost;
  route.epoch = std::max(route.epoch, found.placement.epoch);
  bool suspect = owner == route.suspect && owner != host::kNoHost &&
                 found.placement.epoch <= route.suspect_epoch &&
                 process_.world().now() < route.suspected_at + kSuspicion;
  ORRERY_SOMETIMES(process_.world(), suspect,
                   "an event goes to a host that may take over an unreachable owner's object");
  if (owner != host::kNoHost && !suspect) {
    route.host = owner;
    co_return true;
  }
  // A new object is made as near as its hint and jurisdiction allow; one that was put to sleep wakes at home; one
  // whose owner does not answer is taken over from here.
  const uint32_t here = process_.host().pop();
  const bool known = found.status == durable::Lookup::Status::kFound;
  route.host = candidate(route, !known    ? worker::place_for(process_.network().geography(), here,
                                                              route.hint, route.jurisdiction)
                                : suspect ? here
                                          : found.placement.home_pop);
  co_return true;
}

struct ObjectClient::Place {
  Place(Route& r, runtime::ContextId c, const worker::ObjectMessage* m)
      : route(r), context(c), message(m), earlier(r.last) {
    if (earlier) earlier->later = this;
    route.last = this;
  }
  ~Place() {
    (later ? later->earlier : route.last) = earlier;
    if (earlier) earlier->later = later;
  }
  Place(const Place&) = delete;

  bool of_same_caller(const Place& other) const {
    return context != runtime::kNoContext && other.context == context;
  }
  // Every earlier event of the same caller is under way.
  bool may_leave() const {
    for (const Place* p = earlier; p; p = p->earlier)
      if (of_same_caller(*p) && !p->under_way()) return false;
    return true;
  }
  bool later_under_way() const {
    for (const Place* p = later; p; p = p->later)
      if (of_same_caller(*p) && p->under_way()) return true;
    return false;
  }
  bool under_way() const { return stage == Waiting::Stage::kUnderWay; }
  // It was handled, or may have been: earlier ones that come back refused are too late.
  void handled() const {
    for (Place* p = earlier; p; p = p->earlier)
      if (of_same_caller(*p)) p->overtaken = true;
  }

  Route& route;
  runtime::ContextId context;
  const worker::ObjectMessage* message;
  Place* earlier;
  Place* later = nullptr;
  bool overtaken = false;
  Waiting::Stage stage = Waiting::Stage::kTurn;
  host::HostId to = host::kNoHost;
};

std::vector<ObjectClient::Waiting> ObjectClient::waiting_on(uint64_t context) const {
  std::vector<Waiting> out;
  for (const auto& [id, route] : routes_)
    for (const Place* p = route->last; p; p = p->earlier)
      if (p->message->caller_context == context && context != runtime::kNoContext)
        out.push_back({route->info.get(), p->message, p->stage, p->to});
  std::sort(out.begin(), out.end(), [](const Waiting& a, const Waiting& b) {
    return a.message->number < b.message->number;
  });
  return out;
}

Task<Ref<const worker::AnswerMessage>> ObjectClient::exchange(
    Ref<const worker::ObjectMessage> message) {
  OneShot<Ref<const worker::AnswerMessage>> answer(process_.world().loop());
  Delivery delivery{nullptr, runtime::kNoContext, 0, 0, std::move(message), &answer};
  process_.tasks().spawn(deliver(std::move(delivery)));
  Ref<const worker::AnswerMessage> got = co_await answer;
  co_return got;
}

void ObjectClient::wake(Route& route) {
  if (route.waiting.empty()) return;
  auto waiting = std::move(route.waiting);
  route.waiting.clear();
  for (OneShot<bool>* w : waiting) w->set(true);
}

Task<Ref<const worker::AnswerMessage>> ObjectClient::ask_replica(Route& route, Ref<const worker::ObjectMessage> message) {
  const host::HostId to = route.replica;
  net::Reply reply = co_await process_.network().call(process_, to, kReplicaChannel, std::move(message),
                                                      options_.answer_timeout);
  if (!reply.ok()) {
    if (route.replica == to) route.replica = host::kNoHost;
    if (reply.error == net::CallError::kUnreachable) co_return nullptr;
    auto lost = worker::AnswerMessage::of_error(durable::connection_lost());
    lost->broke = true;
    co_return lost;
  }
  const auto& m = reply.message->as<worker::AnswerMessage>();
  if (m.what != worker::AnswerMessage::What::kNotHere) co_return Ref<const worker::AnswerMessage>(&m);
  ORRERY_SOMETIMES(process_.world(), true, "an event goes on from a replica to the primary");
  if (route.replica == to) route.replica = m.owner == to ? host::kNoHost : m.owner;
  co_return nullptr;
}

Task<void> ObjectClient::deliver(Delivery delivery) {
  using Stage = Waiting::Stage;
  Loop& loop = process_.world().loop();
  Route& route = route_of(*delivery.message);
  Instant deadline = loop.now() + options_.patience;
  Duration pause = kFirstPause;
  const bool weak = options_.weaken.stub_order_lost;
  Place place(route, weak ? runtime::kNoContext : delivery.message->caller_context,
              delivery.message.get());
  bool taken = false;
  Ref<const worker::AnswerMessage> answer;
  if (delivery.message->replicas && route.replica != host::kNoHost) [[unlikely]] {
    // No order between what goes to a replica and what goes to the primary.
    place.stage = Stage::kUnderWay;
    place.to = route.replica;
    answer = co_await ask_replica(route, delivery.message);
    place.stage = Stage::kTurn;
    deadline = loop.now() + options_.patience;
  }
  while (!answer && loop.now() < deadline && !place.overtaken) {
    if (route.finding || !place.may_leave()) {
      place.stage = Stage::kTurn;
      OneShot<bool> turn(loop);
      route.waiting.push_back(&turn);
      co_await turn;
      continue;
    }
    if (route.host == host::kNoHost) {
      route.finding = true;
      place.stage = Stage::kFinding;
      bool found = co_await find_owner(route);
      route.finding = false;
      wake(route);
      if (!found) {
        co_await sleep(loop, kRetrySleep, pause);
        pause = std::min(pause * 2, kLongestPause);
        continue;
      }
    }
    if (place.later_under_way()) {  // sent behind this one before it was refused: what becomes of it?
      co_await sleep(loop, kRetrySleep, pause);
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    host::HostId to = route.host;
    place.stage = Stage::kUnderWay;
    place.to = to;
    wake(route);
    net::Reply reply = co_await process_.network().call(process_, to, kObjectChannel,
                                                        delivery.message, options_.answer_timeout);
    place.stage = Stage::kPause;
    if (!reply.ok()) {
      if (route.host == to) route.host = host::kNoHost;
      route.suspect = to;
      route.suspect_epoch = route.epoch;
      route.suspected_at = loop.now();
      const bool again = options_.weaken.resent_blindly;
      taken = reply.error != net::CallError::kUnreachable && !again;  // it may have been handled
      if (taken) break;
      ORRERY_SOMETIMES(process_.world(), true, "an event is sent again after its host was down");
    } else {
      const auto& m = reply.message->as<worker::AnswerMessage>();
      if (m.what != worker::AnswerMessage::What::kNotHere) {
        answer = Ref<const worker::AnswerMessage>(&m);
        if (m.replica != host::kNoHost) [[unlikely]] route.replica = m.replica;
        taken = true;
        break;
      }
      ORRERY_SOMETIMES(process_.world(), place.overtaken,
                       "an event is refused after a later one of its caller was handled");
      bool useful = m.owner != host::kNoHost && m.owner != to && m.owner != route.suspect;
      if (route.host == to) route.host = useful ? m.owner : host::kNoHost;
      if (useful) continue;
    }
    co_await sleep(loop, kRetrySleep, pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (taken) place.handled();
  place.stage = Stage::kUnderWay;  // for those behind it
  wake(route);
  if (!answer) {
    auto lost = worker::AnswerMessage::of_error(durable::connection_lost());
    lost->broke = true;
    answer = std::move(lost);
  }
  if (delivery.answer_to) {
    delivery.answer_to->set(std::move(answer));
    co_return;
  }
  if (answer->broke) delivery.worker->stub_broke(delivery.context, delivery.stub, answer->error);
  delivery.worker->deliver_answer(delivery.context, delivery.operation, std::move(answer), delivery.stub);
}

}  // namespace orrery::edge
