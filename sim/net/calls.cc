#include "sim/net/switchboard.h"

namespace orrery::net {

namespace {

constexpr Site kDeadline{"net.deadline"};
constexpr Site kDeadlines{"net.deadlines"};

// Lives in the frame of `Switchboard::call`; forgets the call if that frame is destroyed.
class WaitForReply final : public ReplySink {
 public:
  WaitForReply(Network& network, host::Process& from, host::HostId to, const Channel& channel,
               Ref<const Message> message, Duration timeout)
      : network_(network),
        from_(from),
        to_(to),
        channel_(channel),
        message_(std::move(message)),
        timeout_(timeout) {}
  WaitForReply(const WaitForReply&) = delete;
  ~WaitForReply() override { network_.forget(pending_); }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    pending_ = network_.request(from_, to_, channel_, std::move(message_), timeout_, *this, 0);
  }
  Reply await_resume() { return std::move(reply_); }

  void on_reply(uint64_t, Reply reply) override {
    pending_ = {};
    reply_ = std::move(reply);
    waiter_.resume();  // runs only `call` to its end: whoever awaits it is made ready
  }

 private:
  Network& network_;
  host::Process& from_;
  host::HostId to_;
  const Channel& channel_;
  Ref<const Message> message_;
  Duration timeout_;
  std::coroutine_handle<> waiter_;
  PendingCall pending_;
  Reply reply_;
};

}  // namespace

const char* to_string(CallError error) {
  switch (error) {
    case CallError::kUnreachable: return "unreachable";
    case CallError::kDisconnected: return "disconnected";
    case CallError::kTimeout: return "timeout";
  }
  return "?";
}

Task<Reply> Switchboard::call(host::Process& from, host::HostId to, const Channel& channel,
                              Ref<const Message> message, Duration timeout) {
  WaitForReply wait(*this, from, to, channel, std::move(message), timeout);
  co_return co_await wait;
}

PendingCall Switchboard::request(host::Process& from, host::HostId to, const Channel& channel,
                                 Ref<const Message> message, Duration timeout, ReplySink& sink,
                                 uint64_t token) {
  ORRERY_CHECK(channel.index < kMaxChannels && message && to < hosts_.count());
  if (from.dying()) return {};
  uint32_t link_index = link_between(from.host_id(), to);
  Link& link = *links_[link_index];
  uint32_t index = take_call();
  Call& call = calls_[index];
  call.sink = &sink;
  call.token = token;
  call.link = link_index;
  call.epoch = link.epoch;
  call.channel = static_cast<uint8_t>(channel.index);
  call.answered = false;
  call.timer = {};
  call.bucket = kNone;
  call.previous = link.last_call;
  call.next = kNone;
  (link.last_call == kNone ? link.first_call : calls_[link.last_call].next) = index;
  link.last_call = index;
  uint32_t generation = call.generation;
  call.record = transmit(link_index, Carriage::kRequest, channel.index, pack(index, generation),
                         std::move(message));
  if (timeout.us > 0) {
    call.cause = records_[call.record].cause;
    call.deadline_us = world_.now().us + timeout.us;
    file_deadline(index);
  }
  return {index, generation};
}

void Switchboard::forget(PendingCall& pending) {
  if (pending.index != UINT32_MAX && call_at(pack(pending.index, pending.generation)))
    free_call(pending.index);
  pending = {};
}

void Switchboard::answer(const Caller& caller, Ref<const Message> message) {
  ORRERY_CHECK(message);
  Call* call = call_at(call_of(caller));
  ORRERY_SOMETIMES(world_, !call, "an answer is given after the caller has gone");
  if (!call) return;
  ORRERY_CHECK(!call->answered, "a call is answered once");
  call->answered = true;
  uint32_t back_index = links_[call->link]->reverse;
  Link& back = *links_[back_index];
  host::Process* process = process_of(back.from);
  if (!process || process->dying()) return;
  if (back.epoch != call->epoch) {
    ORRERY_SOMETIMES(world_, true, "an answer is given on a broken stream");
    return;
  }
  uint8_t channel = call->channel;
  transmit(back_index, Carriage::kReply, channel, call_of(caller), std::move(message));
}

