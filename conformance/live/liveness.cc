#include "conformance/live/liveness.h"

#include <algorithm>
#include <cstdio>

#include "conformance/live/deadlines.h"
#include "platform/channels.h"
#include "platform/durable/actor/errors.h"

namespace orrery::live {

namespace {

constexpr Site kPoll{"live.poll"};
constexpr Site kPause{"live.probe_pause"};
constexpr Site kProbe{"live.probe"};
constexpr Duration kPollEvery = millis(500);

constexpr std::string_view kOpen = "LIVE-1";
constexpr std::string_view kRequests = "LIVE-2";
constexpr std::string_view kObjects = "DO-LIVE-1";
constexpr std::string_view kAlarms = "ALARM-LIVE-1";
constexpr std::string_view kKv = "KV-LIVE-1";

std::string in_seconds(Duration d) { return std::to_string(d.us / 1'000'000) + " s"; }

// Words of the platform, not of an application: the object itself was not reached.
bool says_unreachable(const worker::AnswerMessage& answer) {
  if (answer.what == worker::AnswerMessage::What::kNotHere) return true;
  if (answer.what != worker::AnswerMessage::What::kError) return false;
  const std::string& message = answer.error.message;
  return message == durable::connection_lost().message ||
         message == durable::storage_internal().message ||
         message == durable::durability_timeout().message;
}

}  // namespace

// How many are still out; lives in the frame that waits for them all.
struct Liveness::Waiting {
  Waiting(Loop& loop, size_t n) : left(n), done(loop) {}
  void one() {
    if (--left == 0) done.set(true);
  }
  size_t left;
  OneShot<bool> done;
};

Liveness::Liveness(Cloud& cloud, bool storm)
    : cloud_(cloud), chains_(cloud), storm_(storm ? std::make_unique<Storm>(cloud) : nullptr) {
  next_look_ = Instant{} + kLookEvery;
}

std::vector<std::pair<const client::Client*, const client::OpenRequest*>> Liveness::requests() const {
  std::vector<std::pair<const client::Client*, const client::OpenRequest*>> out;
  for (const auto& client : cloud_.clients())
    for (const client::OpenRequest* r : client->open_requests()) out.push_back({client.get(), r});
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second->sent < b.second->sent; });
  return out;
}

void Liveness::miss(std::string_view rule, std::string reason, Chain chain) {
  findings_.push_back({std::string(rule), std::move(reason), std::move(chain.links), cloud_.world().now()});
}

bool Liveness::look() {
  const Instant now = cloud_.world().now();
  next_look_ = now + kLookEvery;
  for (auto [client, request] : requests()) {
    const Duration open = now - request->sent;
    if (open < kCycleAfter) break;  // those behind it are younger
    Chain chain = chains_.of_request(*client, *request);
    ++exercised_[kOpen];
    if (chain.end == End::kMoving) continue;
    if (chain.end == End::kNobody && open < kNobodyAfter) continue;
    std::string reason = client->name() + "'s " + request->request->method +
                         " can never be answered: " +
                         (chain.end == End::kCycle ? "those it waits for wait for each other"
                                                   : "nobody is left who could wake what it waits for");
    miss(kOpen, std::move(reason), std::move(chain));
    return true;
  }
  return false;
}

std::vector<Finding> Liveness::open_requests() {
  std::vector<Finding> out;
  for (auto [client, request] : requests()) {
    Chain chain = chains_.of_request(*client, *request);
    out.push_back({std::string(kOpen), client->name() + " waits", std::move(chain.links), cloud_.world().now()});
  }
  return out;
}

Duration Liveness::slowest_clock() const {
  Duration behind{0};
  const Instant now = cloud_.world().now();
  for (host::HostId id = 0; id < cloud_.hosts().count(); ++id)
    behind = std::max(behind, now - cloud_.hosts().by_id(id).clock().now());
  return behind;
}

Task<void> Liveness::settle(TaskScope& tasks) {
  ORRERY_CHECK(storm_ != nullptr, "only a world made for a storm has noted what it used");
  calm_ = cloud_.world().now();
  std::vector<uint32_t> near;
  for (const std::string& code : cloud_.options().pops) near.push_back(*cloud_.geography().find(code));
  prober_ = &cloud_.hosts().outside(near.empty() ? *cloud_.geography().find("FRA") : near.front(),
                                    "client/liveness");
  Waiting all(cloud_.world().loop(), 4);
  tasks.spawn(requests_end(&all));
  tasks.spawn(objects_answer(&all, &tasks));
  tasks.spawn(alarms_fire(&all));
  tasks.spawn(kv_agrees(&all));
  co_await all.done;
}

