// What travels: an immutable ref-counted object with a declared size, never serialised. The sender
// may not change it after sending; several receivers may share it.
#pragma once

#include <cstdint>

#include "sim/core/hash.h"
#include "sim/core/ref.h"

namespace orrery::net {

class Message : public RefCounted {
 public:
  // Size on the wire in bytes, for bandwidth.
  virtual uint32_t bytes() const { return 64; }
  // Which message type this is, for checked downcasts by the receiver: give each type its own
  // `static constexpr Kind kKind{"durable.append"}`; the name also names the event in traces.
  struct Kind {
    const char* name;
    uint64_t hash;  // of the name: enters the trace at each delivery
    constexpr explicit Kind(const char* kind_name) : name(kind_name), hash(hash_name(kind_name)) {}
  };
  explicit Message(const Kind& kind) : kind_(&kind) {}
  const Kind& kind() const { return *kind_; }
  template <class M>
  const M& as() const {
    return static_cast<const M&>(*this);
  }

 private:
  const Kind* kind_;
};

}  // namespace orrery::net
