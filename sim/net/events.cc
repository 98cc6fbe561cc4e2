#include "sim/net/events.h"

namespace orrery::net {

std::string Delivered::text() const {
  const char* arrow = carriage == Carriage::kReply ? " => " : " -> ";
  return from.name() + arrow + to.name() + "  " + message.kind().name;
}

std::string StreamBroken::text() const {
  return host.name() + " loses " + peer.name() + (by_timeout ? " (no progress)" : " (reset)");
}

}  // namespace orrery::net