Task<void> Liveness::requests_end(Waiting* all) {
  Loop& loop = cloud_.world().loop();
  const Instant deadline = calm_ + kRequestsEnd;
  auto open = [this] {
    auto list = requests();
    std::erase_if(list, [this](const auto& r) { return r.second->sent > calm_; });
    return list;
  };
  if (const size_t under_way = open().size()) exercised_[kRequests] += under_way;
  while (!open().empty() && loop.now() < deadline) co_await sleep(loop, kPoll, kPollEvery);
  for (auto [client, request] : open())
    miss(kRequests,
         client->name() + "'s " + request->request->method + " is still open " +
             in_seconds(kRequestsEnd) + " after the storm",
         chains_.of_request(*client, *request));
  took_.requests = loop.now() - calm_;
  all->one();
}

Task<void> Liveness::objects_answer(Waiting* all, TaskScope* tasks) {
  const std::map<std::string, UseWatch::Object> used = storm_->used.objects();
  if (!used.empty()) {
    exercised_[kObjects] += used.size();
    Waiting objects(cloud_.world().loop(), used.size());
    for (const auto& [name, object] : used) {
      // Each probe has a cause of its own, so that one object more moves no other's draws.
      CauseScope cause(cloud_.world().cause(), mix64(hash_name("live.probe"), hash_bytes(name)));
      tasks->spawn(object_answers(&objects, name, object));
    }
    co_await objects.done;
  }
  took_.objects = cloud_.world().now() - calm_;
  all->one();
}

Task<void> Liveness::object_answers(Waiting* objects, std::string name, UseWatch::Object object) {
  Loop& loop = cloud_.world().loop();
  const Instant deadline = calm_ + kObjectsReachable;
  const uint64_t flow = hash_bytes(name);
  bool reached = false;
  while (!reached && loop.now() < deadline) {
    const host::HostId edge = cloud_.anycast().route(prober_->pop(), flow);
    if (edge != host::kNoHost) {
      auto probe = make_ref<worker::ObjectMessage>();
      probe->class_name = object.class_name;
      probe->id = object.id;
      probe->name = object.name;
      probe->event = worker::ObjectMessage::Event::kProbe;
      net::Reply reply = co_await cloud_.network().call(*prober_->process(), edge, kEdgeChannel,
                                                        std::move(probe), kProbeTimeout);
      reached = reply.ok() && !says_unreachable(reply.message->as<worker::AnswerMessage>());
    }
    if (!reached) co_await sleep(loop, kPause, kProbePause);
  }
  if (!reached)
    miss(kObjects, name + " answers nobody " + in_seconds(kObjectsReachable) + " after the storm",
         chains_.of_object(name));
  objects->one();
}

Task<void> Liveness::alarms_fire(Waiting* all) {
  Loop& loop = cloud_.world().loop();
  const int64_t due_ms = host::kWorldEpochMs + calm_.us / 1000;
  const Duration behind = slowest_clock();
  const Instant deadline = calm_ + kAlarmsFire + behind;
  if (const size_t due = storm_->alarms.due(due_ms).size()) exercised_[kAlarms] += due;
  while (!storm_->alarms.due(due_ms).empty() && loop.now() < deadline)
    co_await sleep(loop, kPoll, kPollEvery);
  for (const AlarmWatch::Due& due : storm_->alarms.due(due_ms)) {
    auto object = storm_->used.objects().find(due.object);
    if (object == storm_->used.objects().end()) continue;
    miss(kAlarms,
         due.alarm + " was due " + in_seconds(Duration{(due_ms - due.time_ms) * 1000}) +
             " before the end of the storm and has not fired " + in_seconds(loop.now() - calm_) +
             " after it",
         chains_.of_alarm(due.alarm, object->second.key, object->second.id));
  }
  took_.alarms = loop.now() - calm_;
  all->one();
}

Task<void> Liveness::kv_agrees(Waiting* all) {
  Loop& loop = cloud_.world().loop();
  if (!storm_->kv.keys().empty()) {
    // A delay declared in the storm holds back what was written in it.
    const Duration bound = storm_->kv.largest_ttl() + storm_->kv.largest_delay() + kKvConverges;
    co_await sleep(loop, kPoll, bound);
    const auto keys = storm_->kv.keys();
    for (const auto& [key, written] : keys) {
      if (written > calm_) continue;
      ++exercised_[kKv];
      std::string space = key.first, name = key.second;
      std::string wrong = co_await storm_->kv.disagreement(space, name);
      if (wrong.empty()) continue;
      if (storm_->kv.keys().at(key) != written) continue;  // written again meanwhile
      miss(kKv,
           "kv:" + cloud_.kv().find(space)->name + "/" + name + " is not the same everywhere " +
               in_seconds(bound) + " after the storm: " + wrong,
           chains_.of_key(space, name));
    }
    took_.kv = loop.now() - calm_;
  }
  all->one();
}

}  // namespace orrery::live
