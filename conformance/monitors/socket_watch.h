// Watches WebSockets: what comes to an end must be all that the other sent, in that order. Rule WS-1.
//
// The evidence is the number that a frame got when JavaScript, or a client, sent it; gates, hosts and networks lie
// between that and the reading.
#pragma once

#include <map>

#include "conformance/monitors/ledger.h"
#include "platform/worker/events.h"

namespace orrery::monitors {

class SocketWatch {
 public:
  explicit SocketWatch(Ledger& ledger) : ledger_(ledger) {}

  void on(const worker::SocketRead& e, const EventContext& at);

 private:
  struct Last {
    uint64_t sender = 0;
    uint32_t number = 0;
  };
  Ledger& ledger_;
  std::map<uint64_t, Last> ends_;  // by the end that reads
};

}  // namespace orrery::monitors
