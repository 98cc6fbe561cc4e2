// What every property here stands on: a Worker made of one JavaScript class, and a cloud that runs it, whose
// clients ask one object by name and whose faults are given as data.
//
// The class is called Thing and has a method `run(program)`; the edge passes `POST /<object>` with a JSON
// body on to it and answers with its value as JSON, or with status 500 and the error's text. A module that
// defines `atEdge(program, env)` has it called for `POST /edge` instead. FLAGS is a KV namespace, if asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "platform/cloud.h"
#include "platform/cloud_faults.h"
#include "sim/explore/strategy.h"
#include "sim/fault/injector.h"
#include "sim/fault/survivable.h"

namespace orrery::properties {

using Json = nlohmann::json;

// A Worker whose source is `javascript` (the class Thing; DurableObject and `wait(ms)` are there) and the edge
// described above. One a test program: make it static.
class App {
 public:
  explicit App(std::string_view javascript, bool kv = false);
  const worker::Deployment& deployment() const { return *deployment_; }

 private:
  std::unique_ptr<worker::Deployment> deployment_;
};

struct Setup {
  // 0: every decision by default, so that counterexamples shrink towards a world without jitter.
  uint64_t seed = 0;
  std::vector<std::string> pops = {"FRA", "AMS", "LHR"};
  durable::Weaken weaken = {};
  kv::Weaken kv_weaken = {};
  // Given, every decision but these is the usual one, whatever the seed.
  std::optional<std::map<std::string, int64_t>> overrides = {};
  // Who orders what is simultaneous.
  explore::StrategySpec schedule = {};
  bool list_decisions = false;  // World::decision_records
};

// How a request ended.
struct Reply {
  int status = 0;           // 0: no answer
  Json body = {};           // of a 200
  std::string error = {};   // otherwise
  bool never_sent = false;  // surely not handled
  Instant sent{0};
  Instant received{0};
  bool ok() const { return status == 200; }
};

class Rig {
 public:
  Rig(const App& app, const Setup& setup);
  Rig(const Rig&) = delete;
  ~Rig();

  Cloud& cloud() { return cloud_; }
  World& world() { return cloud_.world(); }
  TaskScope& tasks() { return *tasks_; }
  // A new client in this city.
  client::Client& add_client(std::string_view pop);

  // Their times count from now. Faults that cannot be carried out end the program: generators make none.
  void plan(const fault::FaultPlan& plan);
  // Ends all faults.
  void heal() { injector_.stop(); }
  // Crashes and restarts the object's host now; false when nobody serves it.
  bool crash_owner(std::string_view object);
  // Ends the object's instance, if there is one.
  void evict(std::string_view object);

  // Asks `object` ("a") to run the program.
  Task<Reply> ask(client::Client& client, std::string object, Json program,
                  Duration timeout = client::kClientTimeout);
  // The same, waited for.
  Reply call(client::Client& client, const std::string& object, const Json& program);
  // Asks every second, for two minutes, until the answer is 200.
  Reply insist(client::Client& client, const std::string& object, const Json& program);

  void run_for(Duration time) { world().loop().run_until(world().now() + time); }
  void run_until(Duration at) { world().loop().run_until(Instant{} + at); }

 private:
  Task<void> call_into(client::Client& client, std::string object, Json program,
                       std::optional<Reply>* out);

  Cloud cloud_;
  std::unique_ptr<Scheduler> scheduler_;
  CloudFaults faults_;
  fault::Injector injector_;
  uint64_t clients_ = 0;
  uint64_t requests_ = 0;
  std::unique_ptr<TaskScope> tasks_;
};

// The printable name of an object of this room: "do:Thing/a".
std::string printable(std::string_view object);

}  // namespace orrery::properties
