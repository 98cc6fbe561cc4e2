// What clients announce, on the client's lane.
#pragma once

#include <string>
#include <string_view>

#include "sim/core/trace.h"

namespace orrery::client {

// A request left a client.
struct RequestSent {
  static constexpr const char* kKind = "client.request";
  LaneId lane;
  std::string_view edge;  // name of the host it goes to, "" when nothing is up
  std::string_view method;
  std::string_view url;
  void fold(Fold& f) const { f.add(edge).add(method).add(url); }
  std::string text() const {
    return "-> " + std::string(edge.empty() ? "(nothing is up)" : edge) + "  " +
           std::string(method) + " " + std::string(url);
  }
};

// Its answer came, or will not come.
struct AnswerReceived {
  static constexpr const char* kKind = "client.answer";
  LaneId lane;
  int status;              // 0: no answer
  std::string_view body;   // or what went wrong
  int64_t waited_us;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(status)).add(body); }
  std::string text() const {
    std::string out = status ? "<- " + std::to_string(status) : std::string("<- no answer:");
    if (!body.empty()) out += " " + std::string(body.substr(0, 80));
    return out;
  }
};

}  // namespace orrery::client
