#include "sim/net/switchboard.h"

namespace orrery::net {

namespace {

constexpr Site kStuck{"net.stuck"};
constexpr Site kSwept{"net.swept"};
// How many of the messages on the wire at a crash still arrive, of those towards one host.
constexpr Site kLastWords{"net.last_words"};

}  // namespace

void Switchboard::partition(std::string_view name, Endpoints a, Endpoints b, bool one_way) {
  LinkFault fault;
  fault.blocked = true;
  degrade(name, std::move(a), std::move(b), one_way, fault);
}

void Switchboard::degrade(std::string_view name, Endpoints a, Endpoints b, bool one_way,
                          const LinkFault& fault) {
  auto lane = fault_lanes_.find(name);
  if (lane == fault_lanes_.end()) {
    std::string full = (fault.blocked ? "partition:" : "link:") + std::string(name);
    lane = fault_lanes_.emplace(name, world_.trace().lane(full, "link")).first;
  }
  std::string what = describe(a) + (one_way ? " -> " : " <-> ") + describe(b);
  if (fault.blocked) what += ": nothing passes";
  if (fault.extra_delay.us) what += ": +" + std::to_string(fault.extra_delay.us) + " us";
  if (fault.loss.numerator)
    what += ": loses " + std::to_string(fault.loss.numerator) + "/" +
            std::to_string(fault.loss.denominator);
  if (fault.tail.numerator)
    what += ": " + std::to_string(fault.tail.numerator) + "/" +
            std::to_string(fault.tail.denominator) + " late by up to " +
            std::to_string(fault.tail_delay.us) + " us";
  if (fault.bytes_per_second) what += ": " + std::to_string(fault.bytes_per_second) + " B/s";
  faults_.set(name, std::move(a), std::move(b), one_way, fault);
  uint64_t touched = 0;
  for (const auto& link : links_) {
    const LinkState state = faults_.between(hosts_.by_id(link->from), hosts_.by_id(link->to));
    touched += !(state == link->state);
  }
  std::string name_copy(name);
  world_.announce(LinkFaultBegan{lane->second, name_copy, fault.blocked, one_way, touched, what});
  refresh_all();
}

bool Switchboard::heal(std::string_view name) {
  if (!faults_.erase(name)) return false;
  std::string name_copy(name);
  world_.announce(LinkFaultEnded{fault_lanes_.find(name)->second, name_copy});
  refresh_all();
  return true;
}

void Switchboard::heal_all() {
  for (const std::string& name : faults_.names()) heal(name);
}

std::vector<std::string> Switchboard::blocked_by(host::HostId from, host::HostId to) const {
  auto& hosts = const_cast<host::Hosts&>(hosts_);
  return faults_.blocking(hosts.by_id(from), hosts.by_id(to));
}

bool Switchboard::connected(host::HostId from, host::HostId to) const {
  auto& hosts = const_cast<host::Hosts&>(hosts_);
  return !faults_.between(hosts.by_id(from), hosts.by_id(to)).blocked;
}

void Switchboard::refresh_all() {
  world_.loop().touch();
  for (uint32_t i = 0; i < links_.size(); ++i) refresh(i);
}

void Switchboard::refresh(uint32_t index) {
  Link& link = *links_[index];
  LinkState state = faults_.between(hosts_.by_id(link.from), hosts_.by_id(link.to));
  if (state == link.state) return;
  bool was_blocked = link.state.blocked;
  set_state(link, state);
  if (state.blocked && !was_blocked) {
    hold_all(link);
    // Both senders may wait now: this one for its messages to pass, the other for news of its own.
    if (link.first != kNone) watch_progress(index);
    if (links_[link.reverse]->first != kNone) watch_progress(link.reverse);
  } else if (!state.blocked && was_blocked) {
    release_all(link);
    if (!links_[link.reverse]->state.blocked) {
      stop_watching(link);
      stop_watching(*links_[link.reverse]);
    }
  }
}

void Switchboard::set_state(Link& link, const LinkState& state) {
  link.state = state;
  link.degraded = !state.clear();
  // The chance of k losses and then a success, in millionths; the last takes all that is left.
  int64_t left = 1'000'000;
  for (size_t k = 0; k + 1 < link.loss_weights.size(); ++k) {
    int64_t next = left * state.loss_ppm / 1'000'000;
    link.loss_weights[k] = static_cast<uint32_t>(left - next);
    left = next;
  }
  link.loss_weights.back() = static_cast<uint32_t>(left);
}

// Takes what is on the wire back to its sender, which will send it again.
void Switchboard::hold_all(Link& link) {
  for (uint32_t i = link.first; i != kNone; i = records_[i].next) {
    ++statistics_.held;
    world_.loop().cancel(records_[i].event);
  }
  ORRERY_SOMETIMES(world_, link.first != kNone, "a partition catches messages on the wire");
  link.last_at.fill(0);
}

void Switchboard::release_all(Link& link) {
  for (uint32_t i = link.first; i != kNone; i = records_[i].next) {
    // Each time is an event of its own, whose delay is another decision.
    const uint16_t before = records_[i].released++;
    CauseScope scope(world_.cause(), before ? mix64(records_[i].cause, before) : records_[i].cause);
    schedule_delivery(link, i);
  }
}

// Starts the stream timeout of this link's sender unless it runs already.
void Switchboard::watch_progress(uint32_t index) {
  Link& link = *links_[index];
  host::Process* process = process_of(link.from);
  if (link.stuck || !process) return;
  link.stuck = true;
  link.stuck_timer = world_.loop().schedule_in(kStreamTimeout, kStuck, process->owner(),
                                               [this, index] { break_by_timeout(index); });
}

void Switchboard::stop_watching(Link& link) {
  link.stuck = false;
  world_.loop().cancel(link.stuck_timer);
}

void Switchboard::break_by_timeout(uint32_t index) {
  Link& link = *links_[index];
  if (!in_use(link)) {
    // Only a reset waits here. A new epoch would be one that the peer is never told of: what it sends
    // in the present one would be dropped as stale, without news.
    ORRERY_SOMETIMES(world_, true, "nothing but a reset waits on a stuck stream");
    stop_watching(link);
    return;
  }
  ++statistics_.broken;
  ORRERY_SOMETIMES(world_, true, "a stream breaks for want of progress");
  lose_peer(index, link.epoch + 1, true);
}

void Switchboard::reset(host::HostId id) {
  // By index: those who hear of it may make others, which are whole.
  const std::vector<uint32_t> links = node(id).links;
  for (uint32_t index : links) {
    Link& link = *links_[index];
    if (!in_use(link)) continue;
    ++statistics_.broken;
    ORRERY_SOMETIMES(world_, true, "a connection is reset on its way");
    lose_peer(index, link.epoch + 1, true);
  }
}

void Switchboard::sweep(uint32_t index, uint32_t record) {
  const Link& link = *links_[index];
  if (link.from == link.to || !world_.sweep().hits(Sweep::Kind::kMessage)) return;
  static constexpr const char* kWords[] = {"message", "request", "reply", "refusal", "reset"};
  const Record& r = records_[record];
  std::string what = kWords[static_cast<size_t>(r.carriage)];
  if (r.message) what += std::string(" ") + r.message->kind().name;
  world_.sweep().fire(world_.now(), what + " of " + hosts_.by_id(link.from).name() + " -> " + hosts_.by_id(link.to).name());
  // Never from within whoever sends.
  world_.loop().schedule(world_.now(), kSwept, kWorldOwner, [this, index, cause = r.cause] { break_before(index, cause); });
}

void Switchboard::break_before(uint32_t index, uint64_t record_cause) {
  Link& link = *links_[index];
  uint32_t i = link.first;
  while (i != kNone && records_[i].cause != record_cause) i = records_[i].next;
  while (i != kNone) {
    const uint32_t next = records_[i].next;
    if (records_[i].carriage != Carriage::kReset) free_record(i);
    i = next;
  }
  world_.loop().touch();
  ++statistics_.broken;
  if (process_of(link.from)) lose_peer(index, link.epoch + 1, true);
}

// Tells the other side, as soon as it can be told, that the connection before this epoch is gone.
void Switchboard::send_reset(uint32_t index) {
  Link& link = *links_[index];
  if (link.last != kNone) {
    Record& last = records_[link.last];
    bool held = last.event.slot == EventHandle{}.slot;
    if (held && last.carriage == Carriage::kReset) {
      last.epoch = link.epoch;
      return;
    }
  }
  uint32_t used = link.channels_used;
  transmit(index, Carriage::kReset, 0, 0, nullptr);
  link.channels_used = used;
  stop_watching(link);  // a reset is not something to wait for
}

// Drops what was never put on the wire, of connections before `epoch`.
void Switchboard::purge_held_before(Link& link, uint32_t epoch) {
  for (uint32_t i = link.first; i != kNone;) {
    uint32_t next = records_[i].next;
    const Record& r = records_[i];
    if (r.event.slot == EventHandle{}.slot && r.epoch < epoch && r.carriage != Carriage::kReset) {
      ORRERY_SOMETIMES(world_, r.carriage == Carriage::kReply, "a reply is lost after handling");
      free_record(i);
    }
    i = next;
  }
}

// This link's sender learns that its connection with the peer is gone.
void Switchboard::lose_peer(uint32_t index, uint32_t epoch, bool by_timeout) {
  Link& link = *links_[index];
  stop_watching(link);
  bool was_established = link.established;
  bool was_in_use = in_use(link);
  uint32_t channels = link.channels_used;
  link.epoch = epoch;
  link.established = false;
  link.channels_used = 0;
  host::Process* process = process_of(link.from);
  if (!process || !was_in_use) return;
  host::Host& host = process->host();
  world_.announce(StreamBroken{host.lane(), host, hosts_.by_id(link.to), by_timeout});

  // Calls whose request never left, for want of any connection, surely were not handled.
  std::vector<uint64_t> unsent;
  if (by_timeout && !was_established) {
    for (uint32_t c = link.first_call; c != kNone; c = calls_[c].next) {
      const Call& call = calls_[c];
      if (call.epoch < epoch && call.record != kNone &&
          records_[call.record].event.slot == EventHandle{}.slot)
        unsent.push_back(pack(c, call.generation));
    }
  }
  purge_held_before(link, epoch);
  if (by_timeout) send_reset(index);

  // Each end of a call may start others or forget some; those of the new epoch stand behind.
  for (uint64_t packed : unsent)
    if (call_at(packed))
      finish_call(static_cast<uint32_t>(packed), {nullptr, CallError::kUnreachable});
  while (link.first_call != kNone && calls_[link.first_call].epoch < epoch)
    finish_call(link.first_call, {nullptr, CallError::kDisconnected});
  for (uint32_t channel = 0; channel < kMaxChannels; ++channel) {
    Handler* handler = channels >> channel & 1 ? node(link.from).handlers[channel] : nullptr;
    if (handler) handler->on_peer_lost(link.to);
  }
}

// What was sent while the host was down is the world's; now it waits when the process pauses, in its
// place among what was sent since.
void Switchboard::process_started(host::HostId id) {
  OwnerId owner = process_of(id)->owner();
  for (uint32_t index : node(id).links) {
    const Link& towards = *links_[links_[index]->reverse];
    for (uint32_t i = towards.first; i != kNone; i = records_[i].next)
      world_.loop().give(records_[i].event, owner);
  }
}

void Switchboard::process_ended(host::HostId id) {
  Node& n = node(id);
  n.handlers.fill(nullptr);
  // Messages of a crash and their resets are drawn and sent under the crash's own event, link by
  // link in the order in which the links were made.
  for (size_t k = 0; k < n.links.size(); ++k) {
    uint32_t index = n.links[k];
    Link& link = *links_[index];
    Link& back = *links_[link.reverse];
    bool used = link.established || back.established || link.first != kNone || back.first != kNone ||
                back.first_call != kNone;
    stop_watching(link);
    while (link.first_call != kNone) free_call(link.first_call);
    while (&back != &link && back.first != kNone) free_record(back.first);

    int64_t on_wire = 0;
    for (uint32_t i = link.first; i != kNone;) {
      uint32_t next = records_[i].next;
      if (records_[i].event.slot == EventHandle{}.slot || &back == &link) free_record(i);
      else ++on_wire;
      i = next;
    }
    if (on_wire > 0) {
      int64_t kept = world_.decide().between(kLastWords, 0, on_wire, on_wire);
      ORRERY_SOMETIMES(world_, kept < on_wire, "a crash takes messages back from the wire");
      for (uint32_t i = link.first; i != kNone;) {
        uint32_t next = records_[i].next;
        if (kept-- <= 0) free_record(i);
        i = next;
      }
    }
    link.epoch = std::max(link.epoch, back.epoch) + (used ? 1 : 0);
    link.established = false;
    link.channels_used = 0;
    if (&back == &link) continue;
    if (!hosts_.by_id(link.to).up()) {
      back.epoch = link.epoch;
    } else if (used) {
      ++statistics_.broken;
      send_reset(index);
    }
  }
}

}  // namespace orrery::net
