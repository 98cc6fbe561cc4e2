// The acceptor. Its file "directory/log.<generation>" is a run of records
//
//   u32 magic | u32 body bytes | u64 number | u64 synced | u64 checksum | body
//
// numbered from 1; `synced` is the number of the last record known durable when this one was
// written. Reading stops at the first record whose checksum is wrong: a torn tail that nobody was
// told about, unless a later sound record says it had been synced; then the disk is damaged and the
// member is lost.
#include "platform/durable/directory/directory_member.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "platform/channels.h"
#include "platform/durable/directory/bytes.h"
#include "platform/durable/directory/events.h"

namespace orrery::durable {
namespace {

constexpr Site kSync{"directory.sync"};
constexpr Site kDiskRetryPause{"directory.disk.retry"};
constexpr Duration kDiskRetry = millis(500);
constexpr const char* kMarker = "directory/marker";
constexpr const char* kLogPrefix = "directory/log.";
constexpr uint32_t kMagic = 0x4f444d31;
constexpr size_t kHeaderBytes = 32;
constexpr uint32_t kBodyMax = 1 << 20;

enum Type : uint32_t { kPromised = 1, kAccepted = 2, kRevoked = 3, kRegister = 4, kGivenUp = 5 };

void put(ByteWriter& w, const Ballot& b) { w.u64(b.counter).u32(b.host).u32(b.incarnation); }
Ballot get_ballot(ByteReader& r) {
  Ballot b;
  b.counter = r.u64();
  b.host = r.u32();
  b.incarnation = r.u32();
  return b;
}
void put(ByteWriter& w, const Placement& p) {
  w.u64(p.epoch).u32(p.owner).u64(p.session);
  for (host::HostId h : p.followers) w.u32(h);
  w.u32(p.home_pop);
}
Placement get_placement(ByteReader& r) {
  Placement p;
  p.epoch = r.u64();
  p.owner = r.u32();
  p.session = r.u64();
  for (host::HostId& h : p.followers) h = r.u32();
  p.home_pop = r.u32();
  return p;
}

uint64_t checksum_of(uint64_t number, uint64_t synced, std::string_view body) {
  return mix64(mix64(hash_bytes(body), number), synced + kMagic);
}

struct Record {
  uint64_t number = 0, synced = 0;
  std::string_view body;
};
// The sound record at the start of `bytes`, or false.
bool read_record(std::string_view bytes, Record& record) {
  ByteReader r(bytes);
  if (r.u32() != kMagic) return false;
  const uint32_t size = r.u32();
  record.number = r.u64();
  record.synced = r.u64();
  const uint64_t checksum = r.u64();
  if (!r.ok() || size > kBodyMax) return false;
  record.body = r.raw(size);
  return r.ok() && checksum == checksum_of(record.number, record.synced, record.body);
}

bool read_all(disk::File& file, std::string& bytes) {
  bytes.resize(file.size());
  size_t got = 0;
  return file.read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, &got) ==
             disk::DiskError::kNone &&
         got == bytes.size();
}

}  // namespace

DirectoryMember::DirectoryMember(host::Process& process, const DirectoryOptions& options)
    : process_(process), options_(options), started_local_(process.clock().now()) {
  load();
  process.network().serve(process, kDirectoryChannel, *this);
}

void DirectoryMember::load() {
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  const bool marked = disk.exists(kMarker);
  // A host that ran before left a marker; without it the disk is not the one this member wrote to.
  if (!marked && process_.incarnation() > 1) {
    lost_ = true;
    return;
  }
  std::vector<std::pair<uint64_t, std::string>> logs;  // by generation
  for (const std::string& name : disk.list(kLogPrefix)) {
    uint64_t generation = 0;
    std::from_chars(name.data() + std::string_view(kLogPrefix).size(), name.data() + name.size(),
                    generation);
    logs.push_back({generation, name});
  }
  std::sort(logs.begin(), logs.end());
  // Generations are complete once their first record (a count of registers) is followed by that
  // many; an unfinished rewrite is passed over for the one before.
  bool loaded = logs.empty();
  while (!loaded && !logs.empty()) {
    auto [generation, name] = logs.back();
    logs.pop_back();
    generation_ = std::max(generation_, generation);
    std::shared_ptr<disk::File> file = disk.open(name, false, &error);
    std::string bytes;
    if (file && read_all(*file, bytes)) loaded = replay(bytes);
  }
  if (!loaded || (marked && generation_ == 0)) {
    lost_ = true;
    return;
  }
  rewrite_file();
  if (!marked && !broken_) {
    std::shared_ptr<disk::File> marker = disk.open(kMarker, true, &error);
    if (!marker || marker->append(Buffer::copy("directory member")) != disk::DiskError::kNone ||
        marker->sync() != disk::DiskError::kNone)
      broken_ = true;
  }
}

