// A cloud of one Worker for tests of what objects do to their callers: a case is a function of the Worker's
// `cases`, run by one request, which tells what it saw as JSON.
//
// The source defines the class Thing (DurableObject, wait(ms), meter and trip are there) and the object `cases`
// of functions (env, T, name, ctx) where T is Thing's namespace and `saw(f)` gives f's value or the error with its flags.
// A case may give a Response of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/cloud_faults.h"
#include "platform/durable/actor/events.h"
#include "platform/tests/deploy.h"
#include "platform/worker/events.h"
#include "sim/fault/injector.h"

namespace orrery::objects {

constexpr std::string_view kBefore = R"(
import { meter, trip } from "orrery:meter";
import { DurableObject } from "cloudflare:workers";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const tick = () => { (meter[0] -= 1000) < 0 && trip(); };
const show = (e) => {
  const flags = ["retryable", "overloaded", "remote", "durableObjectReset"].filter((f) => e?.[f] !== undefined);
  return `${e?.name}: ${e?.message}${flags.map((f) => ` ${f}=${e[f]}`).join("")}`;
};
const saw = async (f) => { try { return await f(); } catch (error) { return show(error); } };
)";

constexpr std::string_view kAfter = R"(
export default {
  async fetch(request, env, ctx) {
    tick();
    const url = new URL(request.url);
    const value = await saw(() => cases[url.pathname.slice(1)](env, env.THING, url.searchParams.get("o") ?? "o", ctx));
    if (value instanceof Response) return value;
    return new Response(typeof value === "string" ? value : JSON.stringify(value) ?? "undefined");
  },
};
)";

// A Worker made of `javascript`. One a test program: make it static.
class App {
 public:
  explicit App(std::string_view javascript, runtime::Isolate::Options options = {}) {
    std::string text(kBefore);
    text.append(javascript).append(kAfter);
    deployment_ = std::make_unique<worker::Deployment>(
        rig::deploy("app", text, {rig::object("THING", "Thing"), rig::object("OTHER", "Other"), rig::kv("KV")},
                    {"Thing", "Other"}, options));
  }
  const worker::Deployment& deployment() const { return *deployment_; }

 private:
  std::unique_ptr<worker::Deployment> deployment_;
};

inline CloudOptions one_city() {
  CloudOptions options;
  options.pops = {"FRA"};
  return options;
}

class Rig {
 public:
  explicit Rig(const App& app, CloudOptions options = one_city()) : Rig(app.deployment(), std::move(options)) {}
  explicit Rig(worker::Application application, CloudOptions options = one_city())
      : cloud_(rig::geography(), std::move(application), std::move(options)),
        faults_(cloud_),
        injector_(cloud_.world(), cloud_.hosts(), cloud_.network(), &faults_),
        client_(add_client("FRA")),
        tasks_(std::make_unique<TaskScope>(cloud_.world().loop())) {
    cloud_.world().observers().subscribe<worker::ConsoleLine>(
        [this](const worker::ConsoleLine& line, const EventContext&) {
          lines_ += std::string(line.line) + "\n";
        });
    cloud_.world().observers().subscribe<durable::ObjectEnded>(
        [this](const durable::ObjectEnded& e, const EventContext&) {
          ends_ += std::string(e.why) + "\n";
        });
  }
  ~Rig() { tasks_.reset(); }

  Cloud& cloud() { return cloud_; }
  World& world() { return cloud_.world(); }
  client::Client& add_client(std::string_view pop) {
    return cloud_.add_client(*rig::geography().find(pop), "client/" + std::to_string(++clients_));
  }
  void run_for(Duration time) { world().loop().run_until(world().now() + time); }
  // Sends and does not wait; the answer lands in `answers`.
  void send(const std::string& what) { send(client_, what); }
  void send(client::Client& from, const std::string& what) { tasks_->spawn(fetch(from, what)); }
  // The answer's body, or what became of the request instead.
  std::string ask(const std::string& what) { return ask(client_, what); }
  std::string ask(client::Client& from, const std::string& what) {
    const size_t before = answers_.size();
    send(from, what);
    while (answers_.size() == before) world().loop().step();
    return answers_.back();
  }
  const std::vector<std::string>& answers() const { return answers_; }
  const std::string& lines() const { return lines_; }
  void forget_lines() { lines_.clear(); }
  // Why instances ended, a line each.
  const std::string& ends() const { return ends_; }
  durable::Actor* object(const std::string& name) { return cloud_.find_object("do:Thing/" + name); }
  // The host that serves the object crashes and comes back.
  void crash_owner(const std::string& name) {
    durable::Actor* actor = object(name);
    ASSERT_NE(actor, nullptr);
    host::Host& host = actor->object_host().process().host();
    cloud_.hosts().crash(host);
    cloud_.hosts().restart(host);
  }
  // What the object's followers say reaches it this much later.
  void delay_followers(const std::string& name, Duration delay) {
    net::Endpoints followers, owner{.names = {object(name)->object_host().process().host().name()}};
    for (host::HostId follower : object(name)->followers())
      followers.names.push_back(cloud_.hosts().by_id(follower).name());
    cloud_.network().degrade("slow followers", followers, owner, true, {.extra_delay = delay});
  }
  // Opens a WebSocket of the client to a case; null: no upgrade.
  client::Socket* connect(const std::string& what) {
    client::Exchange exchange;
    tasks_->spawn(upgrade(what, exchange));
    while (exchange.received == Instant{0}) world().loop().step();
    return exchange.socket;
  }
  // The next frame that comes, as a story shows it.
  std::string receive(client::Socket& socket, Duration timeout = seconds(60)) {
    std::string shown;
    tasks_->spawn(receive(socket, timeout, shown));
    while (shown.empty()) world().loop().step();
    return shown;
  }
  // Begins a fault now.
  void fault(const char* json) {
    fault::Fault fault;
    std::string error;
    ASSERT_TRUE(fault::parse_fault(nlohmann::json::parse(json), &fault, &error)) << error;
    ASSERT_EQ(faults_.begin(fault), "");
  }
  CloudFaults& faults() { return faults_; }
  // Deploys now; what it is refused for.
  std::string deploy(const nlohmann::json& what) { return faults_.deploy(what); }

 private:
  Task<void> upgrade(std::string what, client::Exchange& exchange) {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = "/" + what;
    request->headers.append("Upgrade", "websocket");
    exchange = co_await client_.fetch(std::move(request));
  }
  Task<void> receive(client::Socket& socket, Duration timeout, std::string& shown) {
    auto frame = co_await socket.receive(timeout);
    shown = frame ? frame->shown() : "nothing";
  }
  Task<void> fetch(client::Client& from, std::string what) {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = "/" + what;
    client::Exchange exchange = co_await from.fetch(std::move(request));
    answers_.push_back(exchange.response ? std::string(exchange.response->body.text())
                                         : "lost: " + exchange.error);
  }
  Cloud cloud_;
  CloudFaults faults_;
  fault::Injector injector_;
  uint64_t clients_ = 0;
  client::Client& client_;
  std::vector<std::string> answers_;
  std::string lines_;
  std::string ends_;
  std::unique_ptr<TaskScope> tasks_;
};

}  // namespace orrery::objects
