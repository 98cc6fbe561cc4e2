#include "sim/net/switchboard.h"

namespace orrery::net {

namespace {

constexpr Site kMessage{"net.message"};
constexpr Site kArrival{"net.arrival"};
constexpr Site kJitter{"net.jitter"};
constexpr Site kLosses{"net.losses"};
constexpr Site kTail{"net.tail"};
constexpr Site kTailLength{"net.tail_length"};
constexpr Site kInVain{"net.draws_in_vain"};

constexpr uint16_t kJitterTable[] = {
#include "sim/net/jitter.inc"
};
constexpr int64_t kJitterSteps = std::size(kJitterTable);

// First retransmission timeout; doubles with each loss in a row. More than six in a row would
// outlast the stream's own timeout; they count as six.
constexpr int64_t kRetransmitUs = 200'000;

}  // namespace

Switchboard::Switchboard(World& world, host::Hosts& hosts, const Geography& geography)
    : world_(world),
      draws_in_vain_(world.decide().given(kInVain, 0) != 0),
      hosts_(hosts),
      geography_(geography),
      faults_(geography),
      buckets_(static_cast<size_t>(kBuckets)) {
  hosts.attach(*this, *this);
}

Switchboard::~Switchboard() { hosts_.shutdown(); }

Switchboard::Node& Switchboard::node(host::HostId id) {
  if (id >= nodes_.size()) nodes_.resize(id + 1);
  if (!nodes_[id]) nodes_[id] = std::make_unique<Node>();
  return *nodes_[id];
}

uint32_t Switchboard::link_between(host::HostId from, host::HostId to) {
  if (from < nodes_.size() && nodes_[from]) [[likely]] {
    const Node& n = *nodes_[from];
    if (to < n.link_to.size() && n.link_to[to] != kNone) [[likely]]
      return n.link_to[to];
  }
  uint32_t out = make_link(from, to);
  uint32_t back = from == to ? out : make_link(to, from);
  links_[out]->reverse = back;
  links_[back]->reverse = out;
  refresh(out);
  refresh(back);
  return out;
}

uint32_t Switchboard::make_link(host::HostId from, host::HostId to) {
  auto index = static_cast<uint32_t>(links_.size());
  links_.push_back(std::make_unique<Link>());
  Link& link = *links_.back();
  link.from = from;
  link.to = to;
  link.name_hash = mix64(hash_bytes(hosts_.by_id(from).name()), hash_bytes(hosts_.by_id(to).name()));
  if (from == to) {
    link.base_us = kLoopbackDelay.us;
    link.jitters = false;
  } else {
    link.base_us = geography_.delay(hosts_.by_id(from).pop(), hosts_.by_id(to).pop()).us;
    link.jitter_us = link.base_us / 32 + 20;
  }
  Node& n = node(from);
  if (to >= n.link_to.size()) n.link_to.resize(to + 1, kNone);
  n.link_to[to] = index;
  n.links.push_back(index);
  return index;
}

void Switchboard::serve(host::Process& process, const Channel& channel, Handler& handler) {
  ORRERY_CHECK(channel.index < kMaxChannels);
  Node& n = node(process.host_id());
  ORRERY_CHECK(!n.handlers[channel.index], "a channel has one handler in a process");
  n.handlers[channel.index] = &handler;
}

void Switchboard::post(host::Process& from, host::HostId to, const Channel& channel,
                       Ref<const Message> message) {
  ORRERY_CHECK(channel.index < kMaxChannels && message && to < hosts_.count());
  if (from.dying()) return;
  transmit(link_between(from.host_id(), to), Carriage::kPost, channel.index, 0, std::move(message));
}

uint32_t Switchboard::take_record() {
  if (free_record_ == kNone) {
    auto base = static_cast<uint32_t>(records_.size());
    uint32_t grow = base < 64 ? 64 : base;
    records_.resize(base + grow);
    for (uint32_t i = base + grow; i-- > base;) {
      records_[i].next = free_record_;
      free_record_ = i;
    }
  }
  uint32_t index = free_record_;
  free_record_ = records_[index].next;
  ++statistics_.in_flight;
  return index;
}

void Switchboard::unlink_record(uint32_t index) {
  Record& r = records_[index];
  Link& link = *links_[r.link];
  (r.previous == kNone ? link.first : records_[r.previous].next) = r.next;
  (r.next == kNone ? link.last : records_[r.next].previous) = r.previous;
}

// Takes a record out of its link and out of the world, with its event.
void Switchboard::free_record(uint32_t index) {
  unlink_record(index);
  Record& r = records_[index];
  world_.loop().cancel(r.event);
  if (r.carriage == Carriage::kRequest) {
    if (Call* call = call_at(r.call)) call->record = kNone;
  }
  r.message = nullptr;
  r.next = free_record_;
  free_record_ = index;
  --statistics_.in_flight;
}

uint32_t Switchboard::transmit(uint32_t link_index, Carriage carriage, uint32_t channel,
                               uint64_t call, Ref<const Message> message) {
  Link& link = *links_[link_index];
  uint32_t index = take_record();
  Record& r = records_[index];
  r.message = std::move(message);
  r.cause = world_.cause().derive(kMessage);
  r.call = call;
  r.link = link_index;
  r.epoch = link.epoch;
  r.previous = link.last;
  r.next = kNone;
  r.event = {};
  r.carriage = carriage;
  r.channel = static_cast<uint8_t>(channel);
  r.released = 0;
  (link.last == kNone ? link.first : records_[link.last].next) = index;
  link.last = index;
  link.channels_used |= 1u << channel;
  ++statistics_.sent;
  if (link.state.blocked) [[unlikely]] {
    ++statistics_.held;
    ORRERY_SOMETIMES(world_, true, "a message is held by a partition");
    watch_progress(link_index);
  } else {
    if (links_[link.reverse]->state.blocked) [[unlikely]]
      watch_progress(link_index);
    schedule_delivery(link, index);
  }
  if (carriage != Carriage::kReset && world_.sweep().kind == Sweep::Kind::kMessage) [[unlikely]]
    sweep(link_index, index);
  return index;
}

int64_t Switchboard::delay_of(Link& link, const Record& record) {
  int64_t us = link.base_us;
  if (!link.jitters) return us;
  Decisions& decide = world_.decide();
  if (draws_in_vain_) [[unlikely]]
    decide.between(kInVain, 0, 63, 0);
  int64_t step;
  if (Scheduler* scheduler = world_.loop().scheduler()) [[unlikely]] {
    step = decide.steered(kJitter, kJitterSteps / 2, scheduler->delay(link.name_hash, record.cause, kJitterSteps));
    step = std::clamp<int64_t>(step, 0, kJitterSteps - 1);
  } else {
    step = decide.between(kJitter, 0, kJitterSteps - 1, kJitterSteps / 2);
  }
  us += link.jitter_us * kJitterTable[step] / 256;
  if (!link.degraded) [[likely]]
    return us;

  const LinkState& state = link.state;
  us += state.extra_us;
  if (state.loss_ppm > 0) {
    uint32_t losses = decide.pick(kLosses, link.loss_weights, 0);
    us += kRetransmitUs * ((int64_t{1} << losses) - 1);
    ORRERY_SOMETIMES(world_, losses >= 3, "a packet is lost three times in a row");
  }
  if (state.tail_ppm > 0 && decide.chance(kTail, Ratio{state.tail_ppm, 1'000'000}))
    us += decide.between(kTailLength, 0, state.tail_us, 0);
  if (state.bytes_per_second > 0 && record.message) {
    // The sending host's wire is busy until then; this message waits for it.
    int64_t& free_us = node(link.from).egress_free_us;
    int64_t now = world_.now().us;
    free_us = std::max(free_us, now) +
              int64_t{record.message->bytes()} * 1'000'000 / state.bytes_per_second;
    us += free_us - now;
  }
  return us;
}

void Switchboard::schedule_delivery(Link& link, uint32_t index) {
  Record& r = records_[index];
  int64_t at = world_.now().us + delay_of(link, r);
  if (r.carriage == Carriage::kReset) [[unlikely]] {
    // After all that was sent before it and ahead of all that follows, whatever the channel.
    for (int64_t last : link.last_at) at = std::max(at, last);
    link.last_at.fill(at);
  } else {
    int64_t& last = link.last_at[r.channel];
    at = std::max(at, last);
    last = at;
  }
  host::Process* process = process_of(link.to);
  r.event = world_.loop().schedule(Instant{at}, kArrival, process ? process->owner() : kWorldOwner,
                                   [this, index] { deliver(index); });
  // Whichever of two streams is faster; but what one peer sends, a reset among it, stays in order.
  world_.loop().on_strand(r.event, static_cast<uint32_t>(link.name_hash) | 1);
}

void Switchboard::announce_delivery(const Link& link, Carriage carriage, uint8_t channel,
                                    const Message& message) {
  ++statistics_.delivered;
  const host::Host& from = hosts_.by_id(link.from);
  const host::Host& to = hosts_.by_id(link.to);
  world_.announce(Delivered{to.lane(), carriage, channel, from, to, message});
}

void Switchboard::deliver(uint32_t index) {
  Record& r = records_[index];
  Link& link = *links_[r.link];
  r.event = {};
  Link& back = *links_[link.reverse];
  if (r.carriage == Carriage::kRefusal) {
    Call* call = call_at(r.call);
    auto call_index = static_cast<uint32_t>(r.call);
    free_record(index);
    if (call) finish_call(call_index, {nullptr, CallError::kUnreachable});
    return;
  }
  if (r.epoch != back.epoch) [[unlikely]] {
    if (r.epoch < back.epoch) {
      ++statistics_.stale;
      ORRERY_SOMETIMES(world_, r.carriage == Carriage::kReply, "a reply is lost after handling");
      ORRERY_SOMETIMES(world_, r.carriage == Carriage::kRequest,
                       "a request of a broken stream arrives and is dropped");
      free_record(index);
      return;
    }
    // The peer has begun a new connection: whatever this side had open with it is gone. What
    // follows may send on links and move records, but this record stays.
    lose_peer(link.reverse, r.epoch, false);
  }
  hand_over(link, index);
}

void Switchboard::hand_over(Link& link, uint32_t index) {
  Link& back = *links_[link.reverse];
  Carriage carriage = records_[index].carriage;
  uint8_t channel = records_[index].channel;
  uint64_t packed = records_[index].call;
  Ref<const Message> message = std::move(records_[index].message);
  free_record(index);
  if (carriage == Carriage::kReset) return;

  if (!hosts_.by_id(link.to).up()) {
    if (carriage == Carriage::kRequest) refuse(back, channel, packed);
    return;
  }
  link.established = back.established = true;
  back.channels_used |= 1u << channel;
  if (carriage == Carriage::kReply) {
    Call* call = call_at(packed);
    ORRERY_SOMETIMES(world_, !call, "a reply comes after its caller gave up");
    if (!call) return;
    announce_delivery(link, carriage, channel, *message);
    finish_call(static_cast<uint32_t>(packed), {std::move(message), CallError::kTimeout});
    return;
  }
  Handler* handler = node(link.to).handlers[channel];
  if (!handler) {
    if (carriage == Carriage::kRequest) refuse(back, channel, packed);
    return;
  }
  announce_delivery(link, carriage, channel, *message);
  if (carriage == Carriage::kPost) {
    handler->on_message(link.from, message);
  } else {
    handler->on_call(make_caller(this, link.from, packed), message);
  }
}

Network::Statistics Switchboard::statistics() const { return statistics_; }

std::unique_ptr<Network> make_network(World& world, host::Hosts& hosts,
                                      const Geography& geography) {
  return std::make_unique<Switchboard>(world, hosts, geography);
}

}  // namespace orrery::net
