#include "conformance/monitors/socket_watch.h"

namespace orrery::monitors {

using rules::RuleId;

void SocketWatch::on(const worker::SocketRead& e, const EventContext& at) {
  // The loss of a connection is not sent by anybody; it may cut off what was under way.
  if (e.frame.number == 0) {
    ends_.erase(e.reader);
    return;
  }
  Last& last = ends_[e.reader];
  ledger_.exercise(RuleId::kSocketOrder);
  const bool same = last.number == 0 || last.sender == e.frame.sender;
  if (!same || e.frame.number != last.number + 1)
    ledger_.breach(RuleId::kSocketOrder, at, {e.lane}, [&] {
      return "frame " + std::to_string(e.frame.number) + " of a WebSocket came to " + ledger_.name(e.lane) + " at " +
             show(at.at) + (same ? " after frame " + std::to_string(last.number) : " from another sender than before");
    });
  if (e.frame.ends()) ends_.erase(e.reader);
  else last = {e.frame.sender, e.frame.number};
}

}  // namespace orrery::monitors