uint32_t Switchboard::take_call() {
  if (free_call_ == kNone) {
    auto base = static_cast<uint32_t>(calls_.size());
    uint32_t grow = base < 64 ? 64 : base;
    calls_.resize(base + grow);
    for (uint32_t i = base + grow; i-- > base;) {
      calls_[i].next = free_call_;
      free_call_ = i;
    }
  }
  uint32_t index = free_call_;
  free_call_ = calls_[index].next;
  ++statistics_.calls_open;
  return index;
}

Switchboard::Call* Switchboard::call_at(uint64_t packed) {
  Call& call = calls_[static_cast<uint32_t>(packed)];
  return call.generation == packed >> 32 && call.link != kNone ? &call : nullptr;
}

void Switchboard::free_call(uint32_t index) {
  Call& call = calls_[index];
  Link& link = *links_[call.link];
  (call.previous == kNone ? link.first_call : calls_[call.previous].next) = call.next;
  (call.next == kNone ? link.last_call : calls_[call.next].previous) = call.previous;
  if (call.bucket != kNone) leave_bucket(index);
  world_.loop().cancel(call.timer);
  call.link = kNone;
  call.sink = nullptr;
  ++call.generation;
  call.next = free_call_;
  free_call_ = index;
  --statistics_.calls_open;
}

void Switchboard::finish_call(uint32_t index, Reply reply) {
  ReplySink* sink = calls_[index].sink;
  uint64_t token = calls_[index].token;
  free_call(index);
  sink->on_reply(token, std::move(reply));
}

// Tells the caller that nobody is there; the answer of the machine, not of a process.
void Switchboard::refuse(Link& back, uint8_t channel, uint64_t call) {
  ++statistics_.refused;
  ORRERY_SOMETIMES(world_, true, "a call is refused");
  transmit(links_[back.reverse]->reverse, Carriage::kRefusal, channel, call, nullptr);
}

void Switchboard::file_deadline(uint32_t index) {
  Call& call = calls_[index];
  int64_t bucket = call.deadline_us >> kBucketShift;
  int64_t present = world_.now().us >> kBucketShift;
  if (bucket <= present || bucket - present >= kBuckets) {
    set_timer(index);
    return;
  }
  auto place = static_cast<uint32_t>(bucket % kBuckets);
  Bucket& b = buckets_[place];
  call.bucket = place;
  call.bucket_previous = b.last;
  call.bucket_next = kNone;
  (b.last == kNone ? b.first : calls_[b.last].bucket_next) = index;
  b.last = index;
  if (!b.armed) {
    b.armed = true;
    world_.loop().schedule(Instant{bucket << kBucketShift}, kDeadlines, kWorldOwner,
                           [this, bucket] { open_bucket(bucket); });
  }
}

void Switchboard::leave_bucket(uint32_t index) {
  Call& call = calls_[index];
  Bucket& b = buckets_[call.bucket];
  (call.bucket_previous == kNone ? b.first : calls_[call.bucket_previous].bucket_next) =
      call.bucket_next;
  (call.bucket_next == kNone ? b.last : calls_[call.bucket_next].bucket_previous) =
      call.bucket_previous;
  call.bucket = kNone;
}

void Switchboard::open_bucket(int64_t bucket) {
  Bucket& b = buckets_[static_cast<size_t>(bucket % kBuckets)];
  b.armed = false;
  while (b.first != kNone) {
    uint32_t index = b.first;
    leave_bucket(index);
    set_timer(index);
  }
}

void Switchboard::set_timer(uint32_t index) {
  Call& call = calls_[index];
  host::Process* process = process_of(links_[call.link]->from);
  // Under the call's own cause, so that the id does not depend on what else is in the bucket.
  CauseScope scope(world_.cause(), call.cause);
  call.timer = world_.loop().schedule(Instant{call.deadline_us}, kDeadline, process->owner(),
                                      [this, index] { on_timeout(index); });
}

void Switchboard::on_timeout(uint32_t index) {
  Call& call = calls_[index];
  call.timer = {};
  const Link& link = *links_[call.link];
  // Held back before any connection was made: no byte of it left, and none ever will.
  bool never_left = call.record != kNone && !link.established &&
                    records_[call.record].event.slot == EventHandle{}.slot;
  if (never_left) free_record(call.record);
  ORRERY_SOMETIMES(world_, never_left, "a call gives up before a connection could be made");
  ORRERY_SOMETIMES(world_, !never_left, "a call times out");
  finish_call(index, {nullptr, never_left ? CallError::kUnreachable : CallError::kTimeout});
}

}  // namespace orrery::net
