#include "platform/durable/directory/view_change.h"

#include <algorithm>
#include <string>
#include <utility>

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"

namespace orrery::durable {
namespace {

constexpr Site kSettle{"directory.view.settle"};
constexpr Site kSettleDraw{"directory.view.settle.draw"};
constexpr Site kBackoff{"directory.view.backoff"};
constexpr Site kBackoffDraw{"directory.view.backoff.draw"};
constexpr int kLooksAround = 5;
constexpr size_t kAnswersAround = 2;
constexpr int kReplacements = 3;

template <class M>
const M* reply_as(const Answer& a) {
  if (!a.reply.ok() || &a.reply.message->kind() != &M::kKind) return nullptr;
  return &a.reply.message->as<M>();
}

size_t answered(const std::vector<Answer>& answers) {
  return static_cast<size_t>(
      std::ranges::count_if(answers, [](const Answer& a) { return a.reply.ok(); }));
}

std::vector<const SealReply*> sealed(const std::vector<Answer>& answers) {
  std::vector<const SealReply*> yes;
  for (const Answer& a : answers)
    if (const SealReply* r = reply_as<SealReply>(a); r && r->copy) yes.push_back(r);
  return yes;
}

uint32_t accepted(const std::vector<Answer>& answers) {
  uint32_t yes = 0;
  for (const Answer& a : answers)
    if (const AcceptViewReply* r = reply_as<AcceptViewReply>(a)) yes += r->ok;
  return yes;
}

// Whether this host needs not be told of the view any more, and whether it has its state.
bool knows(const Answer& a, uint64_t number) {
  const ViewReply* r = reply_as<ViewReply>(a);
  return r && r->newest->number >= number &&
         (r->newest->number > number || r->installed || !r->newest->lists(r->member));
}
uint32_t having(const std::vector<Answer>& answers, uint64_t number) {
  uint32_t have = 0;
  for (const Answer& a : answers)
    if (const ViewReply* r = reply_as<ViewReply>(a))
      have += r->newest->number >= number && r->installed;
  return have;
}

}  // namespace

Task<void> ViewChange::back_off(Duration* pause) {
  World& world = process_.world();
  Duration wait{world.decide().between(kBackoffDraw, pause->us / 2, pause->us, pause->us)};
  *pause = std::min(*pause * 2, kViewRetryMax);
  co_await sleep(world.loop(), kBackoff, wait);
}

bool ViewChange::awaits_state() const {
  const MemberState& state = keeper_.state();
  const View& newest = *keeper_.newest();
  return newest.lists(keeper_.self()) && !(state.view && state.view->number == newest.number);
}

bool ViewChange::settled() const {
  const View& newest = *keeper_.newest();
  if (!newest.has(process_.host_id())) return true;
  return newest.lists(keeper_.self()) && !awaits_state() && !keeper_.state().sealed();
}

// What every answer about views is good for.
void ViewChange::hear(const std::vector<Answer>& answers) {
  for (const Answer& a : answers) {
    if (const ViewReply* r = reply_as<ViewReply>(a)) keeper_.learn(r->newest);
    if (const SealReply* r = reply_as<SealReply>(a))
      ballot_counter_ = std::max(ballot_counter_, r->promised.counter);
    if (const AcceptViewReply* r = reply_as<AcceptViewReply>(a))
      ballot_counter_ = std::max(ballot_counter_, r->promised.counter);
  }
}

void ViewChange::look_around() { process_.tasks().spawn(run_look_around()); }

Task<void> ViewChange::run_look_around() {
  Duration pause = kViewRetryFirst;
  for (int i = 0; i < kLooksAround; ++i) {
    std::vector<host::HostId> others = keeper_.newest()->hosts();
    for (host::HostId host : options_.members)
      if (!std::ranges::count(others, host)) others.push_back(host);
    std::erase(others, process_.host_id());
    auto query = make_ref<const QueryRequest>(keeper_.newest(), false);
    std::vector<Answer> answers =
        co_await ask_all(process_, others, kDirectoryChannel, query, options_.call_timeout,
                         [](const std::vector<Answer>&) { return false; });
    hear(answers);
    if (answered(answers) >= kAnswersAround) break;
    co_await back_off(&pause);
  }
  settle({});
}

void ViewChange::settle(Duration patience) {
  if (!settling_ && !settled()) process_.tasks().spawn(run_settle(patience));
}

Task<void> ViewChange::run_settle(Duration patience) {
  World& world = process_.world();
  settling_ = true;
  const int64_t us = patience.us;
  const Duration wait{us ? world.decide().between(kSettleDraw, us, 2 * us, us) : 0};
  co_await sleep(world.loop(), kSettle, wait);
  Duration pause = kViewRetryFirst;
  while (!settled()) {
    const uint64_t number = keeper_.newest()->number;
    if (awaits_state()) co_await fetch();
    if (settled()) break;
    if (keeper_.newest()->number == number) {
      Ref<const View> from = keeper_.newest();
      // Nobody may have the state of a view that was chosen: then the view before is asked once more.
      if (awaits_state()) from = keeper_.state().view;
      if (from && from->number + (awaits_state() ? 1 : 0) == number) {
        const bool was_sealed = keeper_.state().sealed();
        const bool changed = co_await change(from, host::kNoHost, ViewMember{});
        ORRERY_SOMETIMES(world, changed && was_sealed,
                         "a sealed directory member carries a change of view on");
      }
    }
    if (settled()) break;
    if (keeper_.newest()->number == number) co_await back_off(&pause);
  }
  settling_ = false;
}

Task<void> ViewChange::fetch() {
  const Ref<const View> view = keeper_.newest();
  std::vector<host::HostId> others = view->hosts();
  std::erase(others, process_.host_id());
  auto query = make_ref<const QueryRequest>(view, true);
  auto copy_in = [number = view->number](const std::vector<Answer>& answers) -> const StateCopy* {
    for (const Answer& a : answers)
      if (const ViewReply* r = reply_as<ViewReply>(a))
        if (r->copy && r->copy->state.view->number == number) return r->copy.get();
    return nullptr;
  };
  std::vector<Answer> answers =
      co_await ask_all(process_, others, kDirectoryChannel, query, options_.call_timeout,
                       [copy_in](const std::vector<Answer>& a) { return copy_in(a) != nullptr; });
  hear(answers);
  const StateCopy* copy = copy_in(answers);
  if (!copy || !awaits_state() || keeper_.newest()->number != view->number) co_return;
  ORRERY_SOMETIMES(process_.world(), true, "a directory member takes the state of a view from another");
  keeper_.begin(copied(copy->state));
}

Task<bool> ViewChange::change(Ref<const View> from, host::HostId out, ViewMember in) {
  World& world = process_.world();
  const Ballot ballot{++ballot_counter_, process_.host_id(), process_.incarnation()};
  auto seal = make_ref<const SealRequest>(from, ballot);
  std::vector<Answer> seals =
      co_await ask_all(process_, from->hosts(), kDirectoryChannel, seal, options_.call_timeout,
                       [](const std::vector<Answer>& a) { return sealed(a).size() >= kDirectoryQuorum; });
  hear(seals);
  const std::vector<const SealReply*> yes = sealed(seals);
  if (yes.size() < kDirectoryQuorum) co_return false;

  View::Members members = from->members;
  for (ViewMember& m : members) {
    if (m.host == process_.host_id()) m = keeper_.self();
    for (const Answer& a : seals)  // others whose disks are new
      if (const ViewReply* r = reply_as<ViewReply>(a); r && r->member.host == m.host)
        m.birth = std::max(m.birth, r->member.birth);
    if (m.host == out) m = in;
  }
  Ref<const View> next = make_ref<const View>(from->number + 1, members);
  std::vector<const MemberState*> states;
  Ballot best;
  for (const SealReply* r : yes) {
    states.push_back(&r->copy->state);
    if (r->copy->state.next && r->copy->state.next_ballot > best) {
      best = r->copy->state.next_ballot;
      next = r->copy->state.next;
    }
  }
  ORRERY_SOMETIMES(world, best.counter > 0, "a change of view takes up what another coordinator proposed");
  auto copy = make_ref<const StateCopy>(merged(next, states));

  auto accept = make_ref<const AcceptViewRequest>(from, ballot, next);
  std::vector<Answer> accepts =
      co_await ask_all(process_, from->hosts(), kDirectoryChannel, accept, options_.call_timeout,
                       [](const std::vector<Answer>& a) { return accepted(a) >= kDirectoryQuorum; });
  hear(accepts);
  if (accepted(accepts) < kDirectoryQuorum) co_return false;

  keeper_.learn(next);
  auto install = make_ref<const InstallRequest>(next, copy);
  std::vector<Answer> installs = co_await ask_all(
      process_, next->hosts(), kDirectoryChannel, install, options_.call_timeout,
      [n = next->number](const std::vector<Answer>& a) { return having(a, n) >= kDirectoryQuorum; });
  hear(installs);
  std::vector<host::HostId> left = next->hosts();
  for (host::HostId host : from->hosts())
    if (!next->has(host)) left.push_back(host);
  for (const Answer& a : installs)
    if (knows(a, next->number)) std::erase(left, a.from);
  process_.tasks().spawn(tell(next, copy, std::move(left)));
  co_return having(installs, next->number) >= kDirectoryQuorum;
}

// The rest of both views; who misses all of this asks when it starts again, or hears it from a client.
Task<void> ViewChange::tell(Ref<const View> view, Ref<const StateCopy> copy,
                            std::vector<host::HostId> left) {
  auto install = make_ref<const InstallRequest>(view, copy);
  Duration pause = kViewRetryFirst;
  for (int i = 0; i < kViewTellings && !left.empty(); ++i) {
    co_await back_off(&pause);
    std::vector<Answer> answers =
        co_await ask_all(process_, left, kDirectoryChannel, install, options_.call_timeout,
                         [](const std::vector<Answer>&) { return false; });
    hear(answers);
    for (const Answer& a : answers)
      if (knows(a, view->number)) std::erase(left, a.from);
  }
}

void ViewChange::suspect(uint32_t missing) {
  const Instant now = process_.clock().now();
  if (looking_ || replacing_ || now - looked_at_ < kSilenceLook) return;
  looked_at_ = now;
  process_.tasks().spawn(look_for(missing));
}

Task<void> ViewChange::look_for(uint32_t missing) {
  looking_ = true;
  const Ref<const View> view = keeper_.newest();
  std::vector<host::HostId> hosts;
  for (uint32_t i = 0; i < kDirectoryMembers; ++i)
    if (missing >> i & 1 && view->members[i].host != process_.host_id())
      hosts.push_back(view->members[i].host);
  std::erase_if(silent_, [&](const auto& s) { return !std::ranges::count(hosts, s.first); });
  auto query = make_ref<const QueryRequest>(view, false);
  host::HostId gone = host::kNoHost;
  if (!hosts.empty()) {
    std::vector<Answer> answers =
        co_await ask_all(process_, hosts, kDirectoryChannel, query, options_.call_timeout,
                         [](const std::vector<Answer>&) { return false; });
    hear(answers);
    const Instant now = process_.clock().now();
    for (const Answer& a : answers) {
      Silence& silence = silent_[a.from];
      if (a.reply.ok() || now - silence.last > kSilenceGap) silence.misses = 0;
      if (!a.reply.ok()) ++silence.misses;
      silence.last = now;
      if (silence.misses >= kSilenceMisses && gone == host::kNoHost) gone = a.from;
    }
  }
  looking_ = false;
  if (gone == host::kNoHost || keeper_.newest()->number != view->number) co_return;
  silent_.erase(gone);
  co_await replace(view, gone);
}

// The other members noticed the same: each begins at a moment of its own, and only if none did before.
Task<void> ViewChange::replace(Ref<const View> from, host::HostId gone) {
  replacing_ = true;
  Duration pause = kViewPatience;
  for (int i = 0; i < kReplacements; ++i) {
    co_await back_off(&pause);
    if (keeper_.newest()->number != from->number || !settled()) break;
    const ViewMember spare = co_await find_spare(from);
    if (spare.host == host::kNoHost || keeper_.newest()->number != from->number) break;
    const bool changed = co_await change(from, gone, spare);
    ORRERY_SOMETIMES(process_.world(), changed, "a directory member has a silent one replaced by a spare");
    if (changed) break;
  }
  replacing_ = false;
}

// The first that answers, of the spares and of those who were members once.
Task<ViewMember> ViewChange::find_spare(Ref<const View> view) {
  std::vector<host::HostId> candidates;
  for (const std::string& name : options_.spares)
    if (host::Host* host = process_.hosts().by_name(name)) candidates.push_back(host->id());
  candidates.insert(candidates.end(), options_.members.begin(), options_.members.end());
  auto query = make_ref<const QueryRequest>(view, false);
  for (host::HostId host : candidates) {
    if (view->has(host)) continue;
    net::Reply reply = co_await process_.network().call(process_, host, kDirectoryChannel, query,
                                                        options_.call_timeout);
    const Answer answer{host, std::move(reply)};
    if (const ViewReply* r = reply_as<ViewReply>(answer)) co_return r->member;
  }
  co_return ViewMember{};
}

}  // namespace orrery::durable
