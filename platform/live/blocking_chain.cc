#include "platform/live/blocking_chain.h"

#include <algorithm>
#include <cstdio>

#include "platform/edge/edge_server.h"
#include "platform/edge/object_client.h"
#include "platform/edge/service_calls.h"
#include "platform/kv/service.h"

namespace orrery::live {

namespace {

std::string seconds_text(Duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld s", static_cast<long long>(d.us / 1'000'000),
                static_cast<long long>(d.us / 1000 % 1000));
  return text;
}

// "/buy/lamp" of "https://shop.example.com/buy/lamp".
std::string path_of(const std::string& url) {
  size_t start = url.find("://");
  size_t slash = start == url.npos ? 0 : url.find('/', start + 3);
  return slash == url.npos ? "/" : url.substr(slash);
}

}  // namespace

BlockingChain::Part BlockingChain::joined(Link link, Part rest) {
  rest.links.insert(rest.links.begin(), std::move(link));
  return rest;
}

bool BlockingChain::enter(const std::string& point) {
  if (std::find(path_.begin(), path_.end(), point) != path_.end()) return true;
  path_.push_back(point);
  return false;
}

Chain BlockingChain::of_request(const client::Client& client, const client::OpenRequest& request) {
  path_.clear();
  const std::string& edge_name = host_name(request.to);
  Link link{client.name(), edge_name,
            request.request->method + " " + path_of(request.request->url) + ", open for " +
                seconds_text(cloud_.world().now() - request.sent)};
  host::Process* process = cloud_.hosts().by_id(request.to).process();
  if (!process) {
    link.why += "; that host is down";
    return ends(std::move(link), End::kMoving);
  }
  auto* server = process->find<edge::EdgeServer>();
  const edge::StatelessContext* serving = server ? server->serving(request.request.get()) : nullptr;
  if (!serving) {
    const host::HostId from = cloud_.hosts().existing(client.name())->id();
    link.why += "; the request or its answer is between " + client.name() + " and " +
                state_of(from, request.to);
    return ends(std::move(link), End::kMoving);
  }
  return joined(std::move(link),
                context(*process, serving->worker(), serving->context_id(),
                        "the fetch handler on " + edge_name, nullptr, false));
}

// What JavaScript in a context waits for: any of what is under way may wake it.
BlockingChain::Part BlockingChain::context(host::Process& process,
                                           worker::WorkerIsolate& worker, runtime::ContextId id,
                                           const std::string& who, durable::Actor* actor,
                                           bool in_section) {
  std::vector<Part> parts;
  const uint64_t key = worker.key_of(id);
  if (auto* objects = process.find<edge::ObjectClient>())
    for (const auto& waiting : objects->waiting_on(key)) parts.push_back(call(process, who, waiting));
  if (auto* outbound = process.find<edge::EdgeOutbound>())
    for (host::HostId origin : outbound->waiting_on(key))
      parts.push_back(ends({who, state_of(process.host_id(), origin), "a fetch to the outside"},
                           End::kMoving));
  if (auto* kv = process.find<kv::KvService>())
    for (const std::string& operation : kv->waiting_on(key))
      parts.push_back(ends({who, operation, "Workers KV"}, End::kMoving));
  if (actor) {
    const durable::Actor::Waiting own = actor->waiting_on();
    if (!in_section && (own.turns_at_gate || !own.sections.empty()))
      parts.push_back(joined({who, "its next turn", {}}, gate(*actor, who)));
    if (own.outputs > 0) parts.push_back(outputs(*actor, who));
    if (own.alarm)
      parts.push_back(ends({who, "the alarm scheduler", "a change or a run of its alarm is under way"},
                           End::kMoving));
  }
  if (auto* services = process.find<edge::ServiceCalls>())
    for (edge::StatelessContext* called : services->waiting_on(key))
      parts.push_back(service(process, who, *called));
  if (auto due = worker.next_timer(id))
    parts.push_back(ends({who, "a timer of its own",
                          "due in " + seconds_text(*due - cloud_.world().now())},
                         End::kMoving));
  worker::EventContext* waiting = worker.find(id);
  if (!in_section && waiting && worker.listens(*waiting))
    parts.push_back(ends({who, "a message", "of a WebSocket"}, End::kMoving));
  if (parts.empty() && worker.isolate().pending_operations(id) > (in_section ? 1 : 0))
    return ends({who, "an operation of its own", {}}, End::kMoving);
  if (parts.empty())
    return ends({who, "nothing that could still come",
                 "its JavaScript awaits a promise, and no call, timer or storage operation of it is left"},
                End::kNobody);
  for (Part& part : parts)
    if (part.end == End::kMoving) return std::move(part);
  for (Part& part : parts)
    if (part.end == End::kCycle) return std::move(part);
  return std::move(parts.front());
}

// An event of another Worker on the same host.
BlockingChain::Part BlockingChain::service(host::Process& process, const std::string& who,
                                           edge::StatelessContext& called) {
  const std::string callee = "the Worker " + called.worker().name();
  Link link{who, callee, "a call through a service binding"};
  const std::string point = "event " + std::to_string(process.host_id()) + " " + callee + " " +
                            std::to_string(called.context_id());
  if (enter(point)) return ends(std::move(link), End::kCycle);
  Part part = joined(std::move(link),
                     context(process, called.worker(), called.context_id(), callee, nullptr, false));
  leave();
  return part;
}

