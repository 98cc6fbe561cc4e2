// What the network announces.
#pragma once

#include <cstdint>
#include <string>

#include "sim/core/trace.h"
#include "sim/host/host.h"
#include "sim/net/message.h"

namespace orrery::net {

enum class Carriage : uint8_t { kPost, kRequest, kReply, kRefusal, kReset };

// A message reached the process it was for; said before its handler runs. On the receiver's lane.
struct Delivered {
  static constexpr const char* kKind = "net.deliver";
  LaneId lane;
  Carriage carriage;
  uint8_t channel;
  const host::Host& from;
  const host::Host& to;
  const Message& message;
  void fold(Fold& f) const {
    f.add(message.kind().hash ^ (uint64_t{from.lane()} << 8 | static_cast<uint64_t>(carriage)));
  }
  std::string text() const;
};

// A named fault of links begins (partition, clog, loss ...). On the fault's own lane,
// `partition:NAME`.
struct LinkFaultBegan {
  static constexpr const char* kKind = "net.fault";
  LaneId lane;
  const std::string& name;
  bool blocked;
  bool one_way;
  uint64_t links;  // those in use that it touches
  const std::string& what;
  void fold(Fold& f) const { f.add(name).add(what).add(blocked * 2u + one_way).add(links); }
  std::string text() const { return what; }
};

struct LinkFaultEnded {
  static constexpr const char* kKind = "net.heal";
  LaneId lane;
  const std::string& name;
  void fold(Fold& f) const { f.add(name); }
  std::string text() const { return name + " heals"; }
};

// One side learns that its stream with a peer is gone. On the learner's lane.
struct StreamBroken {
  static constexpr const char* kKind = "net.broken";
  LaneId lane;
  const host::Host& host;
  const host::Host& peer;
  bool by_timeout;  // it waited too long; else the peer said so
  void fold(Fold& f) const { f.add(uint64_t{peer.lane()} << 1 | by_timeout); }
  std::string text() const;
};

}  // namespace orrery::net
