// References between contexts: functions, RpcTargets and stubs that one context gave out and another may call.
#pragma once

#include <compare>
#include <vector>

#include "platform/runtime/isolate_host.h"
#include "sim/core/ref.h"
#include "sim/host/host.h"

namespace orrery::worker {

// Something that a context gave out: where it lives and its number there. Also a result that a context keeps for
// calls on it. `number` 0: none.
struct Capability {
  host::HostId host = host::kNoHost;
  uint32_t incarnation = 0;  // of that host's process
  uint32_t worker = 0;       // its slot in the application
  runtime::ContextId context = runtime::kNoContext;
  uint32_t number = 0;
  auto operator<=>(const Capability&) const = default;
};

// Streams of bytes have this bit in their number (byte_streams.h, js/streams.js).
inline constexpr uint32_t kStreamMark = uint32_t{1} << 30;
inline bool is_stream(const Capability& c) { return c.number & kStreamMark; }
// And this one what a context does not have itself, but passes on (js/rpc_calls.js).
inline constexpr uint32_t kPassedOnMark = uint32_t{1} << 29;

// A call as others can name it.
struct CallName {
  host::HostId host = host::kNoHost;
  uint32_t incarnation = 0;
  uint32_t worker = 0;
  runtime::OperationId operation = 0;
  auto operator<=>(const CallName&) const = default;
};

// What a method call carries beyond the method and its arguments, or a fetch beyond its request.
class RpcInfo final : public RefCounted {
 public:
  uint32_t incarnation = 0;  // of the calling process
  uint32_t worker = 0;       // that calls
  runtime::OperationId operation = 0;
  runtime::OperationId on = 0;  // the caller's operation whose result it is made on; 0: none
  bool message = false;         // the arguments are in the general form (js/rpc_calls.js)
  bool keep = false;            // calls on its result follow; settled within the turn that makes the call
  Capability target;            // what it is made on, when that was given out by a context
  std::vector<Capability> capabilities;  // those in the message; of a fetch: its body, when that is a stream

  CallName name(host::HostId caller) const { return {caller, incarnation, worker, operation}; }
  // Nothing but a method and plain values for an entrypoint or object.
  bool plain() const { return on == 0 && !message && !keep && target.number == 0; }
};

}  // namespace orrery::worker
