// Sessions and leases of a host: start, renewal, end, retirement of former incarnations.
#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/directory/bytes.h"
#include "platform/durable/directory/directory_client.h"
#include "platform/durable/directory/events.h"
#include "platform/durable/directory/fan_out.h"
#include "sim/disk/disk.h"

namespace orrery::durable {
namespace {

constexpr Site kSessionBits{"directory.session"};
constexpr Site kRenewPause{"directory.renew"};
constexpr const char* kSessionFile = "directory-client/session";
constexpr const char* kSessionFileNew = "directory-client/session.new";

const SessionReply* session_reply(const Answer& a) {
  if (!a.reply.ok() || &a.reply.message->kind() != &SessionReply::kKind) return nullptr;
  return &a.reply.message->as<SessionReply>();
}

struct Votes {
  uint32_t revoked = 0, running = 0, failed = 0;
};
Votes count(const std::vector<Answer>& answers) {
  Votes v;
  for (const Answer& a : answers) {
    const SessionReply* r = session_reply(a);
    (!r ? v.failed : r->revoked ? v.revoked : v.running)++;
  }
  return v;
}
bool settled(const std::vector<Answer>& answers) {
  Votes v = count(answers);
  return v.revoked >= kDirectoryQuorum || v.running >= kDirectoryQuorum;
}

std::vector<SessionId> read_sessions(disk::Disk& disk) {
  std::vector<SessionId> sessions;
  disk::DiskError error = disk::DiskError::kNone;
  std::shared_ptr<disk::File> file = disk.open(kSessionFile, false, &error);
  if (!file) return sessions;
  std::string bytes(file->size(), '\0');
  size_t got = 0;
  if (file->read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, &got) !=
      disk::DiskError::kNone)
    return sessions;
  ByteReader reader(std::string_view(bytes).substr(0, got));
  const uint64_t checksum = reader.u64();
  if (got < 8 || checksum != hash_bytes(std::string_view(bytes).substr(8, got - 8)))
    return sessions;
  for (uint64_t n = reader.u64(); n > 0 && reader.ok(); --n) sessions.push_back(reader.u64());
  return sessions;
}

}  // namespace

void DirectoryClient::start_session() {
  unretired_ = read_sessions(process_.disk());
  session_ = process_.world().decide().bits(kSessionBits);
  remember_sessions();
  // A process on this host is proof that the former one is gone, so its session may be retired at
  // once.
  for (SessionId former : std::vector<SessionId>(unretired_))
    process_.tasks().spawn(retire(former));
}

// A file that is lost or stale only costs time: the former lease then has to run out.
void DirectoryClient::remember_sessions() {
  ByteWriter body;
  body.u64(unretired_.size() + 1);
  for (SessionId s : unretired_) body.u64(s);
  body.u64(session_);
  ByteWriter whole;
  whole.u64(hash_bytes(body.bytes())).raw(body.bytes().data(), body.bytes().size());
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  std::shared_ptr<disk::File> file = disk.open(kSessionFileNew, true, &error);
  if (!file || file->truncate(0) != disk::DiskError::kNone) return;
  if (file->append(Buffer::copy(whole.bytes())) != disk::DiskError::kNone) return;
  if (file->sync() != disk::DiskError::kNone) return;
  if (disk.rename(kSessionFileNew, kSessionFile) == disk::DiskError::kNone) (void)disk.sync_names();
}

void DirectoryClient::end_session() {
  const SessionId ended = session_;
  process_.world().announce(SessionEnded{process_.lane(), process_.host_id(), ended});
  lease_until_ = Instant{INT64_MIN};
  owned_ = 0;
  unretired_.push_back(ended);
  session_ = process_.world().decide().bits(kSessionBits);
  remember_sessions();
  for (SessionListener* listener : std::vector<SessionListener*>(listeners_))
    listener->on_session_ended(ended);
  process_.tasks().spawn(retire(ended));
}

Task<bool> DirectoryClient::renew_once() {
  World& world = process_.world();
  const SessionId session = session_;
  // Counted from before the request leaves: every member's own count begins later.
  const Instant sent = process_.clock().now();
  auto request = make_ref<const RenewRequest>(known_.newest(), process_.host_id(), session,
                                              known_.missing());
  std::vector<Answer> answers = co_await known_.ask(request, options_.call_timeout, settled);
  if (session != session_) co_return false;
  Votes votes = count(answers);
  if (votes.running >= kDirectoryQuorum) {
    lease_until_ = std::max(lease_until_, sent + options_.lease);
    world.announce(Renewed{process_.lane(), session, lease_until_});
    co_return process_.clock().now() < lease_until_;
  }
  ORRERY_SOMETIMES(world, votes.revoked > 0 && votes.revoked < kDirectoryQuorum,
                   "a holder learns that some members revoked its session");
  // Once part of the members refuse and the lease is over the session cannot be relied on again.
  if (votes.revoked >= kDirectoryQuorum ||
      (votes.revoked > 0 && process_.clock().now() >= lease_until_))
    end_session();
  co_return false;
}

Task<bool> DirectoryClient::ensure_lease(Instant deadline) {
  Duration pause = kDirectoryBackoffFirst;
  while (process_.clock().now() >= lease_until_) {
    const bool renewed = co_await renew_once();
    if (renewed) break;
    if (process_.world().now() >= deadline) co_return false;
    co_await back_off(&pause);
  }
  co_return true;
}

Task<void> DirectoryClient::renew_loop() {
  World& world = process_.world();
  while (owned_ > 0) {
    const Duration pause = process_.clock().world_duration(options_.renew_every);
    co_await sleep(world.loop(), kRenewPause, pause);
    Duration retry = kDirectoryBackoffFirst * 8;
    while (owned_ > 0) {
      const bool renewed = co_await renew_once();
      if (renewed) break;
      ORRERY_SOMETIMES(world, !lease_valid(), "a host's lease runs out while it owns objects");
      co_await back_off(&retry);
    }
  }
  renewing_ = false;
}

Task<DirectoryClient::RevokeResult> DirectoryClient::revoke(host::HostId holder, SessionId session,
                                                            bool by_holder) {
  auto request = make_ref<const RevokeRequest>(known_.newest(), holder, session, by_holder);
  std::vector<Answer> answers = co_await known_.ask(request, options_.call_timeout, settled);
  RevokeResult result;
  Votes votes = count(answers);
  if (votes.revoked >= kDirectoryQuorum) {
    result.ended = Ended::kEnded;
  } else if (votes.revoked + votes.running >= kDirectoryQuorum) {
    result.ended = Ended::kRunning;
    std::vector<Duration> remaining;
    for (const Answer& a : answers)
      if (const SessionReply* r = session_reply(a); r && !r->revoked)
        remaining.push_back(r->remaining);
    std::sort(remaining.begin(), remaining.end());
    result.remaining = remaining[kDirectoryQuorum - votes.revoked - 1];
  }
  co_return result;
}

Task<void> DirectoryClient::retire(SessionId session) {
  Duration pause = kDirectoryBackoffFirst;
  for (;;) {
    RevokeResult result = co_await revoke(process_.host_id(), session, true);
    if (result.ended == Ended::kEnded) break;
    co_await back_off(&pause);
  }
  std::erase(unretired_, session);
  remember_sessions();
}

}  // namespace orrery::durable
