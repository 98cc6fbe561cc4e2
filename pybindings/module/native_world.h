// A world as Python drives it: operations by number, stepped until one ends. Every command of a scenario is
// an event with a cause of its own (the client and its count, or the command's number), so that what one
// command leads to does not depend on the others.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "conformance/live/liveness.h"
#include "conformance/monitors/monitors.h"
#include "platform/cloud.h"
#include "platform/cloud_faults.h"
#include "pybindings/module/app.h"
#include "pybindings/module/findings.h"
#include "pybindings/module/world_options.h"
#include "sim/core/task.h"
#include "sim/explore/enumerator.h"
#include "sim/fault/injector.h"
#include "sim/fault/swarm.h"
#include "sim/fault/survivable.h"
#include "sim/host/step_sweep.h"

namespace orrery::python {

using Json = nlohmann::ordered_json;

// How an operation ended.
struct OperationResult {
  bool dropped = false;  // an override kept it from leaving
  enum class Kind { kPending, kResponse, kError, kDone, kLoad, kFrame } kind = Kind::kPending;
  client::Exchange exchange;
  client::LoadResult load;
  uint64_t socket = 0;                       // of a response that upgrades to a WebSocket: its number, from 1
  Ref<const runtime::SocketFrame> frame;     // kFrame; null: none came in time
};

class NativeWorld {
 public:
  // Options as in pybindings/README.md. Throws BadInput.
  NativeWorld(const App& app, const std::string& options_json);
  ~NativeWorld();

  Cloud& cloud() { return *cloud_; }
  World& world() { return cloud_->world(); }

  int64_t now_us() { return world().now().us; }
  uint64_t client(const std::string& city, const std::string& name);
  uint64_t request(uint64_t client, const std::string& method, const std::string& url,
                   const std::vector<std::pair<std::string, std::string>>& headers,
                   const std::string* body);
  // WebSockets by the number in a response: a frame leaves (false: it is closed), an operation that ends with the
  // next that comes, whether it is open.
  bool socket_send(uint64_t socket, const Ref<runtime::SocketFrame>& frame);
  uint64_t socket_receive(uint64_t socket, int64_t timeout_us);
  bool socket_open(uint64_t socket) { return socket_at(socket).socket->open(); }
  uint64_t sleep(int64_t us);
  uint64_t load(const std::string& json);
  // Runs until an operation ended, an origin was asked, or `deadline_us`; the ended ones in order.
  std::vector<uint64_t> step(int64_t deadline_us);
  // Makes `step` return early, with none, when nothing more is due up to this moment, or when so many events have
  // been announced; once. `paused` says that it just did.
  void pause_at(int64_t us) { pause_at_ = Instant{us}; }
  void pause_after(uint64_t events) { pause_after_ = events; }
  bool paused() const { return paused_; }
  // How many steps of the loop the world has made: where it stands, exactly.
  uint64_t steps() { return world().loop().events_run(); }
  // From here the future is drawn anew, the preset's faults that have not begun too. Faults that have begun and what
  // the scenario planned itself stay.
  void redraw(uint64_t seed);
  // The seeds of redraws since the last question: those asked for by `redraw` and those of the options.
  std::vector<uint64_t> redrawn() { return std::exchange(redrawn_, {}); }
  const OperationResult& result(uint64_t operation) const;
  bool idle();
  void note(const std::string& text);
  void fault(const std::string& json);
  // Deploys now ({"app", "version", "share_ppm"}). Throws BadInput, and changes nothing, when it is refused.
  void deploy(const std::string& json);
  void heal();
  // An operation that ends when the storm is over and what must happen then has happened, or has missed its
  // deadline; see conformance/live. For worlds whose preset is a storm.
  uint64_t settle();
  // What can never end, as JSON ({reason, chain}), or the chains of what is open; "null" when there is nothing.
  std::string stuck(bool all_open);
  void origin(const std::string& host, uint64_t handler);
  struct OriginRequest {
    uint64_t id;
    uint64_t handler;
    Ref<const runtime::HttpRequest> request;
  };
  std::vector<OriginRequest> pending_origin_requests();
  void origin_reply(uint64_t id, int status,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::string& body);
  void history_add(const std::string& json);
  const std::vector<Json>& history() const { return history_; }
  std::string check(const std::string& model, const std::string& options);
  // What the run has reached, as JSON text: blocks of the app's code, probes, pairs of events (README.md).
  std::string coverage();
  // What was recorded by the option `record_from`, as JSON: events {event, at_us, lane, kind, cause, chain, operation,
  // text, data} and decisions {key, value, event}. The chain: [cause, site] of the event's own cause, of what scheduled
  // that, and so on, as far as it was recorded.
  std::string window() const;
  // The result of the run as JSON text.
  std::string finish();
  void write_trace(const std::string& path);
  // The causal slice to the answer of a client's n-th request (from 1), as JSON; "[]" when there is none. For worlds
  // that keep causes.
  std::string slice_to_answer(const std::string& client, uint64_t nth) const;
  // True once the rule is broken at which this run is to stop (option `until_rule`).
  bool broken() const { return broken_; }

