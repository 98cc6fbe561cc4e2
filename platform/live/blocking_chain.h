// Who waits for whom, and why: the chain from something that does not end to what holds it up, read off the live
// state of all rooms of the platform. Pure looking: nothing is announced, drawn or scheduled, so that a run is the
// same whether or not somebody looks.
//
// Not here: deadlines, and whether a chain is an error (conformance/live).
#pragma once

#include <string>
#include <vector>

#include "platform/cloud.h"

namespace orrery::live {

struct Link {
  std::string who;       // "client/1", "do:Cart/42"
  std::string waits_for; // "host:FRA/2", "log entry 17 at three of its followers"
  std::string why;       // what is known about it; may be empty
  std::string text() const {
    return who + " waits for " + waits_for + (why.empty() ? "" : ": " + why);
  }
};

enum class End : uint8_t {
  kMoving,  // something that may still come is under way
  kNobody,  // nothing is under way that could wake it; only another event could
  kCycle,   // it comes back to itself: only a timeout can end it
};

struct Chain {
  std::vector<Link> links;
  End end = End::kMoving;
};

class BlockingChain {
 public:
  explicit BlockingChain(Cloud& cloud) : cloud_(cloud) {}

  Chain of_request(const client::Client& client, const client::OpenRequest& request);
  // An object, by printable name ("do:Cart/42"), that does not answer probes.
  Chain of_object(const std::string& name);
  // An alarm that has not fired ("alarm:Trial/u7") of the object with this identity key and id.
  Chain of_alarm(const std::string& name, uint64_t object_key, const runtime::ObjectId& id);
  // A key on which points of presence do not agree.
  Chain of_key(std::string_view space_id, const std::string& key);

 private:
  // The links from one point on, and how they end.
  using Part = Chain;
  Part context(host::Process& process, worker::WorkerIsolate& worker, runtime::ContextId id, const std::string& who,
               durable::Actor* actor, bool in_section);
  Part service(host::Process& process, const std::string& who, edge::StatelessContext& called);
  Part call(host::Process& process, const std::string& who,
            const edge::ObjectClient::Waiting& waiting);
  Part event(host::HostId from, host::HostId at, const worker::ObjectMessage* message,
             const std::string& name);
  Part gate(durable::Actor& actor, const std::string& name);
  Part outputs(durable::Actor& actor, const std::string& name);
  Part start(durable::Actor& actor, const std::string& name);

  static Part ends(Link link, End end) { return {{std::move(link)}, end}; }
  static Part joined(Link link, Part rest);
  // True if this point is on the chain already; else it is from now on, until `leave`.
  bool enter(const std::string& point);
  void leave() { path_.pop_back(); }

  const std::string& host_name(host::HostId id) { return cloud_.hosts().by_id(id).name(); }
  // "host:LHR/1 (down)", "host:LHR/1 (cut off by q0)".
  std::string state_of(host::HostId from, host::HostId to);
  // "3 of 5 members of the directory can be reached, not host:IAD/4 (down)".
  std::string directory_from(host::HostId from);
  std::string followers_of(host::HostId from, const durable::ReplicatedLog& log, uint64_t entry);

  Cloud& cloud_;
  std::vector<std::string> path_;
};

}  // namespace orrery::live
