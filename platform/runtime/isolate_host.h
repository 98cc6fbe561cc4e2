// What JavaScript asks of the world outside its isolate. The edge and the durable rooms implement this;
// tests use a fake. Every call happens inside a turn and must not enter JavaScript: answers come
// later (or after the turn) through Isolate::settle_*, which are turns of their own.
//
// Ids: a context is one IoContext (one stateless event, or one actor for its whole life). An event id is
// chosen by the host when it dispatches and is handed back with the answer. An operation id is chosen by
// JavaScript, is unique within the isolate's life (until it wraps after 2^30) and names a promise that
// waits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "platform/runtime/cells.h"
#include "platform/runtime/error_info.h"
#include "platform/runtime/http.h"
#include "platform/runtime/socket_frame.h"
#include "platform/runtime/source_position.h"
#include "sim/core/ref.h"

namespace orrery::runtime {

using ContextId = uint64_t;
using EventId = uint32_t;      // below 2^31
using OperationId = uint32_t;  // below 2^30
using TimerId = uint32_t;      // below 2^30
using SectionId = uint32_t;    // below 2^31

inline constexpr ContextId kNoContext = 0;

struct ObjectId {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const ObjectId&) const = default;
};

enum class TargetKind : uint8_t { kGlobalFetch, kService, kDurableObject, kBinding, kCapability };

// Whom a call goes to. `binding` is an index into AppCode::bindings (for kCapability the number of an import); calls with the same (context, stub)
// must reach their object in call order (e-order). For kDurableObject `binding` also says where the object should be made:
// bits 16 to 22 the location hint, bit 23 whether it is not for read replicas, those above the jurisdiction, as numbered in js/durable_object.js.
struct Target {
  TargetKind kind = TargetKind::kGlobalFetch;
  uint32_t binding = 0;
  uint32_t stub = 0;
  ObjectId id;
  std::string_view object_name;  // the name given to idFromName, when known; valid during the call
};

enum class ConsoleLevel : uint8_t { kDebug, kLog, kInfo, kWarn, kError };

class IsolateHost {
 public:
  virtual ~IsolateHost() = default;

  // The host's own clock as Unix time, read once when a turn begins: `Date.now()` is frozen at it.
  virtual int64_t now_us() = 0;
  // Bytes from the world's entropy; also seeds Math.random once at start.
  virtual void random_bytes(std::span<uint8_t> out) = 0;

  // Outgoing calls; answered by settle_fetch / settle_rpc / fail with the same operation.
  virtual void start_fetch(ContextId, OperationId, const Target&, Ref<const HttpRequest>) = 0;
  virtual void start_rpc(ContextId, OperationId, const Target&, std::string_view method,
                         Ref<Buffer> arguments) = 0;
  // An RPC call that is more than a method with plain values: `message` is the form of js/rpc_calls.js, `exports` are
  // the numbers of what the context gives out with it, `on` is the operation whose result it is made on (0: none).
  virtual void start_rpc_call(ContextId, OperationId, const Target&, std::string_view label, Ref<Buffer> message,
                              std::span<const uint32_t> exports, OperationId on) {
    (void)label, (void)message, (void)exports, (void)on;
  }
  // Calls on the result of this operation follow: whoever serves it is to keep it for them. False: too late to say so.
  virtual bool keep_result(ContextId, OperationId) { return false; }
  // As respond_value, for a result that gives something out.
  virtual void respond_rpc(ContextId, EventId, Ref<Buffer> message, std::span<const uint32_t> exports) {
    (void)message, (void)exports;
  }
  // The number by which the context itself refers to what it gave out; the end of a reference.
  virtual uint32_t import_own(ContextId, uint32_t exported) { return exported; }
  virtual void release_import(uint32_t number) { (void)number; }
  // Streams of bytes: a message that leaves gives them out by a number, one that comes brings the number of an import.
  // The next chunk of one's own, or (no bytes) its end; answered by settle_rpc without a value when more may follow.
  virtual void write_stream(ContextId, OperationId, uint32_t number, HttpBody chunk) {
    (void)number, (void)chunk;
  }
  virtual void fail_stream(ContextId, uint32_t number, const ErrorInfo& error) { (void)number, (void)error; }
  // Answered by settle_cells with the next chunk, with nothing at the end, or by fail.
  virtual void read_stream(ContextId, OperationId, uint32_t import) { (void)import; }
  // What was given out under the number reached nobody.
  virtual void withdraw_export(ContextId, uint32_t number) { (void)number; }
  // WebSockets: a new pair of ends, the number given and the next; an end is read from now on, its frames come by
  // Isolate::socket_frame; a frame leaves from an end.
  virtual uint32_t open_sockets(ContextId) { return 0; }
  virtual void accept_socket(ContextId, uint32_t end) { (void)end; }
  virtual void send_socket(ContextId, uint32_t end, Ref<SocketFrame> frame) { (void)end, (void)frame; }
  // An operation of a platform service's binding (KV, ...), answered by settle_cells / fail. `gated`: from a
  // Durable Object it waits for the output gate (durable-objects.md 2.4).
  virtual void start_binding(ContextId, OperationId, uint32_t binding, std::string_view method,
                             Ref<const Cells> arguments, bool gated) {
    (void)binding, (void)method, (void)arguments, (void)gated;
  }

