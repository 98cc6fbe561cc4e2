// How ballots, placements and views stand in durable files.
#pragma once

#include "platform/durable/directory/bytes.h"
#include "platform/durable/directory/messages.h"
#include "platform/durable/directory/view.h"

namespace orrery::durable {

inline void put(ByteWriter& w, const Ballot& b) { w.u64(b.counter).u32(b.host).u32(b.incarnation); }
inline Ballot get_ballot(ByteReader& r) {
  Ballot b;
  b.counter = r.u64();
  b.host = r.u32();
  b.incarnation = r.u32();
  return b;
}

inline void put(ByteWriter& w, const Placement& p) {
  w.u64(p.epoch).u32(p.owner).u64(p.session);
  for (host::HostId h : p.followers) w.u32(h);
  w.u32(p.home_pop);
}
inline Placement get_placement(ByteReader& r) {
  Placement p;
  p.epoch = r.u64();
  p.owner = r.u32();
  p.session = r.u64();
  for (host::HostId& h : p.followers) h = r.u32();
  p.home_pop = r.u32();
  return p;
}

inline void put(ByteWriter& w, const View& v) {
  w.u64(v.number);
  for (const ViewMember& m : v.members) w.u32(m.host).u32(m.birth);
}
inline Ref<const View> get_view(ByteReader& r) {
  const uint64_t number = r.u64();
  View::Members members;
  for (ViewMember& m : members) {
    m.host = r.u32();
    m.birth = r.u32();
  }
  return make_ref<const View>(number, members);
}

}  // namespace orrery::durable
