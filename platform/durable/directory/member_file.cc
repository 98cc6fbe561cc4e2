#include "platform/durable/directory/member_file.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "platform/durable/directory/codec.h"
#include "platform/durable/directory/record_frame.h"

namespace orrery::durable {
namespace {

constexpr std::string_view kBornPrefix = "directory/born.";
constexpr std::string_view kLogPrefix = "directory/log.";
constexpr RecordFrame kFrame{.magic = 0x4f444d32, .body_max = 1 << 20};

enum Type : uint32_t {
  kPromised = 1,
  kAccepted = 2,
  kRevoked = 3,
  kRegister = 4,
  kGivenUp = 5,
  kRefused = 6,
  kView = 7,
  kChangePromised = 8,
  kNextAccepted = 9,
};

std::string session_record(Type type, SessionId session, host::HostId holder) {
  ByteWriter w;
  w.u32(type).u64(session).u32(holder);
  return w.bytes();
}
std::string view_record(const View& view) {
  ByteWriter w;
  w.u32(kView);
  put(w, view);
  return w.bytes();
}
std::string change_record(const Ballot& ballot) {
  ByteWriter w;
  w.u32(kChangePromised);
  put(w, ballot);
  return w.bytes();
}
std::string next_record(const Ballot& ballot, const View& next) {
  ByteWriter w;
  w.u32(kNextAccepted);
  put(w, ballot);
  put(w, next);
  return w.bytes();
}
std::string register_record(uint64_t key, const Register& reg) {
  ByteWriter w;
  w.u32(kRegister).u64(key).text(reg.name);
  put(w, reg.promised);
  put(w, reg.accepted);
  put(w, reg.value);
  return w.bytes();
}

void apply(std::string_view body, MemberState& state) {
  ByteReader r(body);
  const uint32_t type = r.u32();
  switch (type) {
    case kRevoked: case kGivenUp: case kRefused: {
      const SessionId session = r.u64();
      const host::HostId holder = r.u32();
      if (type == kRefused) {
        state.refused[session] = holder;
        return;
      }
      state.revoked[session] = holder;
      state.refused.erase(session);
      if (type == kGivenUp) state.give_up(session, holder);
      return;
    }
    case kView: state.view = get_view(r); return;
    case kChangePromised: state.change = get_ballot(r); return;
    case kNextAccepted:
      state.change = state.next_ballot = get_ballot(r);
      state.next = get_view(r);
      return;
    default: break;
  }
  const uint64_t key = r.u64();
  Register& reg = state.registers[key];
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

enum class Replay { kWhole, kUnfinished, kDamaged };

Replay replay(World& world, std::string_view bytes, MemberState& state) {
  FramedRecord record;
  uint64_t number = 0, expected = UINT64_MAX;
  size_t at = 0;
  while (at < bytes.size() && kFrame.read(bytes.substr(at), record) &&
         record.number == number + 1) {
    number = record.number;
    if (number == 1) {
      ByteReader r(record.body);
      expected = r.u64() + 1;
    } else {
      apply(record.body, state);
    }
    at += RecordFrame::kHeaderBytes + record.body.size();
  }
  if (kFrame.misses_synced(bytes, at, number)) return Replay::kDamaged;
  if (number < expected) return Replay::kUnfinished;
  ORRERY_SOMETIMES(world, at < bytes.size(), "a directory member cuts a torn tail");
  return Replay::kWhole;
}

uint64_t number_after(std::string_view name, size_t prefix) {
  uint64_t number = 0;
  std::from_chars(name.data() + prefix, name.data() + name.size(), number);
  return number;
}

std::string log_prefix(uint32_t birth) {
  return std::string(kLogPrefix) + std::to_string(birth) + ".";
}

}  // namespace

MemberFile::Found MemberFile::load(MemberState* state) {
  disk::Disk& disk = process_.disk();
  birth_ = process_.incarnation();
  birth_marked_ = false;
  uint64_t born = 0;
  for (const std::string& name : disk.list(kBornPrefix))
    born = std::max(born, number_after(name, kBornPrefix.size()));
  // A host that ran before left a mark; without it the disk is not the one this member wrote to.
  if (born == 0) return process_.incarnation() == 1 ? Found::kFirstBoot : Found::kLost;
  const std::string prefix = log_prefix(static_cast<uint32_t>(born));
  std::vector<std::pair<uint64_t, std::string>> logs;  // by generation
  for (const std::string& name : disk.list(prefix)) logs.push_back({number_after(name, prefix.size()), name});
  std::sort(logs.begin(), logs.end());
  for (; !logs.empty(); logs.pop_back()) {
    generation_ = std::max(generation_, logs.back().first);
    disk::DiskError error = disk::DiskError::kNone;
    std::shared_ptr<disk::File> file = disk.open(logs.back().second, false, &error);
    std::string bytes(file ? file->size() : 0, '\0');
    size_t got = 0;
    if (!file || file->read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, &got) !=
                     disk::DiskError::kNone)
      return Found::kUnreadable;
    *state = {};
    const Replay replayed = replay(process_.world(), std::string_view(bytes).substr(0, got), *state);
    if (replayed == Replay::kDamaged) return Found::kLost;
    if (replayed == Replay::kUnfinished) continue;  // the one before is whole
    birth_ = static_cast<uint32_t>(born);
    birth_marked_ = true;
    return Found::kState;
  }
  return Found::kLost;
}

void MemberFile::be_born() { birth_ = process_.incarnation(); }

bool MemberFile::mark_birth() {
  if (birth_marked_) return true;
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  const std::string name = std::string(kBornPrefix) + std::to_string(birth_);
  std::shared_ptr<disk::File> mark = disk.open(name, true, &error);
  if (!mark || mark->append(Buffer::copy("directory member")) != disk::DiskError::kNone ||
      mark->sync() != disk::DiskError::kNone)
    return false;
  return birth_marked_ = true;
}

void MemberFile::rewrite(const MemberState& state) {
  disk::Disk& disk = process_.disk();
  stale_ = true;
  if (!mark_birth()) return;
  disk::DiskError error = disk::DiskError::kNone;
  const std::string name = log_prefix(birth_) + std::to_string(generation_ + 1);
  file_ = disk.open(name, true, &error);
  if (!file_ || file_->truncate(0) != disk::DiskError::kNone) return;
  ++generation_;
  records_ = synced_ = 0;
  if (!write_all(state) || file_->sync() != disk::DiskError::kNone) return;
  synced_ = records_;
  stale_ = false;
  for (const std::string& other : disk.list(kLogPrefix))
    if (other != name) (void)disk.remove(other);
}

bool MemberFile::write_all(const MemberState& state) {
  std::vector<std::string> bodies;
  if (state.view) bodies.push_back(view_record(*state.view));
  if (state.next) bodies.push_back(next_record(state.next_ballot, *state.next));
  if (state.sealed()) bodies.push_back(change_record(state.change));
  for (const auto& [key, reg] : state.registers) bodies.push_back(register_record(key, reg));
  for (const auto& [holder, sessions] : state.given_up)
    for (SessionId session : sessions) bodies.push_back(session_record(kGivenUp, session, holder));
  for (const auto& [session, holder] : state.revoked)
    if (!state.was_given_up(session, holder))
      bodies.push_back(session_record(kRevoked, session, holder));
  for (const auto& [session, holder] : state.refused)
    bodies.push_back(session_record(kRefused, session, holder));
  ByteWriter count;
  count.u64(bodies.size());
  return append(count.bytes()) &&
         std::ranges::all_of(bodies, [this](const std::string& body) { return append(body); });
}

bool MemberFile::append(std::string_view body) {
  const std::string record = kFrame.framed({records_ + 1, synced_, body});
  if (file_->append(Buffer::copy(record)) != disk::DiskError::kNone) return false;
  ++records_;
  return true;
}

void MemberFile::write(std::string_view body) {
  if (!stale_ && !append(body)) stale_ = true;
}

void MemberFile::promised(uint64_t key, const Register& reg) {
  ByteWriter w;
  w.u32(kPromised).u64(key).text(reg.name);
  put(w, reg.promised);
  write(w.bytes());
}

void MemberFile::accepted(uint64_t key, const Register& reg) {
  ByteWriter w;
  w.u32(kAccepted).u64(key);
  put(w, reg.accepted);
  put(w, reg.value);
  write(w.bytes());
}

void MemberFile::revoked(SessionId session, host::HostId holder, bool given_up) {
  write(session_record(given_up ? kGivenUp : kRevoked, session, holder));
}

void MemberFile::change_promised(const Ballot& ballot) { write(change_record(ballot)); }

void MemberFile::next_accepted(const Ballot& ballot, const View& next) {
  write(next_record(ballot, next));
}

void MemberFile::sync(uint64_t upto) {
  if (stale_) return;
  if (file_->sync() != disk::DiskError::kNone)
    stale_ = true;
  else
    synced_ = std::max(synced_, upto);
}

bool MemberFile::bloated(const MemberState& state) const {
  return records_ > 2 * (state.registers.size() + state.revoked.size() + state.refused.size()) +
                        kDirectoryCompactAfter;
}

}  // namespace orrery::durable
