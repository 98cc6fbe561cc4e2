// What travels to and from Workers: a client's request to an edge host, an event for a Durable Object, and
// their answers. Immutable once sent; bodies and headers are shared, never copied.
#pragma once

#include <string>
#include <vector>

#include "platform/runtime/error_info.h"
#include "platform/runtime/http.h"
#include "platform/runtime/isolate_host.h"
#include "platform/worker/capability.h"
#include "platform/worker/web_sockets.h"
#include "sim/host/host.h"
#include "sim/net/message.h"

namespace orrery::worker {

// From a client (or a service binding) to a Worker's fetch handler.
struct FetchMessage final : net::Message {
  static constexpr Kind kKind{"worker.fetch"};
  explicit FetchMessage(Ref<const runtime::HttpRequest> r, Ref<RpcInfo> more = nullptr)
      : Message(kKind), request(std::move(r)), rpc(std::move(more)) {}
  uint32_t bytes() const override { return static_cast<uint32_t>(request->wire_size()); }
  Ref<const runtime::HttpRequest> request;
  Ref<RpcInfo> rpc;  // names the body when it is a stream, else null
};

// An event for one Durable Object: a fetch, a method call when `request` is null, or an alarm.
struct ObjectMessage final : net::Message {
  static constexpr Kind kKind{"object.event"};
  ObjectMessage() : Message(kKind) {}
  uint32_t bytes() const override {
    return 96 + static_cast<uint32_t>(request ? request->wire_size()
                                              : method.size() + (arguments ? arguments->size() : 0));
  }
  uint64_t caller_context = 0;  // within the calling host
  // Grows with each call that leaves that host; the high 24 bits are its incarnation.
  uint64_t number = 0;
  uint8_t depth = 1;  // of this event in its chain of calls
  uint64_t epoch = 0;  // of the instance that answered this stub last; 0: none has
  bool replicas = false;  // a read replica may answer
  std::string class_name;  // its label (application.h)
  runtime::ObjectId id;
  std::string name;  // the name given to idFromName, if known
  Ref<const runtime::HttpRequest> request;
  std::string method;
  Ref<Buffer> arguments;
  Ref<RpcInfo> rpc;  // null for a plain method call, or a fetch whose body is no stream
  // Alarms (durable/alarms): the handler is to run, or the stored alarm to be cleared for good.
  // A probe is answered from within a turn without any JavaScript: it shows that the object is reachable.
  enum class Event : uint8_t { kRequest, kAlarm, kAlarmGivenUp, kProbe };
  Event event = Event::kRequest;
  int64_t alarm_ms = 0;        // the time it was set for, milliseconds since 1970
  uint32_t alarm_retries = 0;  // counted failures before
  uint32_t alarm_attempt = 0;  // 1 for the first delivery
};

// The answer to either.
struct AnswerMessage final : net::Message {
  static constexpr Kind kKind{"worker.answer"};
  enum class What : uint8_t {
    kResponse,  // `response`
    kCells,     // `cells`: what a service's binding gives
    kValue,     // `value`: a serialised value, null for events without one
    kError,     // `error`: the exception that the caller's JavaScript sees
    kNotHere,   // this host does not own the object and did not handle the event; `owner` may help
  };
  explicit AnswerMessage(What w) : Message(kKind), what(w) {}
  uint32_t bytes() const override {
    return 64 + static_cast<uint32_t>((response ? response->wire_size() : 0) +
                                      (value ? value->size() : 0) + error.message.size());
  }
  What what;
  Ref<const runtime::HttpResponse> response;
  Ref<Buffer> value;
  bool rpc_message = false;              // `value` is in the general form of RPC results
  std::vector<Capability> capabilities;  // those in it; of a response: its body, when that is a stream
  SocketName socket;                     // of a response that upgrades to a WebSocket: the end that is handed over
  Capability kept;                       // where calls on this result go, when they were announced
  Ref<const runtime::Cells> cells;
  runtime::ErrorInfo error;
  uint64_t epoch = 0;  // of the instance of the Durable Object that answers
  bool broke = false;  // kError: the instance is gone with it, and so is the stub that led there
  host::HostId owner = host::kNoHost;
  host::HostId replica = host::kNoHost;  // where the caller's region has a read replica of the object, or may have one

  static Ref<AnswerMessage> of(Ref<const runtime::HttpResponse> r) {
    auto m = make_ref<AnswerMessage>(What::kResponse);
    m->response = std::move(r);
    return m;
  }
  static Ref<AnswerMessage> of_value(Ref<Buffer> v) {
    auto m = make_ref<AnswerMessage>(What::kValue);
    m->value = std::move(v);
    return m;
  }
  static Ref<AnswerMessage> of_cells(Ref<const runtime::Cells> c) {
    auto m = make_ref<AnswerMessage>(What::kCells);
    m->cells = std::move(c);
    return m;
  }
  static Ref<AnswerMessage> of_error(runtime::ErrorInfo e) {
    auto m = make_ref<AnswerMessage>(What::kError);
    m->error = std::move(e);
    return m;
  }
  static Ref<AnswerMessage> not_here(host::HostId owner) {
    auto m = make_ref<AnswerMessage>(What::kNotHere);
    m->owner = owner;
    return m;
  }
};

}  // namespace orrery::worker