  // A turn of its own for what is I/O in the real runtime but takes no time here, like reading a body; answered by
  // settle_rpc without a value.
  virtual void start_turn(ContextId, OperationId) = 0;

  // Answers to what the host dispatched. Exactly one of the three for each event, unless its context is
  // closed before. respond_value carries a serialised value (RPC result), or null for events without one
  // (alarm, scheduled).
  virtual void respond(ContextId, EventId, Ref<const HttpResponse>) = 0;
  virtual void respond_value(ContextId, EventId, Ref<Buffer> value) = 0;
  virtual void respond_error(ContextId, EventId, const ErrorInfo&) = 0;

  // Timers; fired by Isolate::fire_timer. An interval is started anew by JavaScript each time.
  virtual void start_timer(ContextId, TimerId, int64_t delay_ms) = 0;
  virtual void cancel_timer(ContextId, TimerId) = 0;

  // One console line (or a warning about an unhandled rejection), already formatted. The position is
  // that of the user's call, empty when unknown.
  virtual void console(ContextId, ConsoleLevel, std::string_view text, const SourcePosition&) = 0;

  // The number of unsettled waitUntil promises of the context changed.
  virtual void wait_until_changed(ContextId, int pending) = 0;

  // Durable Object ids: the scheme lives in the durable room (durable-objects.md section 4, IDs).
  // `binding` is an index into AppCode::bindings, with the jurisdiction of the namespace as in Target. parse_id returns 0 good, 1 not 64 hex digits, 2 not of
  // this namespace.
  virtual ObjectId id_from_name(uint32_t binding, std::string_view name) = 0;
  virtual ObjectId new_unique_id(uint32_t binding) = 0;
  virtual int parse_id(uint32_t binding, std::string_view hex, ObjectId& id) = 0;
  // The number of the jurisdiction that an id of the namespace belongs to.
  virtual uint32_t jurisdiction_of(uint32_t binding, const ObjectId& id) { return (void)binding, (void)id, 0; }

  // blockConcurrencyWhile: the gate grants the section later by Isolate::enter_section (a turn); the end is
  // reported here (error null: success), and Isolate::leave_section resolves the caller's promise.
  virtual SectionId begin_section(ContextId) = 0;
  virtual void end_section(ContextId, SectionId, const ErrorInfo* error) = 0;

  // ctx.abort(reason): the turn is already being terminated and the context runs no JavaScript any more.
  virtual void abort_context(ContextId, const ErrorInfo& reason) = 0;
};

}  // namespace orrery::runtime
