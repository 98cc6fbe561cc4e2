// A member's file: what it must not forget, as a run of checksummed records.
//
//   directory/born.<birth>                left when the disk was first found empty
//   directory/log.<birth>.<generation>    count | record | record | ...
//   record = u32 magic | u32 body bytes | u64 number | u64 synced | u64 checksum | body
//
// Records are numbered from 1; `synced` is the number of the last one known durable when this one was written.
// Reading stops at the first record whose checksum is wrong: a torn tail that nobody was told about, unless a later
// sound record says it had been synced; then the disk is damaged. Rewriting makes the next generation, syncs it, then
// removes the former; a generation is whole once its first record (a count) is followed by that many.
//
// Invariant: no file of one birth is read under another.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/durable/directory/member_state.h"
#include "sim/disk/disk.h"
#include "sim/host/host.h"

namespace orrery::durable {

class MemberFile {
 public:
  enum class Found {
    kFirstBoot,   // nothing yet, and nothing is missing
    kState,       // `state` is what was written
    kLost,        // what was written is gone or damaged
    kUnreadable,  // the disk refuses to be read: try again
  };

  explicit MemberFile(host::Process& process) : process_(process) {}

  // Reads everything back. Sets `birth()`.
  Found load(MemberState* state);
  // The incarnation in which this disk began empty.
  uint32_t birth() const { return birth_; }
  // Begins the disk anew as one born now; what was on it is not read again.
  void be_born();
  // Continues as the member of `birth` with nothing. For a planted weakness only.
  void pretend(uint32_t birth) { birth_ = birth; }

  // Each appends a record. What fails makes the file stale.
  void promised(uint64_t key, const Register& reg);
  void accepted(uint64_t key, const Register& reg);
  void revoked(SessionId session, host::HostId holder, bool given_up);
  void change_promised(const Ballot& ballot);
  void next_accepted(const Ballot& ballot, const View& next);

  // What is on disk is not the state any more (a failed call, or another state altogether): only rewriting helps.
  bool stale() const { return stale_; }
  void mark_stale() { stale_ = true; }
  // Writes everything into a file of the next generation, synced; still stale if that failed.
  void rewrite(const MemberState& state);
  uint64_t records() const { return records_; }
  // Syncs; then the first `upto` records are durable.
  void sync(uint64_t upto);
  // Whether there are so many more records than `state` needs that rewriting pays.
  bool bloated(const MemberState& state) const;

 private:
  bool append(std::string_view body);
  void write(std::string_view body);
  bool write_all(const MemberState& state);
  bool mark_birth();

  host::Process& process_;
  std::shared_ptr<disk::File> file_;
  uint32_t birth_ = 1;
  bool birth_marked_ = false;
  uint64_t generation_ = 0;
  uint64_t records_ = 0;  // in the present file
  uint64_t synced_ = 0;   // of them known durable
  bool stale_ = true;
};

}  // namespace orrery::durable
