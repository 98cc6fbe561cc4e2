// Anycast: which host a client's next request reaches. The nearest point of presence that takes part and has
// a host up; within it, a host picked by the client's flow, or the next one that is up. A lost point
// of presence is withdrawn at once: what was in flight to it is lost, new requests go to the next.
//
// Not modelled: BGP convergence time. Routes change when a fault says so (`divert`).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/host/host.h"
#include "sim/net/geography.h"

namespace orrery::edge {

class Anycast {
 public:
  // `pops`: indices of the points of presence that serve the app; empty: all of them.
  Anycast(host::Hosts& hosts, const net::Geography& geography, std::vector<uint32_t> pops,
          uint32_t hosts_per_pop);

  // For a client at city `pop`; `flow` is a stable hash of the client. kNoHost when nothing is up.
  host::HostId route(uint32_t pop, uint64_t flow);
  // Routes have changed: this client is not sent to the nearest place but to the next one (1), or no longer so (-1). Adds
  // up over overlapping changes.
  void divert(uint64_t flow, int by);
  bool serves(uint32_t pop) const { return serving_[pop]; }
  uint32_t hosts_per_pop() const { return hosts_per_pop_; }

 private:
  host::HostId host_in(uint32_t pop, uint64_t flow);
  host::Hosts& hosts_;
  const net::Geography& geography_;
  std::vector<char> serving_;
  uint32_t hosts_per_pop_;
  std::map<uint64_t, int> diverted_;  // by flow
};

}  // namespace orrery::edge
