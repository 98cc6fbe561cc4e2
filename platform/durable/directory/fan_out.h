// Asks several hosts the same thing at once and goes on when enough have answered. Late answers
// do not count any more; the asking task may be destroyed at any time.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "sim/core/ref.h"
#include "sim/core/task.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery::durable {

struct Answer {
  host::HostId from = host::kNoHost;
  net::Reply reply;
};

namespace internal {

struct FanOutState : RefCounted {
  std::vector<Answer> answers;
  size_t outstanding = 0;
  OneShot<bool>* wake = nullptr;  // in the asking frame; null once that is gone or has gone on
};

struct FanOutGuard {
  Ref<FanOutState> state;
  ~FanOutGuard() { state->wake = nullptr; }
};

struct HeardByNobody {
  void operator()(host::HostId, const net::Reply&) const {}
};

template <class Enough, class Heard>
Task<void> ask_one(host::Process& process, host::HostId to, const net::Channel& channel,
                   Ref<const net::Message> message, Duration timeout, Ref<FanOutState> state,
                   Enough enough, Heard heard) {
  net::Reply reply = co_await process.network().call(process, to, channel, message, timeout);
  heard(to, std::as_const(reply));
  --state->outstanding;
  if (!state->wake) co_return;
  state->answers.push_back({to, std::move(reply)});
  if (state->outstanding == 0 || enough(std::as_const(state->answers))) state->wake->set(true);
}

}  // namespace internal

// Answers in order of arrival, failed calls included. Ends when `enough(answers)` or all are in.
// `heard(host, reply)` is told of each, also of those that come after the end.
template <class Enough, class Heard = internal::HeardByNobody>
Task<std::vector<Answer>> ask_all(host::Process& process, std::vector<host::HostId> hosts,
                                  const net::Channel& channel, Ref<const net::Message> message,
                                  Duration timeout, Enough enough, Heard heard = {}) {
  auto state = make_ref<internal::FanOutState>();
  OneShot<bool> wake(process.world().loop());
  internal::FanOutGuard guard{state};
  state->wake = &wake;
  state->outstanding = hosts.size();
  for (host::HostId to : hosts)
    process.tasks().spawn(
        internal::ask_one(process, to, channel, message, timeout, state, enough, heard));
  co_await wake;
  co_return std::move(state->answers);
}

}  // namespace orrery::durable
