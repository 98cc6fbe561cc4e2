#include "platform/client/load.h"

#include <algorithm>

namespace orrery::client {

inline constexpr Site kArrival{"client.load_arrival"};
inline constexpr Site kPause{"client.load_pause"};
// What only shrinking changes: how many of the clients send, for how long, how far apart, whether one request leaves.
inline constexpr Site kClients{"load.clients"};
inline constexpr Site kLength{"load.length_us"};
inline constexpr Site kSlot{"load.slot_us"};

Load::Load(World& world, LoadSpec spec, std::vector<Client*> clients)
    : world_(world),
      spec_(std::move(spec)),
      clients_(std::move(clients)),
      requests_(world.loop()),
      finished_(world.loop()) {}

Task<void> Load::run() {
  // Each request falls somewhere in its own slot of the timetable, so the rate is exact and the
  // moments are not.
  int64_t slot_us = 1'000'000 * spec_.per_second.denominator / spec_.per_second.numerator;
  Decisions& decide = world_.decide();
  slot_us = std::max<int64_t>(1, decide.given(kSlot, std::max<int64_t>(1, slot_us)));
  const int64_t length_us = decide.given(kLength, spec_.for_.us);
  const auto all = static_cast<int64_t>(clients_.size());
  const auto clients = static_cast<size_t>(std::clamp<int64_t>(decide.given(kClients, all), 1, all));
  int64_t total = std::max<int64_t>(1, length_us / slot_us);
  Instant begin = world_.now();
  for (int64_t i = 0; i < total; ++i) {
    int64_t offset = decide.between(kArrival, 0, slot_us - 1, 0);
    Instant at = begin + micros(i * slot_us + offset);
    if (at > world_.now()) co_await sleep(world_.loop(), kPause, at - world_.now());
    if (decide.given(kLeaves, 1) <= 0) continue;
    ++open_;
    ++result_.sent;
    requests_.spawn(one(*clients_[static_cast<size_t>(i) % clients]));
  }
  all_sent_ = true;
  if (open_ > 0) co_await finished_;
  std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
}

Task<void> Load::one(Client& client) {
  auto request = make_ref<runtime::HttpRequest>();
  request->method = spec_.method;
  request->url = spec_.url;
  request->headers = spec_.headers;
  if (spec_.has_body) request->body = runtime::HttpBody::of(spec_.body);
  Exchange exchange = co_await client.fetch(std::move(request));
  if (!exchange.response) {
    ++result_.unknown;
  } else {
    int status = exchange.response->status;
    ++(status < 400 ? result_.ok : status < 500 ? result_.refused : result_.failed);
    result_.latencies_us.push_back((exchange.received - exchange.sent).us);
  }
  if (--open_ == 0 && all_sent_) finished_.set(true);
}

}  // namespace orrery::client