bool DirectoryMember::replay(std::string_view bytes) {
  registers_.clear();
  revoked_.clear();
  given_up_.clear();
  Record record;
  uint64_t number = 0, expected = UINT64_MAX;
  size_t at = 0;
  while (at < bytes.size() && read_record(bytes.substr(at), record) &&
         record.number == number + 1) {
    number = record.number;
    if (number == 1) {
      ByteReader r(record.body);
      expected = r.u64() + 1;
    } else {
      apply(record.body);
    }
    at += kHeaderBytes + record.body.size();
  }
  if (number < expected) return false;
  if (at == bytes.size()) return true;
  ORRERY_SOMETIMES(process_.world(), true, "a directory member cuts a torn tail");
  for (size_t later = at + 1; later + kHeaderBytes <= bytes.size(); ++later) {
    if (read_record(bytes.substr(later), record) && record.synced > number) return false;
  }
  return true;
}

void DirectoryMember::apply(std::string_view body) {
  ByteReader r(body);
  const uint32_t type = r.u32();
  if (type == kRevoked || type == kGivenUp) {
    const SessionId session = r.u64();
    const host::HostId holder = r.u32();
    revoked_[session] = holder;
    if (type == kGivenUp) give_up(session, holder);
    return;
  }
  const uint64_t key = r.u64();
  Register& reg = registers_[key];
  if (type == kRegister || type == kPromised) {
    reg.name = r.text();
    reg.promised = get_ballot(r);
  }
  if (type == kRegister || type == kAccepted) {
    reg.accepted = get_ballot(r);
    reg.promised = std::max(reg.promised, reg.accepted);
    reg.value = get_placement(r);
  }
}

// False if it was known to be given up.
bool DirectoryMember::give_up(SessionId session, host::HostId holder) {
  std::deque<SessionId>& sessions = given_up_[holder];
  if (std::ranges::count(sessions, session)) return false;
  sessions.push_back(session);
  if (sessions.size() > kDirectoryGivenUpKept) {
    revoked_.erase(sessions.front());
    sessions.pop_front();
  }
  return true;
}

// Writes everything into a file of the next generation and leaves the former ones behind it.
void DirectoryMember::rewrite_file() {
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  broken_ = true;
  const std::string name = kLogPrefix + std::to_string(generation_ + 1);
  file_ = disk.open(name, true, &error);
  if (!file_ || file_->truncate(0) != disk::DiskError::kNone) return;
  ++generation_;
  records_ = synced_ = 0;
  ByteWriter count;
  count.u64(registers_.size() + revoked_.size());
  if (!append_record(count.bytes())) return;
  for (const auto& [key, reg] : registers_) {
    ByteWriter w;
    w.u32(kRegister).u64(key).text(reg.name);
    put(w, reg.promised);
    put(w, reg.accepted);
    put(w, reg.value);
    if (!append_record(w.bytes())) return;
  }
  auto write_session = [this](Type type, SessionId session, host::HostId holder) {
    ByteWriter w;
    w.u32(type).u64(session).u32(holder);
    return append_record(w.bytes());
  };
  for (const auto& [holder, sessions] : given_up_)
    for (SessionId session : sessions)
      if (!write_session(kGivenUp, session, holder)) return;
  for (const auto& [session, holder] : revoked_) {
    auto given_up = given_up_.find(holder);
    if (given_up != given_up_.end() && std::ranges::count(given_up->second, session)) continue;
    if (!write_session(kRevoked, session, holder)) return;
  }
  if (file_->sync() != disk::DiskError::kNone) return;
  synced_ = records_;
  broken_ = false;
  for (const std::string& other : disk.list(kLogPrefix))
    if (other != name) (void)disk.remove(other);
}

bool DirectoryMember::append_record(std::string_view body) {
  ByteWriter w;
  const uint64_t number = records_ + 1;
  w.u32(kMagic).u32(static_cast<uint32_t>(body.size())).u64(number).u64(synced_);
  w.u64(checksum_of(number, synced_, body)).raw(body.data(), body.size());
  if (file_->append(Buffer::copy(w.bytes())) != disk::DiskError::kNone) return false;
  ++records_;
  return true;
}

void DirectoryMember::write(std::string_view body) {
  if (!broken_ && !append_record(body)) broken_ = true;
}

void DirectoryMember::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (lost_) return;
  const net::Message::Kind* kind = &message->kind();
  if (kind == &PrepareRequest::kKind) {
    on_prepare(caller, message->as<PrepareRequest>());
  } else if (kind == &AcceptRequest::kKind) {
    on_accept(caller, message->as<AcceptRequest>());
  } else if (kind == &ReadRequest::kKind) {
    const ObjectInfo& object = *message->as<ReadRequest>().object;
    auto it = registers_.find(object.key);
    // What is not synced yet may be read: whoever reads asks three members.
    if (it == registers_.end())
      caller.reply(make_ref<const RegisterReply>(true, Ballot{}, Ballot{}, Placement{}));
    else
      caller.reply(make_ref<const RegisterReply>(true, it->second.promised, it->second.accepted,
                                                 it->second.value));
  } else if (kind == &RenewRequest::kKind) {
    const RenewRequest& renew = message->as<RenewRequest>();
    const bool ended = revoked_.contains(renew.session);
    if (!ended) renewed_[renew.session] = process_.clock().now();
    caller.reply(make_ref<const SessionReply>(ended, Duration{}));
  } else if (kind == &RevokeRequest::kKind) {
    on_revoke(caller, message->as<RevokeRequest>());
  }
}

