// A hand-driven IsolateHost: it records what JavaScript asked for and answers nothing by itself, so that each
// interleaving is spelled out by the test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/runtime/clone.h"
#include "platform/runtime/isolate.h"
#include "platform/runtime/v8_process.h"

namespace orrery::runtime {

class FakeHost : public IsolateHost {
 public:
  struct Fetch {
    ContextId context;
    OperationId operation;
    Target target;
    std::string object_name;
    Ref<const HttpRequest> request;
  };
  struct Rpc {
    ContextId context;
    OperationId operation;
    Target target;
    std::string method;
    Ref<Buffer> arguments;
  };
  struct Timer {
    ContextId context;
    TimerId timer;
    int64_t delay_ms;
  };

  int64_t now_us() override { return clock_us; }
  void random_bytes(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      entropy = entropy * 6364136223846793005ull + 1442695040888963407ull;
      byte = static_cast<uint8_t>(entropy >> 33);
    }
  }
  void start_fetch(ContextId c, OperationId op, const Target& target, Ref<const HttpRequest> r) override {
    fetches.push_back({c, op, target, std::string(target.object_name), std::move(r)});
  }
  void start_rpc(ContextId c, OperationId op, const Target& target, std::string_view method,
                 Ref<Buffer> arguments) override {
    rpcs.push_back({c, op, target, std::string(method), std::move(arguments)});
  }
  void start_turn(ContextId c, OperationId op) override { turns.push_back({c, op}); }
  void respond(ContextId, EventId event, Ref<const HttpResponse> r) override { responses[event] = r; }
  void respond_value(ContextId, EventId event, Ref<Buffer> v) override {
    values[event] = v;
    ++values_given;
  }
  void respond_error(ContextId, EventId event, const ErrorInfo& e) override { errors[event] = e; }
  void start_timer(ContextId c, TimerId timer, int64_t delay) override { timers.push_back({c, timer, delay}); }
  void cancel_timer(ContextId, TimerId timer) override { cancelled.push_back(timer); }
  void console(ContextId, ConsoleLevel level, std::string_view text, const SourcePosition& at) override {
    lines.push_back({level, std::string(text), at});
  }
  void wait_until_changed(ContextId, int pending) override { waiting_until = pending; }
  ObjectId id_from_name(uint32_t binding, std::string_view name) override {
    ObjectId id;
    id.bytes[0] = static_cast<uint8_t>(binding + 1);
    for (size_t i = 0; i < name.size() && i < 31; ++i) id.bytes[i + 1] = static_cast<uint8_t>(name[i]);
    return id;
  }
  ObjectId new_unique_id(uint32_t) override {
    ObjectId id;
    random_bytes(id.bytes);
    return id;
  }
  int parse_id(uint32_t, std::string_view hex, ObjectId& id) override {
    if (hex.size() != 64) return 1;
    for (size_t i = 0; i < 32; ++i) id.bytes[i] = static_cast<uint8_t>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
    return 0;
  }
  SectionId begin_section(ContextId) override { return ++sections_begun; }
  void end_section(ContextId, SectionId section, const ErrorInfo* error) override {
    sections_ended.push_back({section, error ? error->text() : "ok"});
  }
  void abort_context(ContextId, const ErrorInfo& reason) override { aborted.push_back(reason.text()); }

  struct Line {
    ConsoleLevel level;
    std::string text;
    SourcePosition at;
  };
  int64_t clock_us = 1'700'000'000'000'000;
  uint64_t entropy = 42;
  std::vector<Fetch> fetches;
  std::vector<Rpc> rpcs;
  std::vector<std::pair<ContextId, OperationId>> turns;
  std::vector<Timer> timers;
  std::vector<TimerId> cancelled;
  std::vector<Line> lines;
  std::map<EventId, Ref<const HttpResponse>> responses;
  std::map<EventId, Ref<Buffer>> values;
  std::map<EventId, ErrorInfo> errors;
  std::vector<std::pair<SectionId, std::string>> sections_ended;
  std::vector<std::string> aborted;
  int values_given = 0;
  int waiting_until = 0;
  SectionId sections_begun = 0;
};

// The one snapshot of the test program.
inline const Snapshot& test_snapshot() {
  static const std::unique_ptr<Snapshot> snapshot = Snapshot::build();
  return *snapshot;
}

// A Worker of one hand-written module. Code that loops begins with the meter's import and counts by itself, as
// the bundler's pass would make it: `M()` stands for that.
inline Ref<AppCode> test_app(std::string source) {
  Ref<AppCode> app = make_ref<AppCode>();
  app->name = "test";
  app->main = "index.js";
  app->modules.push_back({"index.js", ModuleKind::kEsModule,
                          "import {meter as __m, trip as __t} from 'orrery:meter';"
                          "const M = () => { __m[0]-- > 0 || __t(); };\n" + std::move(source)});
  return app;
}

// A started isolate with its host.
struct Rig {
  explicit Rig(std::string source, Isolate::Options options = {}) : Rig(test_app(std::move(source)), options) {}
  explicit Rig(Ref<AppCode> app, Isolate::Options options = {})
      : isolate(test_snapshot(), std::move(app), host, options), started(isolate.start()) {}

  TurnResult fetch(EventId event, const std::string& url = "https://example.com/",
                   const std::string& method = "GET", const std::string& body = "") {
    HttpRequest request;
    request.add_reference();
    request.method = method;
    request.url = url;
    if (!body.empty()) request.body = HttpBody::of(body);
    context = isolate.open_context(ContextKind::kStateless);
    return isolate.dispatch_fetch(context, event, "", request);
  }
  // Gives the turns that JavaScript asked for, until it asks for none.
  void take_turns() {
    for (size_t i = 0; i < host.turns.size(); ++i)
      isolate.settle_rpc(host.turns[i].first, host.turns[i].second, nullptr);
    host.turns.clear();
  }
  // The body of the answer, or "error: ..." / "no answer".
  std::string text(EventId event) {
    if (host.errors.contains(event)) return "error: " + host.errors[event].text();
    if (host.responses.contains(event)) return std::string(host.responses[event]->body.text());
    return "no answer";
  }
  std::string get(const std::string& url = "https://example.com/") {
    const EventId event = ++last_event;
    const TurnResult turn = fetch(event, url);
    if (!turn) return "turn: " + turn.error->text();
    take_turns();
    return text(event);
  }

  FakeHost host;
  Isolate isolate;
  TurnResult started;
  ContextId context = kNoContext;
  EventId last_event = 1000;
};

}  // namespace orrery::runtime
