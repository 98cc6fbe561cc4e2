#include "platform/kv/central.h"

#include "platform/channels.h"
#include "platform/kv/events.h"

namespace orrery::kv {

namespace {
constexpr Site kSync{"kv.sync"};
constexpr Site kDiskRetryPause{"kv.disk_retry"};
constexpr Site kReconcilePause{"kv.reconcile"};

std::string place_of(std::string_view space, std::string_view name) {
  std::string out;
  out.reserve(space.size() + 1 + name.size());
  return out.append(space).append(1, '\0').append(name);
}
}  // namespace

CentralStore::CentralStore(host::Process& process, const Layout& layout, uint32_t number)
    : process_(process),
      layout_(layout),
      number_(number),
      log_(process, layout),
      history_id_(process.incarnation()) {
  std::vector<Ref<const Record>> records;
  recovering_ = !log_.load(records);
  ORRERY_SOMETIMES(world(), recovering_, "a KV back end lost its disk and learns from the other");
  for (const auto& record : records) apply(record, Source::kDisk, world().now());
  if (!log_.rewrite(winners())) start_sync();  // which tries again
  process.network().serve(process, kKvCentralChannel, *this);
  if (!layout_.weaken.never_reconciles) process.tasks().spawn(reconcile());
}

void CentralStore::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  const net::Message::Kind* kind = &message->kind();
  if (kind == &ReadMessage::kKind) on_read(caller, message->as<ReadMessage>());
  if (kind == &WriteMessage::kKind) on_write(caller, message->as<WriteMessage>());
  if (kind == &PullMessage::kKind) on_pull(caller, message->as<PullMessage>());
}

// ---- reads ----

const Ref<const Record>& CentralStore::visible(State& state) {
  while (!state.delayed.empty()) {
    bool moved = false;
    for (size_t i = state.delayed.size(); i-- > 0;) {
      if (state.delayed[i].visible_at > world().now()) continue;
      state.visible = state.delayed[i].record;
      state.delayed.erase(state.delayed.begin(), state.delayed.begin() + static_cast<ptrdiff_t>(i) + 1);
      moved = true;
      break;
    }
    if (!moved) break;
  }
  return state.visible;
}

void CentralStore::on_read(const net::Caller& caller, const ReadMessage& message) {
  auto answer = make_ref<ReadAnswer>();
  answer->back_end = number_;
  answer->available = !recovering_;
  if (answer->available && message.key->list) {
    answer->page = list(*message.key);
  } else if (answer->available) {
    auto it = states_.find(place_of(message.key->space, message.key->name));
    if (it != states_.end()) {
      answer->record = visible(it->second);
      ORRERY_SOMETIMES(world(), !it->second.delayed.empty(), "a KV write is not visible yet");
    }
  }
  caller.reply(std::move(answer));
}

Ref<const Page> CentralStore::list(const Key& key) {
  const ListQuery& query = *key.list;
  auto page = make_ref<Page>();
  const std::string prefix = place_of(key.space, query.prefix);
  const std::string after = place_of(key.space, query.after);
  auto it = query.after.empty() || after < prefix ? states_.lower_bound(prefix)
                                                  : states_.upper_bound(after);
  uint32_t raw = 0;
  for (; it != states_.end() && it->first.starts_with(prefix); ++it) {
    const Ref<const Record>& record = visible(it->second);
    if (!record) continue;
    if (raw == query.limit) {
      page->complete = false;
      break;
    }
    ++raw;
    page->last = record->key->name;
    if (!record->deleted) page->records.push_back(record);
  }
  return page;
}

// ---- writes ----

void CentralStore::on_write(const net::Caller& caller, const WriteMessage& message) {
  using What = WriteAnswer::What;
  if (recovering_) return caller.reply(make_ref<const WriteAnswer>(What::kUnavailable));
  State& state = states_[place_of(message.record->key->space, message.record->key->name)];
  if (world().now() - state.accepted_at < kWriteEvery) {
    ORRERY_SOMETIMES(world(), true, "a KV write comes too soon after the one before");
    return caller.reply(make_ref<const WriteAnswer>(What::kTooOften));
  }
  state.accepted_at = world().now();
  commit_later({caller, Source::kWriter, message.record, world().now()});
}

void CentralStore::commit_later(Pending pending) {
  log_.append(*pending.record);  // if it cannot, finish_sync writes the log anew
  pending_.push_back(std::move(pending));
  if (!syncing_) start_sync();
}

void CentralStore::start_sync() {
  syncing_ = true;
  world().loop().schedule_in(process_.disk().sync_latency(), kSync, process_.owner(),
                             [this, count = pending_.size()] { finish_sync(count); });
}

// A sync answers those whose records were written before it began.
void CentralStore::finish_sync(size_t count) {
  if (!log_.sync()) {
    ORRERY_SOMETIMES(world(), true, "a KV back end writes its log anew");
    if (!rewrite()) {
      world().loop().schedule_in(kDiskRetry, kDiskRetryPause, process_.owner(),
                                 [this] { start_sync(); });
      return;
    }
    count = pending_.size();
  }
  for (size_t i = 0; i < count; ++i) {
    Pending& p = pending_[i];
    const bool kept = apply(p.record, p.source, p.accepted);
    if (p.source == Source::kWriter)
      p.caller.reply(make_ref<const WriteAnswer>(WriteAnswer::What::kStored, !kept));
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(count));
  if (log_.records() > 2 * states_.size() + kFoldAfter && pending_.empty()) {
    history_.clear();
    for (const auto& record : winners()) history_.push_back({world().now(), record});
    history_id_ += uint64_t{1} << 32;
    (void)rewrite();  // if the disk refuses, the next sync tries again
  }
  syncing_ = false;
  if (!pending_.empty() || log_.broken()) start_sync();
}

