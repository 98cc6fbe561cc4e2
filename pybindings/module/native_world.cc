#include "pybindings/module/native_world.h"

#include "conformance/check/check_history.h"
#include "pybindings/module/breaches.h"
#include "pybindings/module/geography.h"
#include "pybindings/module/planted_drift.h"
#include "pybindings/module/slices.h"
#include "pybindings/module/trace_file.h"
#include "pybindings/module/world_options.h"

namespace orrery::python {

inline constexpr Site kSleep{"scenario.sleep"};
inline constexpr Site kNeverLeft{"client.never_left"};
inline constexpr Site kLater{"client.later"};
// What only shrinking changes: how many of a client's requests leave, the first ones; of every client's.
inline constexpr Site kOperations{"client.operations"};
inline constexpr Site kAllOperations{"clients.operations"};
// Who asks for something that never leaves hears so not at once: a scenario may ask again until it is heard.
inline constexpr int64_t kNeverLeftUs = 10'000;

namespace {

// A line that the scenario adds to the story.
struct Note {
  static constexpr const char* kKind = "scenario.note";
  LaneId lane;
  std::string_view what;
  void fold(Fold& f) const { f.add(what); }
  std::string text() const { return std::string(what); }
};

Json finding_json(const live::Finding& finding) {
  Json chain = Json::array(), lines = Json::array();
  for (const live::Link& link : finding.chain) {
    chain.push_back({{"who", link.who}, {"waits_for", link.waits_for}, {"why", link.why}});
    lines.push_back(link.text());
  }
  return {{"rule", finding.rule}, {"reason", finding.reason}, {"at_us", finding.at.us},
          {"liveness", true}, {"chain", chain}, {"lines", lines}};
}

// The points of a run at which it had a choice; see pybindings/orrery/exhaustive.py.
Json choices_json(const std::vector<explore::Enumerator::Point>& points) {
  Json out = Json::array();
  for (const explore::Enumerator::Point& p : points) {
    // What a prefix asked for counts, whatever this run made of the instant.
    const size_t count = std::max(p.full ? p.tags.size() : p.reduced, p.taken + 1);
    if (count < 2) continue;
    out.push_back({{"state", hex64(p.state)}, {"key", decision_key("schedule.order", p.cause, 0)}, {"taken", p.taken},
                   {"tags", std::vector<int64_t>(p.tags.begin(), p.tags.begin() + static_cast<ptrdiff_t>(count))}});
  }
  return out;
}

runtime::HeaderList headers_of(const std::vector<std::pair<std::string, std::string>>& list) {
  runtime::HeaderList headers;
  for (const auto& [name, value] : list) headers.append(name, value);
  return headers;
}

// Keeping every write for a month costs memory, so only those who may look back pay.
bool asks_for_its_past(const worker::Application& application) {
  for (uint32_t w = 0; w < application.size(); ++w)
    for (const runtime::CodeModule& module : application.worker(w).code()->modules)
      for (std::string_view name : {"getCurrentBookmark", "getBookmarkForTime", "onNextSessionRestoreBookmark"})
        if (module.kind == runtime::ModuleKind::kEsModule && module.content.find(name) != std::string::npos) return true;
  return false;
}

}  // namespace

NativeWorld::NativeWorld(const App& app, const std::string& options_json) {
  WorldOptions options = read_world_options(options_json);
  options.cloud.keep_past = options.past.value_or(asks_for_its_past(app.application()));
  cloud_ = std::make_unique<Cloud>(geography(), app.application(), options.cloud);
  order_by(options);
  step_sweep_ = std::make_unique<host::StepSweep>(cloud_->hosts());
  findings_ = std::make_unique<Findings>(world());
  if (options.monitors)
    monitors_ = std::make_unique<monitors::Monitors>(world(), cloud_->hosts());
  tasks_ = std::make_unique<TaskScope>(world().loop());
  faults_ = std::make_unique<CloudFaults>(*cloud_);
  injector_ = std::make_unique<fault::Injector>(world(), cloud_->hosts(), cloud_->network(),
                                                faults_.get());
  liveness_ = std::make_unique<live::Liveness>(*cloud_, options.faults == "storm");
  redraws_.assign(options.redraws.rbegin(), options.redraws.rend());
  if (options.record_from) record_from_ = *options.record_from;
  for (const std::string& name : options.plant) plant_drift(world(), name);
  until_rule_ = options.until_rule;
  list_decisions_ = options.cloud.world.list_decisions;
  {
    CauseScope cause(world().cause(), hash_name("clients"));
    usual_limit_ = world().decide().given(kAllOperations, -1);
  }
  plan_swarm(options);
}

NativeWorld::~NativeWorld() { tasks_.reset(); }

void NativeWorld::order_by(const WorldOptions& options) {
  if (options.enumerate) {
    auto outside = [this](OwnerId owner) {
      if (owner == kWorldOwner) return true;
      for (host::HostId id = 0; id < cloud_->hosts().count(); ++id) {
        host::Host& host = cloud_->hosts().by_id(id);
        if (host.process() && host.process()->owner() == owner) return host.outside();
      }
      return true;  // nobody's any more: with the world, to be sure
    };
    auto enumerator = std::make_unique<explore::Enumerator>(world(), outside);
    enumerator_ = enumerator.get();
    scheduler_ = std::move(enumerator);
  } else {
    scheduler_ = explore::make_strategy(world(), options.schedule);
    if (scheduler_) schedule_ = explore::to_string(options.schedule);
  }
  world().loop().schedule_by(scheduler_.get());
}

uint64_t NativeWorld::client(const std::string& city, const std::string& name) {
  auto found = geography().by_city(city);
  if (!found.pop) throw BadInput(found.error);
  clients_.push_back(&cloud_->add_client(*found.pop, name));
  client_requests_.push_back(0);
  CauseScope cause(world().cause(), hash_name(name));
  limits_.push_back(world().decide().given(kOperations, usual_limit_));
  return clients_.size() - 1;
}

uint64_t NativeWorld::open_operation() {
  operations_.emplace_back();
  ++open_;
  return operations_.size() - 1;
}

void NativeWorld::close_operation(uint64_t operation) {
  --open_;
  ended_.push_back(operation);
}

uint64_t NativeWorld::request(uint64_t client, const std::string& method, const std::string& url,
                              const std::vector<std::pair<std::string, std::string>>& headers,
                              const std::string* body) {
  if (client >= clients_.size()) throw BadInput("no such client");
  client::Client& c = *clients_[client];
  auto request = make_ref<runtime::HttpRequest>();
  request->method = method;
  request->url = url;
  request->headers = headers_of(headers);
  if (body) request->body = runtime::HttpBody::of(*body);
  uint64_t operation = open_operation();
  const uint64_t own_cause = request_cause(c.name(), ++client_requests_[client]);
  CauseScope cause(world().cause(), own_cause);
  if (list_decisions_)
    asked_.push_back({operation, decision_key(client::kLeaves.name, own_cause, 0), c.name(), method + " " + url, world().now()});
  const int64_t leave = leaves(client);
  if (leave <= 0) {
    drop(operation, -leave);
  } else if (leave == 1 || leave <= world().now().us) {
    tasks_->spawn(fetch(operation, c, std::move(request)));
  } else {
    world().loop().schedule(Instant{leave}, kLater, kWorldOwner, [this, operation, own_cause, &c, request] {
      CauseScope later(world().cause(), own_cause);
      tasks_->spawn(fetch(operation, c, request));
    });
  }
  return operation;
}

int64_t NativeWorld::leaves(uint64_t client) {
  const int64_t leave = world().decide().given(client::kLeaves, 1);
  const int64_t limit = limits_[client];
  const bool beyond = limit >= 0 && client_requests_[client] > static_cast<uint64_t>(limit);
  return beyond && leave == 1 ? 0 : leave;
}

void NativeWorld::drop(uint64_t operation, int64_t after_us) {
  operations_[operation].dropped = true;
  world().loop().schedule_in(micros(std::max(after_us, kNeverLeftUs)), kNeverLeft, kWorldOwner, [this, operation] {
    OperationResult& result = operations_[operation];
    result.kind = OperationResult::Kind::kError;
    result.exchange.never_sent = true;
    result.exchange.error = "never left";
    close_operation(operation);
  });
}

Task<void> NativeWorld::fetch(uint64_t operation, client::Client& client,
                              Ref<runtime::HttpRequest> request) {
  client::Exchange exchange = co_await client.fetch(std::move(request));
  OperationResult& result = operations_[operation];
  result.kind =
      exchange.response ? OperationResult::Kind::kResponse : OperationResult::Kind::kError;
  result.exchange = std::move(exchange);
  if (result.exchange.socket) {
    sockets_.push_back({result.exchange.socket, mix64(hash_name(client.name()), hash_name("socket") + sockets_.size())});
    result.socket = sockets_.size();
  }
  close_operation(operation);
}

NativeWorld::ClientSocket& NativeWorld::socket_at(uint64_t number) {
  if (number == 0 || number > sockets_.size()) throw BadInput("no such WebSocket");
  return sockets_[number - 1];
}

uint64_t NativeWorld::next_cause(ClientSocket& socket) {
  return socket.commands_cause = mix64(socket.commands_cause, 1);
}

bool NativeWorld::socket_send(uint64_t socket, const Ref<runtime::SocketFrame>& frame) {
  ClientSocket& s = socket_at(socket);
  CauseScope cause(world().cause(), next_cause(s));
  if (world().decide().given(client::kLeaves, 1) <= 0) return s.socket->open();
  return s.socket->send(frame);
}

uint64_t NativeWorld::socket_receive(uint64_t socket, int64_t timeout_us) {
  ClientSocket& s = socket_at(socket);
  const uint64_t operation = open_operation();
  CauseScope cause(world().cause(), next_cause(s));
  tasks_->spawn(receive(operation, *s.socket, micros(timeout_us)));
  return operation;
}

Task<void> NativeWorld::receive(uint64_t operation, client::Socket& socket, Duration timeout) {
  Ref<const runtime::SocketFrame> frame = co_await socket.receive(timeout);
  operations_[operation].kind = OperationResult::Kind::kFrame;
  operations_[operation].frame = std::move(frame);
  close_operation(operation);
}

uint64_t NativeWorld::sleep(int64_t us) {
  uint64_t operation = open_operation();
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  world().loop().schedule_in(micros(us < 0 ? 0 : us), kSleep, kWorldOwner, [this, operation] {
    operations_[operation].kind = OperationResult::Kind::kDone;
    close_operation(operation);
  });
  return operation;
}

uint64_t NativeWorld::load(const std::string& json) {
  client::LoadSpec spec;
  std::vector<client::Client*> clients;
  try {
    Json description = Json::parse(json);
    spec.clients = description.at("clients").get<uint32_t>();
    spec.per_second = {description.at("rate_count").get<int64_t>() * 1'000'000,
                       description.at("rate_per_us").get<int64_t>()};
    spec.for_ = micros(description.at("for_us").get<int64_t>());
    const Json& request = description.at("request");
    spec.method = request.at("method").get<std::string>();
    spec.url = request.at("url").get<std::string>();
    for (const Json& h : request.at("headers"))
      spec.headers.append(h.at(0).get<std::string>(), h.at(1).get<std::string>());
    if (request.contains("body") && request.at("body").is_string()) {
      spec.has_body = true;
      spec.body = request.at("body").get<std::string>();
    }
    auto near = description.at("near").get<std::vector<std::string>>();
    ++loads_;
    for (uint32_t i = 0; i < spec.clients; ++i) {
      uint64_t c = client(near.at(i % near.size()),
                          "client/load" + std::to_string(loads_) + "." + std::to_string(i + 1));
      clients.push_back(clients_[c]);
    }
  } catch (const Json::exception& e) {
    throw BadInput(std::string("load: ") + e.what());
  }
  uint64_t operation = open_operation();
  CauseScope cause(world().cause(), mix64(hash_name("scenario.load"), loads_));
  tasks_->spawn(run_load(operation, std::make_shared<client::Load>(world(), std::move(spec),
                                                                   std::move(clients))));
  return operation;
}

Task<void> NativeWorld::run_load(uint64_t operation, std::shared_ptr<client::Load> load) {
  co_await load->run();
  operations_[operation].kind = OperationResult::Kind::kLoad;
  operations_[operation].load = load->result();
  close_operation(operation);
}

std::vector<uint64_t> NativeWorld::step(int64_t deadline_us) {
  Instant deadline{deadline_us};
  paused_ = false;
  auto asked = [this] {
    for (client::Origin* o : cloud_->origins())
      if (o->has_requests()) return true;
    return false;
  };
  while (ended_.empty() && !asked()) {
    if (world().now() >= liveness_->next_look() && liveness_->look()) break;
    before_step();
    if (pause_due(deadline)) break;
    if (world().loop().step(deadline)) {
      if (!until_rule_.empty() && broke_rule()) break;
      continue;
    }
    // Nothing is due before the deadline: the world moves there, unless nothing will ever come.
    if (world().loop().next_at() != kNever) world().loop().run_until(deadline);
    break;
  }
  return std::exchange(ended_, {});
}

uint64_t NativeWorld::settle() {
  uint64_t operation = open_operation();
  CauseScope cause(world().cause(), hash_name("scenario.settle"));
  tasks_->spawn(run_settle(operation));
  return operation;
}

Task<void> NativeWorld::run_settle(uint64_t operation) {
  if (world().now() < storm_end_)
    co_await orrery::sleep(world().loop(), kSleep, storm_end_ - world().now());
  injector_->stop(dead_for_good_);
  std::string dead;
  for (const auto& fault : injector_->faults())
    if (dead_for_good_.count(fault->name)) dead += (dead.empty() ? "" : ", ") + fault->target;
  note("the storm is over" + (dead.empty() ? "" : "; dead for good: " + dead));
  co_await liveness_->settle(*tasks_);
  if (liveness_->findings().empty()) {
    const live::Liveness::Took& took = liveness_->took();
    auto ms = [](Duration d) { return std::to_string(d.us / 1000) + " ms"; };
    note("all is well again: requests after " + ms(took.requests) + ", objects after " +
         ms(took.objects) + ", alarms after " + ms(took.alarms) + ", KV read after " + ms(took.kv));
  }
  operations_[operation].kind = OperationResult::Kind::kDone;
  close_operation(operation);
}

std::string NativeWorld::stuck(bool all_open) {
  std::vector<live::Finding> found = all_open ? liveness_->open_requests() : liveness_->findings();
  if (found.empty()) return "null";
  return finding_json(found.front()).dump(-1, ' ', false, Json::error_handler_t::replace);
}

const OperationResult& NativeWorld::result(uint64_t operation) const {
  if (operation >= operations_.size()) throw BadInput("no such operation");
  return operations_[operation];
}

bool NativeWorld::idle() { return open_ == 0 && cloud_->objects_idle(); }

void NativeWorld::note(const std::string& text) { world().announce(Note{kWorldLane, text}); }

void NativeWorld::origin(const std::string& host, uint64_t handler) {
  cloud_->origin(host);
  origin_handlers_[host] = handler;
}

std::vector<NativeWorld::OriginRequest> NativeWorld::pending_origin_requests() {
  std::vector<OriginRequest> out;
  for (client::Origin* o : cloud_->origins())
    for (const client::Origin::Request& r : o->take())
      out.push_back({r.id, origin_handlers_[o->name()], r.request});
  return out;
}

void NativeWorld::origin_reply(uint64_t id, int status,
                               const std::vector<std::pair<std::string, std::string>>& headers,
                               const std::string& body) {
  auto response = make_ref<runtime::HttpResponse>();
  response->status = status;
  response->headers = headers_of(headers);
  response->body = runtime::HttpBody::of(body);
  CauseScope cause(world().cause(), mix64(hash_name("scenario.origin_reply"), id));
  for (client::Origin* o : cloud_->origins())
    if (o->reply(id, response)) return;
}

void NativeWorld::history_add(const std::string& json) {
  Json line = Json::parse(json, nullptr, false);
  if (!line.is_object()) throw BadInput("history: a line is a JSON object");
  Json entry;
  entry["i"] = history_.size();
  entry["t"] = now_us();
  for (auto& [key, value] : line.items())
    // No key at all means "one object"; the checker refuses null.
    if (key != "k" || !value.is_null()) entry[key] = value;
  history_.push_back(std::move(entry));
}

std::string NativeWorld::check(const std::string& model, const std::string& options) {
  std::string text;
  for (const Json& line : history_) {
    text += line.dump() + "\n";
  }
  Json answer = Json::parse(check::check_history(text, model, options));
  if (answer.value("verdict", "") == "bad-input")
    throw BadInput("world.check: " + answer["error"].value("reason", std::string("bad history")));
  if (answer.contains("witness") && answer["witness"].is_object())
    answer["witness"]["text"] = answer["witness"].value("sentence", "");
  return answer.dump();
}

std::string NativeWorld::finish() {
  // A run that was stopped where a rule is broken has no end to look for.
  const size_t breaches = monitors_ ? monitors_->breaches().size() : 0;
  if (monitors_ && !broken_) monitors_->finish();
  const Trace& trace = world().trace();
  Json out;
  out["hash"] = hex64(trace.hash());
  out["events"] = trace.events();
  out["simulated_us"] = now_us();
  Json lanes = Json::object();
  for (const Lane& lane : trace.lanes()) lanes[lane.name] = hex64(lane.hash);
  out["lanes"] = std::move(lanes);
  Json checkpoints = Json::array();
  for (const Checkpoint& c : trace.checkpoints())
    checkpoints.push_back({c.sequence, c.at.us, hex64(c.hash)});
  out["checkpoints"] = std::move(checkpoints);
  Json rules = monitors_ ? exercised_rules(*monitors_) : Json::object();
  for (const auto& [rule, times] : liveness_->exercised()) rules[std::string(rule)] = times;
  for (const auto& [rule, times] : findings_->exercised()) rules[rule] = times;
  out["rules"] = std::move(rules);
  Json faults = Json::object();
  for (uint32_t k = 0; k < fault::kFaultKinds; ++k) {
    auto kind = static_cast<fault::FaultKind>(k);
    if (injector_->begun(kind)) faults[fault::to_string(kind)] = injector_->begun(kind);
  }
  for (const auto& [mode, times] : injector_->begun_by_mode()) faults[mode] = times;
  out["faults"] = std::move(faults);
  out["never"] = world().sometimes().never();
  Json failures = monitors_ ? breach_failures(*monitors_, world(), breaches) : Json::array();
  for (const Json& failure : findings_->failures()) failures.push_back(failure);
  for (const live::Finding& finding : liveness_->findings()) {
    Json failure = finding_json(finding);
    if (trace.texts()) failure["story"] = story_of(trace);
    failures.push_back(std::move(failure));
  }
  out["failures"] = std::move(failures);
  Json stubs = Json::object();
  for (const auto& [holder, count] : cloud_->held_stubs()) stubs[holder] = count;
  if (!stubs.empty()) out["stubs"] = std::move(stubs);
  out["console"] = findings_->console();
  out["exceptions"] = findings_->exceptions();
  if (list_decisions_) list_decisions(out);
  out["overrides_given"] = world().decide().overrides_given();
  if (!schedule_.empty()) out["schedule"] = schedule_;
  if (enumerator_) out["choices"] = choices_json(enumerator_->points());
  if (const Sweep& sweep = world().sweep(); sweep.kind != Sweep::Kind::kNone) {
    out["sweep"] = {{"fired", sweep.fired}, {"count", sweep.count}};
    if (sweep.fired) out["sweep"].update({{"what", sweep.what}, {"at_us", sweep.at.us}});
  }
  out["overrides_applied"] = world().decide().overrides_applied();
  out["decisions"] = world().decide().drawn();
  if (trace.texts()) out["story"] = story_of(trace);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string NativeWorld::coverage() {
  constexpr char kDigits[] = "0123456789abcdef";
  Json app = Json::object();
  const worker::Application& application = cloud_->application();
  for (uint32_t slot = 0; slot < application.slots(); ++slot) {
    const std::vector<uint8_t>& covered = application.covered(slot);
    std::string bits;
    for (size_t i = 0; i < covered.size(); i += 4) {
      unsigned digit = 0;
      for (size_t k = 0; k < 4 && i + k < covered.size(); ++k) digit |= (covered[i + k] ? 1u : 0u) << k;
      bits += kDigits[digit];
    }
    app[application.version(slot).label()] = bits;
  }
  Json out = {{"app", std::move(app)}, {"probes", world().sometimes().seen()}};
  if (world().pairs()) out["pairs"] = world().pairs()->seen();
  return out.dump();
}

void NativeWorld::write_trace(const std::string& path) {
  write_trace_file(world(), *injector_, history_, path);
}

std::string NativeWorld::slice_to_answer(const std::string& client, uint64_t nth) const {
  if (!cloud_->world().trace().recording()) return "[]";
  return Slices(cloud_->world()).to_answer(client, nth).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace orrery::python
