// What Workers KV announces, on the lane of the key ("kv:FLAGS/beta"; lists: "kv:FLAGS"). Enough to judge
// staleness without trusting the caches: what a back end made durable and when, what each reader got and when a
// back end was last asked for it, and which delays were declared.
//
// The bound of a read at t in a point of presence: everything acknowledged before
//   t - (largest cacheTtl used there) - (delays declared) - (time the back ends differed: from a version's
//   first Stored to its second)
// must be seen: the version served is at least as great.
#pragma once

#include <string>
#include <string_view>

#include "platform/kv/messages.h"
#include "sim/core/trace.h"

namespace orrery::kv {

// A back end made a version durable.
struct Stored {
  static constexpr const char* kKind = "kv.stored";
  LaneId lane;
  Version version;
  bool deleted;
  uint32_t back_end;     // 1 or 2
  bool reconciled;       // it came from the other back end, not from a writer
  bool kept;             // false: a greater version was there already
  Duration visible_in;   // readers see it after so long (a kv_delay fault), else 0
  Instant accepted;      // when it was let past the limit of one write per second
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(version.written_us)).add(version.host).add(back_end).add(kept);
  }
  std::string text() const {
    std::string out = "back end " + std::to_string(back_end) + " has version " + version.text();
    if (deleted) out += " (deleted)";
    if (reconciled) out += " from the other one";
    if (!kept) out += ", keeps a later one";
    if (visible_in.us) out += ", visible in " + std::to_string(visible_in.us / 1000) + " ms";
    return out;
  }
};

// Two versions of one key met at a back end; the greater stays.
struct ConflictResolved {
  static constexpr const char* kKind = "kv.conflict";
  LaneId lane;
  Version kept;
  Version dropped;
  uint32_t back_end;
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(kept.written_us)).add(static_cast<uint64_t>(dropped.written_us));
  }
  std::string text() const {
    return "back end " + std::to_string(back_end) + " keeps version " + kept.text() + ", drops " +
           dropped.text();
  }
};

// A put or delete was acknowledged to its caller.
struct WriteAcknowledged {
  static constexpr const char* kKind = "kv.write";
  LaneId lane;
  Version version;
  bool deleted;
  uint32_t pop;
  host::HostId host;
  uint32_t back_end;  // the first that had it
  Instant asked;
  std::string_view value;  // the beginning of it, for stories
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(version.written_us)).add(host).add(back_end).add(deleted);
  }
  std::string text() const {
    return (deleted ? "deleted" : "put " + std::string(value.substr(0, 40))) + ", version " +
           version.text() + ", first at back end " + std::to_string(back_end);
  }
};

// A put or delete was refused or its end is not known.
struct WriteFailed {
  static constexpr const char* kKind = "kv.write_failed";
  LaneId lane;
  Version version;
  int status;    // 429, 500, 503
  bool unknown;  // it may be stored all the same
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(status)).add(unknown); }
  std::string text() const {
    return "write fails with " + std::to_string(status) + (unknown ? ", but may be stored" : "");
  }
};

// A read was answered to its caller.
struct ReadServed {
  static constexpr const char* kKind = "kv.read";
  LaneId lane;
  Version version;  // none: never written, as far as that back end knew
  bool found;       // false: null was given (never written, deleted or expired)
  bool list;
  uint32_t pop;
  host::HostId host;
  Tier tier;  // who had it
  uint32_t back_end;
  Duration cache_ttl;
  Instant asked;    // when the read began
  Instant fetched;  // a back end was read no earlier than this
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(version.written_us)).add(found).add(static_cast<uint64_t>(tier));
    f.add(static_cast<uint64_t>(fetched.us));
  }
  std::string text() const {
    return std::string(list ? "list" : found ? "get" : "get null") +
           (list ? "" : ", version " + version.text()) + ", from " + to_string(tier);
  }
};

// A cache took an entry in (or took over what its own point of presence wrote).
struct CacheFilled {
  static constexpr const char* kKind = "kv.fill";
  LaneId lane;
  Version version;
  bool found;
  Tier tier;
  uint32_t pop;
  Instant fetched;
  bool refreshed;  // behind the readers' backs
  void fold(Fold& f) const {
    f.add(static_cast<uint64_t>(version.written_us)).add(found).add(static_cast<uint64_t>(tier));
  }
  std::string text() const {
    return std::string("cached in the ") + to_string(tier) + " tier: " +
           (found ? "version " + version.text() : "nothing there");
  }
};

// A read met a value past its expiration.
struct Expired {
  static constexpr const char* kKind = "kv.expired";
  LaneId lane;
  Version version;
  int64_t expiration_s;
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(expiration_s)); }
  std::string text() const { return "version " + version.text() + " has expired"; }
};

// A delay of propagation came into force or is over: writes stored from now on are seen later by `delay`. On
// the world's lane when it holds for all namespaces, else on that of the namespace.
struct DelayDeclared {
  static constexpr const char* kKind = "kv.delay";
  LaneId lane;
  std::string_view space;  // namespace id; empty: all
  Duration delay;          // of all that are in force now; 0: none any more
  void fold(Fold& f) const { f.add(static_cast<uint64_t>(delay.us)); }
  std::string text() const {
    return delay.us ? "KV writes are seen " + std::to_string(delay.us / 1000) + " ms late"
                    : "KV writes are seen at once again";
  }
};

}  // namespace orrery::kv