bool CentralStore::rewrite() {
  std::vector<Ref<const Record>> records = winners();
  for (const Pending& p : pending_) records.push_back(p.record);
  return log_.rewrite(records);
}

std::vector<Ref<const Record>> CentralStore::winners() const {
  std::vector<Ref<const Record>> out;
  for (const auto& [place, state] : states_)
    if (state.newest()) out.push_back(state.newest());
  return out;
}

bool CentralStore::apply(const Ref<const Record>& record, Source source, Instant accepted) {
  const bool reconciled = source == Source::kOtherBackEnd;
  const Key& key = *record->key;
  State& state = states_[place_of(key.space, key.name)];
  // Nobody remembers when a key was written before the restart: it may have been just now.
  if (source == Source::kDisk) state.accepted_at = world().now();
  const Ref<const Record> before = state.newest();
  const bool same = before && before->version == record->version;
  const bool kept = !same && (!before || record->version > before->version ||
                              layout_.weaken.last_arrival_wins);
  const Duration delay = source == Source::kWriter ? layout_.delay_of(key.space) : Duration{0};
  if (source != Source::kDisk)
    world().announce(Stored{key.lane, record->version, record->deleted, number_, reconciled,
                            kept || same, delay, accepted});
  if (!kept) {
    if (same) return true;
    ORRERY_SOMETIMES(world(), source == Source::kWriter,
                     "a KV write loses to a greater version that came earlier");
    if (source != Source::kDisk)
      world().announce(ConflictResolved{key.lane, before->version, record->version, number_});
    return false;
  }
  ORRERY_SOMETIMES(world(), reconciled && before, "KV reconciliation overwrites an older version");
  if (reconciled && before)
    world().announce(ConflictResolved{key.lane, record->version, before->version, number_});
  const Instant visible_at = world().now() + delay;
  state.delayed.push_back({visible_at, record});
  (void)visible(state);
  history_.push_back({visible_at, record});
  return true;
}

// ---- reconciliation ----

void CentralStore::on_pull(const net::Caller& caller, const PullMessage& message) {
  auto answer = make_ref<PullAnswer>();
  answer->available = !recovering_;
  answer->history = history_id_;
  uint64_t at = message.history == history_id_ ? message.after : 0;
  if (answer->available) {
    while (at < history_.size() && answer->records.size() < kReconcileRecords &&
           history_[at].visible_at <= world().now())
      answer->records.push_back(history_[at++].record);
    answer->more = answer->records.size() == kReconcileRecords && at < history_.size();
  }
  answer->upto = at;
  caller.reply(std::move(answer));
}

Task<void> CentralStore::reconcile() {
  const host::HostId other = layout_.back_ends[2 - number_];
  bool more = false;
  for (;;) {
    if (!more) co_await sleep(world().loop(), kReconcilePause, kReconcileEvery);
    auto message = make_ref<const PullMessage>(known_history_, known_upto_);
    net::Reply reply = co_await process_.network().call(process_, other, kKvCentralChannel,
                                                        std::move(message), kReconcileTimeout);
    more = reply.ok() && take_in(reply.message->as<PullAnswer>());
  }
}

// True if the other one has more to tell at once.
bool CentralStore::take_in(const PullAnswer& answer) {
  if (!answer.available) return false;
  for (const auto& record : answer.records) {
    auto it = states_.find(place_of(record->key->space, record->key->name));
    const bool lacking = it == states_.end() || !it->second.newest() ||
                         it->second.newest()->version < record->version ||
                         (layout_.weaken.last_arrival_wins &&
                          it->second.newest()->version != record->version);
    // What is on its way to the disk already needs no second record.
    bool underway = false;
    for (const Pending& p : pending_) underway = underway || p.record->version == record->version;
    if (lacking && !underway) {
      ORRERY_SOMETIMES(world(), true, "KV back ends differ until they reconcile");
      commit_later({{}, Source::kOtherBackEnd, record, world().now()});
    }
  }
  known_history_ = answer.history;
  known_upto_ = answer.upto;
  if (recovering_ && !answer.more) recovering_ = false;
  return answer.more;
}

// ---- looking in ----

Ref<const Record> CentralStore::newest(std::string_view space, std::string_view name) const {
  auto it = states_.find(place_of(space, name));
  return it == states_.end() ? nullptr : it->second.newest();
}

std::vector<Ref<const Record>> CentralStore::all(std::string_view space) const {
  std::vector<Ref<const Record>> out;
  const std::string prefix = place_of(space, "");
  for (auto it = states_.lower_bound(prefix); it != states_.end() && it->first.starts_with(prefix); ++it)
    if (it->second.newest() && !it->second.newest()->deleted) out.push_back(it->second.newest());
  return out;
}

}  // namespace orrery::kv