DirectoryMember::Register& DirectoryMember::register_of(const ObjectInfo& object) {
  Register& reg = registers_[object.key];
  if (reg.name.empty()) reg.name = object.name;
  ORRERY_CHECK(reg.name == object.name, "two object names share one key");
  return reg;
}

void DirectoryMember::on_prepare(const net::Caller& caller, const PrepareRequest& request) {
  Register& reg = register_of(*request.object);
  const bool ok = request.ballot > reg.promised;
  if (ok) {
    reg.promised = request.ballot;
    ByteWriter w;
    w.u32(kPromised).u64(request.object->key).text(reg.name);
    put(w, reg.promised);
    write(w.bytes());
  }
  answer_after_sync(caller,
                    make_ref<const RegisterReply>(ok, reg.promised, reg.accepted, reg.value));
}

void DirectoryMember::on_accept(const net::Caller& caller, const AcceptRequest& request) {
  Register& reg = register_of(*request.object);
  const bool ok = request.ballot >= reg.promised;
  if (ok) {
    reg.promised = reg.accepted = request.ballot;
    reg.value = request.value;
    ByteWriter w;
    w.u32(kAccepted).u64(request.object->key);
    put(w, reg.accepted);
    put(w, reg.value);
    write(w.bytes());
  }
  answer_after_sync(caller,
                    make_ref<const RegisterReply>(ok, reg.promised, reg.accepted, reg.value));
}

void DirectoryMember::on_revoke(const net::Caller& caller, const RevokeRequest& request) {
  const bool known = revoked_.contains(request.session);
  if (!known) {
    // The holder stops at lease on a clock that is at most the bound slow; ours may be fast by it.
    const int64_t ppm = options_.drift_bound_ppm;
    const Duration wait{options_.lease.us * (1'000'000 + ppm) / (1'000'000 - ppm) + 1};
    Instant last = started_local_;
    if (auto it = renewed_.find(request.session); it != renewed_.end())
      last = std::max(last, it->second);
    const bool weak = options_.weaken.leases_forever;
    const Duration passed = weak ? Duration{0} : process_.clock().now() - last;
    if (!request.by_holder && passed < wait && !options_.weaken.grants_early) {
      caller.reply(make_ref<const SessionReply>(false, wait - passed));
      return;
    }
    revoked_[request.session] = request.holder;
    renewed_.erase(request.session);
    process_.world().announce(
        SessionRevoked{process_.lane(), request.holder, request.session, request.by_holder});
  }
  const bool given_up = request.by_holder && give_up(request.session, request.holder);
  if (!known || given_up) {
    ByteWriter w;
    w.u32(given_up ? kGivenUp : kRevoked).u64(request.session).u32(request.holder);
    write(w.bytes());
  }
  answer_after_sync(caller, make_ref<const SessionReply>(true, Duration{}));
}

void DirectoryMember::answer_after_sync(const net::Caller& caller,
                                        Ref<const net::Message> message) {
  pending_.push_back({caller, std::move(message)});
  if (!syncing_) start_sync();
}

void DirectoryMember::start_sync() {
  syncing_ = true;
  process_.world().loop().schedule_in(process_.disk().sync_latency(), kSync, process_.owner(),
                                      [this, replies = pending_.size(), upto = records_] {
                                        finish_sync(replies, upto);
                                      });
}

// A sync answers those whose records were written before it began.
void DirectoryMember::finish_sync(size_t replies, uint64_t upto) {
  if (!broken_ && file_->sync() != disk::DiskError::kNone) broken_ = true;
  if (broken_) {
    ORRERY_SOMETIMES(process_.world(), true, "a directory member writes its file anew");
    rewrite_file();
    if (broken_) {
      process_.world().loop().schedule_in(kDiskRetry, kDiskRetryPause, process_.owner(),
                                          [this] { start_sync(); });
      return;
    }
    replies = pending_.size();
  } else {
    synced_ = std::max(synced_, upto);
  }
  for (size_t i = 0; i < replies; ++i) pending_[i].caller.reply(std::move(pending_[i].message));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(replies));
  if (records_ > 2 * (registers_.size() + revoked_.size()) + kDirectoryCompactAfter)
    rewrite_file();
  syncing_ = false;
  if (!pending_.empty()) start_sync();
}

}  // namespace orrery::durable
