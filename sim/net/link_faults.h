// The named faults of links that are in force, and what they add up to between two hosts. Pure
// data: knows nothing of messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/net/network.h"

namespace orrery::net {

// All faults on one link, added up.
struct LinkState {
  bool blocked = false;
  int64_t extra_us = 0;
  int64_t loss_ppm = 0;
  int64_t tail_ppm = 0;
  int64_t tail_us = 0;
  int64_t bytes_per_second = 0;
  bool operator==(const LinkState&) const = default;
  // True if a message is carried as if there were no fault at all.
  bool clear() const { return *this == LinkState{}; }
};

class LinkFaults {
 public:
  explicit LinkFaults(const Geography& geography) : geography_(geography) {}

  // Replaces a fault of the same name in its place.
  void set(std::string_view name, Endpoints a, Endpoints b, bool one_way, const LinkFault& fault);
  bool erase(std::string_view name);
  std::vector<std::string> names() const;
  bool empty() const { return faults_.empty(); }

  LinkState between(const host::Host& from, const host::Host& to) const;
  // Those that let nothing pass, by name.
  std::vector<std::string> blocking(const host::Host& from, const host::Host& to) const;
  std::string explain_endpoint(std::string_view name) const;

 private:
  struct Named {
    std::string name;
    Endpoints a, b;
    bool one_way;
    LinkFault fault;
  };
  bool matches(const Endpoints& set, const host::Host& host) const;
  bool touches(const Named& fault, const host::Host& from, const host::Host& to) const;

  const Geography& geography_;
  std::vector<Named> faults_;  // in order of beginning
};

// "FRA, SIN", or "a predicate": for texts.
std::string describe(const Endpoints& endpoints);

}  // namespace orrery::net