 private:
  // A request as a list of decisions tells of it.
  struct Asked {
    uint64_t operation;
    std::string key;  // of the decision whether it leaves
    std::string client;
    std::string what;
    Instant at;
  };
  // Whether a request leaves: 1, or what to do instead (client::kLeaves).
  int64_t leaves(uint64_t client);
  // Ends an operation as one that never left, `after_us` from now.
  void drop(uint64_t operation, int64_t after_us);
  bool broke_rule();
  // What shrinking works on: every decision, the requests and the faults behind them.
  void list_decisions(Json& out) const;
  uint64_t open_operation();
  void close_operation(uint64_t operation);
  Task<void> fetch(uint64_t operation, client::Client& client, Ref<runtime::HttpRequest> request);
  Task<void> receive(uint64_t operation, client::Socket& socket, Duration timeout);
  Task<void> run_settle(uint64_t operation);
  Task<void> run_load(uint64_t operation, std::shared_ptr<client::Load> load);
  void plan_swarm(const WorldOptions& options);
  void draw_faults();
  // What the options want done before a step: redraws, and the beginning of a recording. pauses.cc
  void before_step();
  bool pause_due(Instant deadline);

  // Orders what is simultaneous; null for first in, first out. `enumerator_` is the same when it takes note of choices.
  void order_by(const WorldOptions& options);
  std::unique_ptr<Scheduler> scheduler_;
  explore::Enumerator* enumerator_ = nullptr;
  std::string schedule_;  // what it is, if not fifo

  std::unique_ptr<Cloud> cloud_;
  std::unique_ptr<host::StepSweep> step_sweep_;
  std::unique_ptr<CloudFaults> faults_;
  std::unique_ptr<fault::Injector> injector_;
  std::unique_ptr<Findings> findings_;
  std::unique_ptr<monitors::Monitors> monitors_;  // null when switched off
  std::vector<client::Client*> clients_;
  std::vector<uint64_t> client_requests_;
  struct ClientSocket {
    client::Socket* socket;
    uint64_t commands_cause;
  };
  ClientSocket& socket_at(uint64_t number);
  // The cause of the next command to a socket: the socket's own count.
  uint64_t next_cause(ClientSocket& socket);
  std::vector<ClientSocket> sockets_;
  std::vector<OperationResult> operations_;
  std::vector<uint64_t> ended_;
  uint64_t open_ = 0;
  uint64_t loads_ = 0;
  uint64_t commands_ = 0;
  std::map<std::string, uint64_t, std::less<>> origin_handlers_;
  std::vector<Json> history_;
  std::unique_ptr<live::Liveness> liveness_;
  Instant storm_end_{0};
  std::set<std::string> dead_for_good_;  // names of faults
  fault::Preset preset_ = fault::Preset::kNone;
  Duration horizon_{};  // of the preset
  std::set<std::string> drawn_faults_;   // names of the preset's
  std::vector<WorldOptions::Redraw> redraws_;  // still to come, the next one last
  std::vector<uint64_t> redrawn_;
  Instant pause_at_ = kNever;
  uint64_t pause_after_ = UINT64_MAX;
  bool paused_ = false;
  uint64_t record_from_ = UINT64_MAX;
  std::vector<DecisionRecord> window_decisions_;
  Parents window_parents_;
  // Of `broken`: the rule, and how many breaches and failures have been looked at.
  std::string until_rule_;
  size_t breaches_seen_ = 0, failures_seen_ = 0;
  bool broken_ = false;
  bool list_decisions_ = false;
  std::vector<Asked> asked_;
  std::vector<int64_t> limits_;  // by client: only so many of its requests leave; below 0: all
  int64_t usual_limit_ = -1;
  struct Isolated {
    std::string name, object;
    Instant at;
    bool begins;
  };
  std::vector<Isolated> isolated_;
  fault::Terrain terrain_;
  std::unique_ptr<TaskScope> tasks_;
};

}  // namespace orrery::python
