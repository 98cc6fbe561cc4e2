#include "platform/faults/outside_faults.h"

#include <algorithm>

#include "platform/worker/host_workers.h"
#include "platform/worker/web_sockets.h"

namespace orrery {

using fault::FaultKind;

namespace {

std::string text_of(const fault::Fault& fault, const char* key) {
  auto it = fault.fields.find(key);
  return it != fault.fields.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// "\"status\" must be ..." if the field is there and no whole number within.
std::string check_number(const fault::Fault& fault, const char* key, int64_t low, int64_t high) {
  auto it = fault.fields.find(key);
  if (it == fault.fields.end()) return {};
  if (it->is_number_integer() && it->get<int64_t>() >= low && it->get<int64_t>() <= high) return {};
  return std::string(fault::to_string(fault.kind)) + ": " + key + " must be a whole number within " + std::to_string(low) + " .. " +
         std::to_string(high);
}

constexpr Site kEvictIsolate{"fault.evict_isolate"};
// By then its objects are gone.
constexpr Duration kAfterItsObjects = millis(1);
constexpr int64_t kLongestUs = int64_t{24} * 3600 * 1'000'000;

std::string_view pop_code(std::string_view target) { return target.starts_with("pop:") ? target.substr(4) : target; }

}  // namespace

bool OutsideFaults::takes(FaultKind kind) {
  return kind == FaultKind::kKillIsolate || kind == FaultKind::kOrigin || kind == FaultKind::kReroute ||
         kind == FaultKind::kCutSocket || kind == FaultKind::kRepeatAlarm;
}

std::string OutsideFaults::check(const fault::Fault& fault) const {
  const std::string kind = std::string(fault::to_string(fault.kind)) + ": ";
  const std::string& target = fault.target;
  const std::string named = "\"" + target + "\"";
  const bool is_host = target.starts_with("host:") && cloud_.network().explain_endpoint(target).empty();
  switch (fault.kind) {
    case FaultKind::kKillIsolate: {
      if (!target.starts_with("do:") && !is_host)
        return kind + "the target is an object like do:Cart/42 or a host like host:FRA/2, not " + named;
      const std::string reason = text_of(fault, "reason");
      const bool known = reason == "memory" || reason == "cpu" || reason == "evicted";
      return known ? "" : kind + "the reason is memory, cpu or evicted, not \"" + reason + "\"";
    }
    case FaultKind::kOrigin: {
      const std::string mode = text_of(fault, "mode");
      if (mode != "status" && mode != "timeout" && mode != "slow")
        return kind + "the mode is status, timeout or slow, not \"" + mode + "\"";
      if (fault.fields.contains("status") != (mode == "status") || fault.fields.contains("delay_us") != (mode == "slow"))
        return kind + "mode status takes a status, mode slow a delay, mode timeout neither";
      if (std::none_of(cloud_.origins().begin(), cloud_.origins().end(), [&](auto* o) { return o->name() == target; }))
        return kind + "there is no origin " + named + " (a scenario makes one with world.origin)";
      if (fault.for_.us <= 0) return kind + "for_us must be above 0";
      if (std::string bad = check_number(fault, "status", 200, 599); !bad.empty()) return bad;
      return check_number(fault, "delay_us", 1, kLongestUs);
    }
    case FaultKind::kReroute:
      if (target.starts_with("client/") || cloud_.geography().find(pop_code(target))) return {};
      return kind + "the target is a client like client/1 or a point of presence like HAN, not " + named;
    case FaultKind::kCutSocket:
      if (target.starts_with("client/") || is_host) return {};
      return kind + "the target is a client like client/1 or a host like host:FRA/2, not " + named;
    default:
      if (!target.starts_with("do:")) return kind + "the target is an object like do:Cart/42, not " + named;
      return check_number(fault, "after_us", 0, kLongestUs);
  }
}

void OutsideFaults::begin(const fault::Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kKillIsolate: return kill_isolate(fault);
    case FaultKind::kOrigin: return spoil_origin(fault);
    case FaultKind::kReroute: return reroute(fault, false);
    case FaultKind::kCutSocket: return cut_sockets(fault);
    default:
      cloud_.alarm_repeats().by_object[cloud_.printable_name(fault.target)] = micros(fault.fields["after_us"].get<int64_t>());
  }
}

void OutsideFaults::end(const fault::Fault& fault) {
  if (fault.kind == FaultKind::kOrigin) cloud_.origin(fault.target).fare_well();
  if (fault.kind == FaultKind::kReroute) reroute(fault, true);
  if (fault.kind == FaultKind::kRepeatAlarm) cloud_.alarm_repeats().by_object.erase(cloud_.printable_name(fault.target));
}

// All that its events held is lost with it, as when it goes over its memory or uses up its time by itself.
void OutsideFaults::kill_isolate(const fault::Fault& fault) {
  const std::string reason = text_of(fault, "reason");
  durable::Actor* actor = cloud_.find_object(fault.target);
  host::Host* host = actor ? &actor->object_host().process().host() : cloud_.hosts().existing(fault.target);
  auto* workers = host && host->process() ? host->process()->find<worker::HostWorkers>() : nullptr;
  if (!workers) return;
  for (uint32_t slot = 0; slot < workers->slots(); ++slot) {
    worker::WorkerIsolate* worker = workers->find(slot);
    if (!worker || (actor && worker != &actor->worker())) continue;
    if (reason == "evicted") evict_isolate(*host, slot);
    else worker->give_up_isolate(reason == "cpu" ? worker::IsolateEnd::kCpu : worker::IsolateEnd::kMemory);
  }
}

// One with nothing under way makes room for others: its objects go as after idleness, then the isolate with what it kept
// in memory. Another stays.
void OutsideFaults::evict_isolate(host::Host& host, uint32_t slot) {
  worker::WorkerIsolate* isolate = host.process()->find<worker::HostWorkers>()->find(slot);
  std::vector<durable::Actor*> resting;
  bool busy = false;
  host.process()->find<durable::ObjectHost>()->for_each([&](durable::Actor& actor) {
    if (&actor.worker() != isolate) return;
    busy |= actor.busy();
    resting.push_back(&actor);
  });
  ORRERY_SOMETIMES(cloud_.world(), busy, "an isolate is too busy to be evicted");
  if (busy) return;
  for (durable::Actor* actor : resting) actor->object_host().evict(*actor, "evicted with its isolate");
  cloud_.world().loop().schedule_in(
      kAfterItsObjects, kEvictIsolate, host.process()->owner(), [process = host.process(), slot] {
        worker::WorkerIsolate* emptied = process->find<worker::HostWorkers>()->find(slot);
        if (!emptied || !emptied->resting()) return;
        ORRERY_SOMETIMES(process->world(), true, "an isolate is evicted");
        emptied->give_up_isolate(worker::IsolateEnd::kMemory);  // there is nobody to be told why
      });
}

void OutsideFaults::spoil_origin(const fault::Fault& fault) {
  client::Origin& origin = cloud_.origin(fault.target);
  const std::string mode = text_of(fault, "mode");
  if (mode == "status") return origin.fail_with(fault.fields["status"].get<int>());
  if (mode == "slow") return origin.delay_answers(micros(fault.fields["delay_us"].get<int64_t>()));
  origin.fall_silent();
}

// Routes in the internet change: packets of connections that are open reach a place that knows nothing of them, so that
// those break; new ones go there too.
void OutsideFaults::reroute(const fault::Fault& fault, bool back) {
  const std::optional<uint32_t> pop = cloud_.geography().find(pop_code(fault.target));
  for (const auto& client : cloud_.clients()) {
    if (pop ? client->pop() != *pop : client->name() != fault.target) continue;
    cloud_.anycast().divert(client->flow(), back ? -1 : 1);
    cloud_.network().reset(client->host().id());
  }
}

void OutsideFaults::cut_sockets(const fault::Fault& fault) {
  host::Host* host = cloud_.hosts().existing(fault.target);
  if (host && host->process())
    if (auto* sockets = host->process()->find<worker::WebSockets>()) sockets->cut_all();
}

}  // namespace orrery
