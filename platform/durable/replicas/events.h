// What replicas announce, each on a lane of its own ("do:Cart/42@WEUR").
#pragma once

#include <string>
#include <string_view>

#include "platform/durable/replication/log_entry.h"
#include "sim/core/trace.h"
#include "sim/host/host.h"

namespace orrery::durable {

// A replica of the object `of` began: its constructor is about to run.
struct ReplicaStarted {
  static constexpr const char* kKind = "replica.started";
  LaneId lane;
  LaneId of;
  host::HostId host;
  std::string_view host_name;
  void fold(Fold& f) const { f.add(host); }
  std::string text() const { return "starts on " + std::string(host_name); }
};

// From now on its code reads the object as it is after this entry.
struct ReplicaReads {
  static constexpr const char* kKind = "replica.reads";
  LaneId lane;
  LaneId of;
  host::HostId host;
  LogPosition position;
  void fold(Fold& f) const { f.add(position.epoch).add(position.index); }
  std::string text() const {
    return "has the object as of entry " + std::to_string(position.index) + " of epoch " + std::to_string(position.epoch);
  }
};

// waitForBookmark() resolves: of `wanted`, with the object as it is after entry `index`.
struct ReplicaWaited {
  static constexpr const char* kKind = "replica.waited";
  LaneId lane;
  host::HostId host;
  uint64_t wanted;
  uint64_t index;
  void fold(Fold& f) const { f.add(wanted).add(index); }
  std::string text() const {
    return "waited for entry " + std::to_string(wanted) + " and has entry " + std::to_string(index);
  }
};

}  // namespace orrery::durable
