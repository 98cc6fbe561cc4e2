// Registers: lookup, claim, release. Sessions are in session.cc.
#include "platform/durable/directory/directory_client.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/directory/events.h"
#include "platform/durable/directory/fan_out.h"

namespace orrery::durable {
namespace {

constexpr Site kBackoff{"directory.backoff"};
constexpr Site kBackoffDraw{"directory.backoff.draw"};
constexpr Site kFormerWait{"directory.former.wait"};

const RegisterReply* register_reply(const Answer& a) {
  if (!a.reply.ok() || &a.reply.message->kind() != &RegisterReply::kKind) return nullptr;
  return &a.reply.message->as<RegisterReply>();
}

// Three said yes, or so many said no or failed that three never will.
bool decided(const std::vector<Answer>& answers) {
  uint32_t yes = 0, no = 0;
  for (const Answer& a : answers) {
    const RegisterReply* r = register_reply(a);
    (r && r->ok ? yes : no)++;
  }
  return yes >= kDirectoryQuorum || no > kDirectoryMembers - kDirectoryQuorum;
}

}  // namespace

DirectoryClient::DirectoryClient(host::Process& process, const DirectoryOptions& options)
    : process_(process), options_(options), known_(process, options.members) {
  start_session();
}

DirectoryClient::~DirectoryClient() = default;

Ballot DirectoryClient::next_ballot() {
  return {++ballot_counter_, process_.host_id(), process_.incarnation()};
}

Task<void> DirectoryClient::back_off(Duration* pause) {
  World& world = process_.world();
  Duration wait{world.decide().between(kBackoffDraw, pause->us / 2, pause->us, pause->us)};
  *pause = std::min(*pause * 2, kDirectoryBackoffMax);
  co_await sleep(world.loop(), kBackoff, wait);
}

Task<Lookup> DirectoryClient::lookup(Ref<const ObjectInfo> object) {
  auto request = make_ref<const ReadRequest>(known_.newest(), object);
  std::vector<Answer> answers = co_await known_.ask(request, options_.call_timeout, decided);
  Lookup result;
  uint32_t yes = 0;
  Ballot best;
  for (const Answer& a : answers) {
    const RegisterReply* r = register_reply(a);
    if (!r || !r->ok) continue;
    ++yes;
    if (r->accepted >= best) {
      best = r->accepted;
      result.placement = r->value;
    }
  }
  if (yes < kDirectoryQuorum) {
    if (known_.newest()->number == request->view->number) co_return Lookup{};
    result = co_await lookup(object);
    co_return result;
  }
  result.status = result.placement.epoch ? Lookup::Status::kFound : Lookup::Status::kNone;
  co_return result;
}

Task<DirectoryClient::Promise> DirectoryClient::prepare(Ref<const ObjectInfo> object) {
  Promise promise;
  promise.ballot = next_ballot();
  promise.view = known_.newest();
  auto request = make_ref<const PrepareRequest>(promise.view, object, promise.ballot);
  std::vector<Answer> answers = co_await known_.ask(request, options_.call_timeout, decided);
  uint32_t yes = 0;
  Ballot best;
  for (const Answer& a : answers) {
    const RegisterReply* r = register_reply(a);
    if (!r) continue;
    ballot_counter_ = std::max(ballot_counter_, r->promised.counter);
    if (!r->ok) continue;
    ++yes;
    if (r->accepted >= best) {
      best = r->accepted;
      promise.value = r->value;
    }
  }
  promise.ok = yes >= kDirectoryQuorum;
  co_return promise;
}

Task<bool> DirectoryClient::accept(Ref<const ObjectInfo> object, const Promise& promise,
                                   Placement value) {
  auto request = make_ref<const AcceptRequest>(promise.view, object, promise.ballot, std::move(value));
  std::vector<Answer> answers = co_await known_.ask(request, options_.call_timeout, decided);
  uint32_t yes = 0;
  bool between_views = false;
  for (const Answer& a : answers) {
    between_views |= a.reply.ok() && &a.reply.message->kind() == &ViewReply::kKind;
    const RegisterReply* r = register_reply(a);
    if (!r) continue;
    ballot_counter_ = std::max(ballot_counter_, r->promised.counter);
    yes += r->ok;
  }
  ORRERY_SOMETIMES(process_.world(), yes > 0 && yes < kDirectoryQuorum,
                   "a directory proposal is accepted by a minority only");
  ORRERY_SOMETIMES(process_.world(), yes < kDirectoryQuorum && between_views,
                   "a change of view overtakes a claim");
  co_return yes >= kDirectoryQuorum;
}

Task<DirectoryClient::Ended> DirectoryClient::end_former(Placement held, Instant deadline) {
  World& world = process_.world();
  Duration pause = kDirectoryBackoffFirst;
  Instant lets_go = kNever;  // when the lease ends if the holder does not renew, world time
  for (;;) {
    RevokeResult result = co_await revoke(held.owner, held.session, false);
    if (result.ended == Ended::kEnded) co_return Ended::kEnded;
    if (world.now() >= deadline) co_return result.ended;
    if (result.ended == Ended::kUnreachable) {
      co_await back_off(&pause);
      continue;
    }
    // A lease that grew between two looks was renewed: its holder lives and is to be asked instead.
    Instant ends = world.now() + process_.clock().world_duration(result.remaining);
    if (lets_go != kNever && ends > lets_go + options_.renew_every / 4) {
      ORRERY_SOMETIMES(world, true, "a claimant finds the former owner alive");
      co_return Ended::kRunning;
    }
    lets_go = ends;
    ORRERY_SOMETIMES(world, true, "a claimant waits for the former owner's lease");
    Instant next = std::min(ends + millis(5), world.now() + options_.renew_every * 6 / 5);
    co_await sleep(world.loop(), kFormerWait, std::min(next, deadline) - world.now());
  }
}

Task<Claim> DirectoryClient::claim(Ref<const ObjectInfo> object, ClaimOptions options) {
  World& world = process_.world();
  const Instant deadline = world.now() + options.patience;
  Duration pause = kDirectoryBackoffFirst;
  Claim result;
  for (;;) {
    const bool leased = co_await ensure_lease(deadline);
    if (!leased) co_return result;
    const SessionId session = session_;
    Promise promise = co_await prepare(object);
    const Placement& held = promise.value;
    Ended former = Ended::kEnded;
    if (promise.ok && held.owner != host::kNoHost && held.session != session) {
      Placement former_placement = held;
      former = co_await end_former(std::move(former_placement), deadline);
      if (former == Ended::kRunning) {
        result.status = Claim::Status::kHeld;
        result.placement = held;
        co_return result;
      }
    }
    if (promise.ok && former == Ended::kEnded && lease_valid() && session == session_) {
      Placement next = held;
      next.epoch = held.epoch + 1;
      next.owner = process_.host_id();
      next.session = session;
      if (held.epoch == 0) {
        next.followers = options.followers;
        next.home_pop = options.home_pop;
      }
      const bool accepted = co_await accept(object, promise, next);
      if (accepted && session == session_) {
        ++owned_;
        if (!renewing_) {
          renewing_ = true;
          process_.tasks().spawn(renew_loop());
        }
        world.announce(Granted{object->lane, next.epoch, next.owner, session, next.followers,
                               process_.lane(), object->key});
        result.status = Claim::Status::kGranted;
        result.placement = std::move(next);
        co_return result;
      }
    }
    if (world.now() >= deadline) co_return result;
    ORRERY_SOMETIMES(world, true, "a claim has to try again");
    co_await back_off(&pause);
  }
}

Task<FollowerSwap> DirectoryClient::swap_follower(Ref<const ObjectInfo> object, uint64_t epoch, host::HostId from,
                                                  host::HostId to) {
  FollowerSwap result;
  Promise promise = co_await prepare(object);
  if (!promise.ok) co_return result;
  if (promise.value.epoch != epoch) {
    result.status = FollowerSwap::Status::kDeposed;
    result.epoch = promise.value.epoch;
    co_return result;
  }
  // An attempt that reached a minority may be what was promised on: accepted again, it is chosen.
  Placement next = promise.value;
  std::ranges::replace(next.followers, from, to);
  const bool accepted = co_await accept(object, promise, std::move(next));
  if (accepted) result.status = FollowerSwap::Status::kDone;
  co_return result;
}

Task<bool> DirectoryClient::release(Ref<const ObjectInfo> object, uint64_t epoch, std::optional<uint32_t> home) {
  const Instant deadline = process_.world().now() + options_.lease;
  const SessionId session = session_;
  Duration pause = kDirectoryBackoffFirst;
  for (bool counted = true;;) {
    if (counted && owned_ > 0) --owned_;
    counted = false;
    Promise promise = co_await prepare(object);
    if (promise.ok) {
      if (promise.value.session != session || promise.value.epoch != epoch) co_return true;
      Placement next = promise.value;
      next.owner = host::kNoHost;
      next.session = 0;
      next.home_pop = home.value_or(next.home_pop);
      const bool accepted = co_await accept(object, promise, std::move(next));
      if (accepted) co_return true;
    }
    if (process_.world().now() >= deadline) co_return false;
    co_await back_off(&pause);
  }
}

}  // namespace orrery::durable