BlockingChain::Part BlockingChain::call(host::Process& process, const std::string& who,
                                        const edge::ObjectClient::Waiting& waiting) {
  using Stage = edge::ObjectClient::Waiting::Stage;
  const std::string& name = cloud_.world().trace().lane_at(waiting.object->lane).name;
  const host::HostId here = process.host_id();
  switch (waiting.stage) {
    case Stage::kTurn:
      return ends({who, name, "an earlier call of it, or the look for the owner, comes first"},
                  End::kMoving);
    case Stage::kFinding:
      return ends({who, name, "its owner is being looked for; " + directory_from(here)},
                  End::kMoving);
    case Stage::kPause:
      return ends({who, name, "it is tried again after a pause; " + directory_from(here)},
                  End::kMoving);
    case Stage::kUnderWay: break;
  }
  return joined({who, name, "its call is at " + host_name(waiting.to)},
                event(here, waiting.to, waiting.message, name));
}

// An event at the host that was sent it.
BlockingChain::Part BlockingChain::event(host::HostId from, host::HostId at,
                                         const worker::ObjectMessage* message,
                                         const std::string& name) {
  host::Process* process = cloud_.hosts().by_id(at).process();
  auto* objects = process ? process->find<durable::ObjectHost>() : nullptr;
  durable::Actor* actor = objects ? objects->find(message->id) : nullptr;
  using Standing = durable::Actor::Standing;
  const Standing standing = actor ? actor->standing_of(message) : Standing::kUnknown;
  if (standing == Standing::kUnknown)
    return ends({name, "a message", "the call or its answer is between " + host_name(from) + " and " +
                                        state_of(from, at)},
                End::kMoving);
  if (standing == Standing::kBeforeStart) return start(*actor, name);
  if (standing == Standing::kAtOutputGate) return outputs(*actor, name);
  if (standing == Standing::kAtGate) return gate(*actor, name);
  const std::string point = "event " + std::to_string(at) + " " + std::to_string(message->number);
  if (enter(point))
    return ends({name, "the answer to that very call", "the chain has come round"}, End::kCycle);
  Part part = context(*process, actor->worker(), actor->context_id(), name, actor, false);
  leave();
  return part;
}

// Whoever waits for a turn of an object.
BlockingChain::Part BlockingChain::gate(durable::Actor& actor, const std::string& name) {
  const durable::Actor::Waiting own = actor.waiting_on();
  host::Process& process = actor.object_host().process();
  if (!own.lease_valid)
    return ends({name, "the lease of " + process.host().name(),
                 "without it nothing is delivered; " + directory_from(process.host_id())},
                End::kMoving);
  if (own.sections.empty()) return ends({name, "a turn", {}}, End::kMoving);
  const std::string section = "blockConcurrencyWhile #" + std::to_string(own.sections.front()) +
                              " of " + name + " on " + process.host().name();
  Link link{name, "its input gate", "held by " + section};
  const std::string point = "gate " + std::to_string(process.host_id()) + " " + name;
  if (enter(point)) {
    link.why += ", which waits already: the chain has come round";
    return ends(std::move(link), End::kCycle);
  }
  Part part = joined(std::move(link), context(process, actor.worker(), actor.context_id(), section, &actor, true));
  leave();
  return part;
}

// An answer or call that must not leave yet.
BlockingChain::Part BlockingChain::outputs(durable::Actor& actor, const std::string& name) {
  const durable::Actor::Waiting own = actor.waiting_on();
  const host::HostId here = actor.object_host().process().host_id();
  if (!own.lease_valid)
    return ends({name, "its output gate", "the lease of " + host_name(here) + " is not valid; " +
                                              directory_from(here)},
                End::kMoving);
  if (own.undurable == 0 || !own.log)
    return ends({name, "its output gate", own.alarm ? "a commit waits for the alarm scheduler"
                                                    : "a commit is under way"},
                End::kMoving);
  return ends({name, "its output gate, and that for log entry " + std::to_string(own.undurable),
               followers_of(here, *own.log, own.undurable)},
              End::kMoving);
}

// An instance that is coming up.
BlockingChain::Part BlockingChain::start(durable::Actor& actor, const std::string& name) {
  const host::HostId here = actor.object_host().process().host_id();
  const durable::Actor::Waiting own = actor.waiting_on();
  std::string why = "it starts on " + host_name(here) + "; " + directory_from(here);
  if (actor.epoch() != 0) {
    why += "; its followers: ";
    for (size_t i = 0; i < actor.followers().size(); ++i)
      why += (i ? ", " : "") + state_of(here, actor.followers()[i]);
  }
  return ends({name, own.stage ? own.stage : "its first turn", why}, End::kMoving);
}

Chain BlockingChain::of_object(const std::string& name) {
  path_.clear();
  durable::Actor* actor = cloud_.find_object(name);
  if (!actor) {
    const host::HostId near = 0;
    return ends({name, "a host that takes it over", directory_from(near)}, End::kMoving);
  }
  const durable::Actor::Waiting own = actor->waiting_on();
  if (own.stage) return start(*actor, name);
  if (own.outputs > 0 || own.undurable > 0) return outputs(*actor, name);
  if (own.turns_at_gate) return gate(*actor, name);
  return ends({name, "a message", "it runs on " + actor->object_host().process().host().name()},
              End::kMoving);
}

}  // namespace orrery::live
