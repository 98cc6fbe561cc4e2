// The owner-side service: finds the log a message is for, and opens logs.
//
// Opening an object under epoch e: (1) three followers durably promise e and tell the place of
// their last entry; (2) the greatest (epoch, index) wins, and its image and entries are fetched;
// (3) what others lack is sent to them together with a barrier entry of epoch e, and when that is
// durable the object may be served.
#include <algorithm>
#include <unordered_map>

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/messages.h"
#include "platform/durable/replication/replicated_log.h"

namespace orrery::durable {
namespace {

constexpr Site kRecoverPauseSite{"replication.recover.pause"};
constexpr Site kBarrierDeadline{"replication.barrier.deadline"};

using Status = RecoverReply::Status;

const RecoverReply* recover_reply(const Answer& a) {
  if (!a.reply.ok() || &a.reply.message->kind() != &RecoverReply::kKind) return nullptr;
  return &a.reply.message->as<RecoverReply>();
}

bool recovery_settled(const std::vector<Answer>& answers) {
  uint32_t yes = 0, no = 0;
  for (const Answer& a : answers) {
    const RecoverReply* r = recover_reply(a);
    if (r && r->status == Status::kStale) return true;
    (r && r->status == Status::kPromised ? yes : no)++;
  }
  return yes >= kFollowerQuorum || no > kFollowers - kFollowerQuorum;
}

// Waits for the first entry of the new epoch, or for the patience to end.
struct BarrierWait : LogListener {
  BarrierWait(host::Process& p, Instant deadline)
      : loop(p.world().loop()), outcome(loop) {
    timer = loop.schedule(deadline, kBarrierDeadline, p.owner(),
                          [this] { outcome.set(Recovery::Status::kUnavailable); });
  }
  ~BarrierWait() override { loop.cancel(timer); }
  void on_durable(uint64_t) override { outcome.set(Recovery::Status::kOk); }
  void on_deposed(uint64_t) override { outcome.set(Recovery::Status::kDeposed); }
  Loop& loop;
  OneShot<Recovery::Status> outcome;
  EventHandle timer;
};

}  // namespace

struct Replication::Logs {
  struct Identity {
    size_t operator()(uint64_t key) const { return key; }  // keys are hashes already
  };
  std::unordered_map<uint64_t, ReplicatedLog*, Identity> by_key;  // looked up only
  std::vector<ReplicatedLog*> all;                                // for going through them
};

struct Replication::Found {
  Recovery::Status status = Recovery::Status::kUnavailable;
  LogPosition last;
  std::vector<std::pair<host::HostId, LogPosition>> followers;
  Ref<const FetchReply> content;  // null when the log is empty
};

Replication::Replication(host::Process& process, DirectoryClient& directory, const ReplicationOptions& options)
    : process_(process), directory_(directory), options_(options), logs_(std::make_unique<Logs>()) {
  process.network().serve(process, kReplicationChannel, *this);
}

Replication::~Replication() = default;

void Replication::attach(ReplicatedLog& log) {
  const bool fresh = logs_->by_key.emplace(log.object().key, &log).second;
  ORRERY_CHECK(fresh, "an object has two logs on one host");
  log.slot_ = logs_->all.size();
  logs_->all.push_back(&log);
}

void Replication::detach(ReplicatedLog& log) {
  logs_->by_key.erase(log.object().key);
  logs_->all[log.slot_] = logs_->all.back();
  logs_->all[log.slot_]->slot_ = log.slot_;
  logs_->all.pop_back();
}

ReplicatedLog* Replication::find(uint64_t key) {
  auto it = logs_->by_key.find(key);
  return it == logs_->by_key.end() ? nullptr : it->second;
}

void Replication::on_message(host::HostId from, const Ref<const net::Message>& message) {
  if (&message->kind() == &AckMessage::kKind) {
    const AckMessage& ack = message->as<AckMessage>();
    if (ReplicatedLog* log = find(ack.key)) log->on_ack(from, ack);
  } else if (&message->kind() == &RefuseMessage::kKind) {
    const RefuseMessage& refusal = message->as<RefuseMessage>();
    if (ReplicatedLog* log = find(refusal.key)) log->on_refused(from, refusal);
  }
}

void Replication::on_peer_lost(host::HostId peer) {
  for (ReplicatedLog* log : logs_->all) log->on_peer_lost(peer);
}

Task<Replication::Found> Replication::recover_round(Ref<const ObjectInfo> object,
                                                    Placement placement) {
  Found found;
  auto request = make_ref<const RecoverRequest>(object, placement.epoch);
  std::vector<host::HostId> followers(placement.followers.begin(), placement.followers.end());
  std::vector<Answer> answers = co_await ask_all(process_, followers, kFollowerChannel, request,
                                                 kRecoverTimeout, recovery_settled);
  host::HostId best = host::kNoHost;
  for (const Answer& a : answers) {
    const RecoverReply* r = recover_reply(a);
    if (!r) continue;
    if (r->status == Status::kStale) {
      found.status = Recovery::Status::kDeposed;
      co_return found;
    }
    if (r->status != Status::kPromised) continue;
    found.followers.push_back({a.from, r->last});
    const bool by_index = options_.weaken.stale_epoch_read;
    const bool better = by_index ? r->last.index > found.last.index : r->last > found.last;
    if (best != host::kNoHost && !better) continue;
    best = a.from;
    found.last = r->last;
  }
  if (found.followers.size() < kFollowerQuorum) co_return found;
  if (found.last.index > 0) {
    auto fetch = make_ref<const FetchRequest>(object, placement.epoch);
    net::Reply reply =
        co_await process_.network().call(process_, best, kFollowerChannel, fetch, kFetchTimeout);
    ORRERY_SOMETIMES(process_.world(), !reply.ok(), "the follower with the best log goes away");
    if (!reply.ok() || &reply.message->kind() != &FetchReply::kKind) co_return found;
    Ref<const FetchReply> content(&reply.message->as<FetchReply>());
    if (!content->ok) co_return found;
    found.content = std::move(content);
  }
  found.status = Recovery::Status::kOk;
  co_return found;
}

Task<Recovery> Replication::open(Ref<const ObjectInfo> object, Placement placement, FollowerArea area,
                                 Duration patience) {
  World& world = process_.world();
  const Instant deadline = world.now() + patience;
  Recovery result;
  // Nobody can have written under an epoch before the first.
  if (placement.epoch == 1) {
    result.status = Recovery::Status::kOk;
    result.log.reset(new ReplicatedLog(*this, object, placement, area));
    co_return result;
  }
  Found found;
  for (;;) {
    found = co_await recover_round(object, placement);
    if (found.status == Recovery::Status::kOk) break;
    if (found.status == Recovery::Status::kDeposed || world.now() >= deadline) {
      result.status = found.status;
      co_return result;
    }
    ORRERY_SOMETIMES(world, true, "a recovery has to try again");
    co_await sleep(world.loop(), kRecoverPauseSite, kRecoverPause);
  }
  std::unique_ptr<ReplicatedLog> log(new ReplicatedLog(*this, object, placement, area));
  if (found.content)
    log->start_from(found.content->base, found.content->image, found.content->entries);
  // Same place means same log; others are asked from where they end.
  for (const auto& [host, last] : found.followers) {
    ReplicatedLog::Peer* peer = log->peer_of(host);
    if (last == log->last_) peer->match = last.index;
    peer->next = std::min(last.index, log->last_.index) + 1;
    ORRERY_SOMETIMES(world, last != log->last_, "recovery finds followers with different logs");
  }
  world.announce(
      Recovered{object->lane, placement.epoch, log->last_, process_.host_id()});
  BarrierWait wait(process_, deadline);
  log->set_listener(&wait);
  log->append(make_ref<const LogPayload>());
  result.status = co_await wait.outcome;
  log->set_listener(nullptr);
  if (result.status == Recovery::Status::kOk) {
    if (log->recovered_ && log->recovered_->db_pages() > 0) result.image = log->recovered_;
    if (found.content) {
      result.base = found.content->base;
      result.base_image = found.content->image;
      result.entries = found.content->entries;
    }
    log->at_home_ = placement.home_pop == process_.host().pop();
    log->seek_near();
    result.log = std::move(log);
  }
  co_return result;
}

}  // namespace orrery::durable
