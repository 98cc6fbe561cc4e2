#include "platform/kv/service.h"

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"

namespace orrery::kv {

namespace {

constexpr Site kRefused{"kv.refused"};
constexpr Site kUnseen{"kv.own_write_unseen"};

using runtime::Cell;
using runtime::Cells;
using worker::AnswerMessage;
using What = Call::What;

const char* reason_of(int status) {
  return status == 429   ? "Too Many Requests"
         : status == 503 ? "Service Unavailable"
                         : "Internal Server Error";
}

Cell metadata_cell(const Record& record) {
  return record.metadata.empty() ? Cell::undefined() : Cell::text(record.metadata);
}

Cell cache_status(Tier tier) { return Cell::text(tier == Tier::kCentral ? "MISS" : "HIT"); }

}  // namespace

KvService::KvService(host::Process& process, const Layout& layout)
    : process_(process), layout_(layout), upstream_(process, layout) {}

void KvService::start(worker::WorkerIsolate& worker, runtime::ContextId context,
                      worker::OutgoingCall call) {
  Call parsed;
  if (auto refusal = read_call(call.method, *call.cells, wall_s(), &parsed)) {
    return worker.answer_later(kRefused, context, call.operation,
                               AnswerMessage::of_error(std::move(*refusal)));
  }
  process_.tasks().spawn(run(worker, context, call.operation,
                           layout_.slot(worker.slot(), call.binding), std::move(parsed)));
}

struct KvService::Running {
  Running(std::vector<const Running*>& list, uint64_t c, uint32_t b, const Call& call)
      : context(c), binding(b), what(call.what), key(call.keys.empty() ? "" : call.keys.front()), all(list) {
    all.push_back(this);
  }
  ~Running() { std::erase(all, this); }
  Running(const Running&) = delete;
  uint64_t context;
  uint32_t binding;
  What what;
  std::string key;  // the first of its keys
  std::vector<const Running*>& all;
};

std::vector<std::string> KvService::waiting_on(uint64_t context) const {
  std::vector<std::string> out;
  for (const Running* r : running_)
    if (r->context == context)
      out.push_back(std::string(name_of(r->what)) + " kv:" + layout_.by_binding[r->binding].name +
                    (r->key.empty() ? "" : "/" + r->key));
  return out;
}

Task<void> KvService::run(worker::WorkerIsolate& worker, runtime::ContextId context,
                          runtime::OperationId operation, uint32_t binding, Call call) {
  Running listed(running_, worker.key_of(context), binding, call);
  Answer answer;
  switch (call.what) {
    case What::kGet: answer = co_await get(binding, std::move(call)); break;
    case What::kGetBulk: answer = co_await get_bulk(binding, std::move(call)); break;
    case What::kList: answer = co_await list(binding, std::move(call)); break;
    case What::kPut:
    case What::kDelete: answer = co_await change(binding, std::move(call)); break;
  }
  worker.deliver_answer(context, operation, std::move(answer));
}

// ---- reads ----

Task<Fetched> KvService::read(Ref<const Key> key, Duration cache_ttl) {
  const Instant asked = world().now();
  Fetched got = co_await upstream_.from_pop(key, cache_ttl);
  if (!got.available) co_return got;
  const Version version = got.record ? got.record->version : Version{};
  world().announce(ReadServed{key->lane, version, got.page || seen(got.record), key->list.has_value(),
                              process_.host().pop(), process_.host_id(), got.tier, got.back_end,
                              cache_ttl, asked, got.fetched});
  co_return got;
}

bool KvService::seen(const Ref<const Record>& record) {
  if (!record || record->deleted) return false;
  if (!record->expired(wall_s())) return true;
  world().announce(Expired{record->key->lane, record->version, record->expiration_s});
  ORRERY_SOMETIMES(world(), true, "a KV value expires while caches hold it");
  return false;
}

Task<KvService::Answer> KvService::get(uint32_t binding, Call call) {
  Ref<const Key> key = layout_.key(world(), layout_.by_binding[binding], call.keys[0]);
  Fetched got = co_await read(key, call.cache_ttl);
  if (!got.available) co_return AnswerMessage::of_error(failure(call.what, 503, reason_of(503)));
  auto cells = make_ref<Cells>();
  if (got.record && !got.record->deleted && !got.record->expired(wall_s())) {
    const Record& r = *got.record;
    cells->add(Cell::boolean(true));
    cells->add(call.as_text ? Cell::text(r.value) : Cell::bytes(r.value));
    cells->add(metadata_cell(r));
  } else {
    cells->add(Cell::boolean(false)).add(Cell::undefined()).add(Cell::undefined());
  }
  cells->add(cache_status(got.tier));
  co_return AnswerMessage::of_cells(std::move(cells));
}

// Reads of one bulk get under way; lives in the frame that waits for them.
struct Gather {
  explicit Gather(Loop& loop) : done(loop) {}
  std::vector<Fetched> got;
  size_t left = 0;
  OneShot<bool> done;
};

Task<void> KvService::get_one(Ref<const Key> key, Duration cache_ttl, Gather* gather,
                              size_t index) {
  // A bulk get ends when all have, so the frame that owns `gather` outlives this one, but for the end of
  // the process, which destroys both.
  gather->got[index] = co_await read(key, cache_ttl);
  if (--gather->left == 0) gather->done.set(true);
}

Task<KvService::Answer> KvService::get_bulk(uint32_t binding, Call call) {
  Gather gather(world().loop());
  gather.left = call.keys.size();
  gather.got.resize(call.keys.size());
  for (size_t i = 0; i < call.keys.size(); ++i)
    process_.tasks().spawn(get_one(layout_.key(world(), layout_.by_binding[binding], call.keys[i]),
                                   call.cache_ttl, &gather, i));
  co_await gather.done;
  auto cells = make_ref<Cells>();
  uint64_t total = 0;
  for (size_t i = 0; i < call.keys.size(); ++i) {
    const Fetched& got = gather.got[i];
    if (!got.available) co_return AnswerMessage::of_error(failure(call.what, 503, reason_of(503)));
    cells->add(Cell::text(call.keys[i]));
    if (got.record && !got.record->deleted && !got.record->expired(wall_s())) {
      total += got.record->value->size();
      cells->add(Cell::boolean(true)).add(Cell::text(got.record->value));
      cells->add(metadata_cell(*got.record));
    } else {
      cells->add(Cell::boolean(false)).add(Cell::undefined()).add(Cell::undefined());
    }
  }
  if (total > kBulkBytesMax)
    co_return AnswerMessage::of_error(
        failure(call.what, 413, "Total size of request exceeds the limit of 25MB"));
  co_return AnswerMessage::of_cells(std::move(cells));
}

Task<KvService::Answer> KvService::list(uint32_t binding, Call call) {
  const Layout::Namespace& space = layout_.by_binding[binding];
  auto key = make_ref<const Key>(world(), space.id, space.name, call.list);
  Fetched got = co_await read(key, call.cache_ttl);
  if (!got.available) co_return AnswerMessage::of_error(failure(call.what, 503, reason_of(503)));
  auto cells = make_ref<Cells>();
  cells->add(Cell::boolean(got.page->complete));
  cells->add(got.page->complete ? Cell::undefined() : Cell::text(cursor_of(got.page->last)));
  cells->add(cache_status(got.tier));
  for (const auto& record : got.page->records) {
    if (record->expired(wall_s())) continue;
    cells->add(Cell::text(record->key->name));
    cells->add(record->expiration_s ? Cell::of(static_cast<double>(record->expiration_s))
                                    : Cell::undefined());
    cells->add(metadata_cell(*record));
  }
  co_return AnswerMessage::of_cells(std::move(cells));
}

// ---- writes ----

Version KvService::next_version() {
  const int64_t clock = host::kWorldEpochMs * 1000 + process_.clock().now().us;
  last_written_us_ = std::max(last_written_us_ + 1, clock);
  return {last_written_us_, process_.host_id(), process_.incarnation(), ++writes_};
}

Task<WriteResult> KvService::write(Ref<Record> record) {
  using WhatAnswer = WriteAnswer::What;
  record->version = next_version();
  WriteResult result;
  result.version = record->version;
  const Instant asked = world().now();
  const LaneId lane = record->key->lane;
  std::vector<host::HostId> ends(layout_.back_ends.begin(), layout_.back_ends.end());
  auto stored = [](const std::vector<durable::Answer>& answers) {
    const durable::Answer& last = answers.back();
    return last.reply.ok() && last.reply.message->as<WriteAnswer>().what == WhatAnswer::kStored;
  };
  Ref<const Record> written = record;
  auto message = make_ref<const WriteMessage>(written);
  std::vector<durable::Answer> answers = co_await durable::ask_all(
      process_, std::move(ends), kKvCentralChannel, message, kWriteTimeout, stored);

  bool too_often = false, unknown = false;
  for (const durable::Answer& a : answers) {
    if (!a.reply.ok()) {
      unknown = unknown || a.reply.error != net::CallError::kUnreachable;
      continue;
    }
    const auto& answer = a.reply.message->as<WriteAnswer>();
    too_often = too_often || answer.what == WhatAnswer::kTooOften;
    if (answer.what != WhatAnswer::kStored) continue;
    result.status = 200;
    result.superseded = answer.superseded;
    const uint32_t back_end = a.from == layout_.back_ends[0] ? 1 : 2;
    ORRERY_SOMETIMES(world(), answers.size() > 1, "a KV write succeeds at one back end only");
    std::string_view text = written->value ? written->value->text() : std::string_view();
    world().announce(WriteAcknowledged{lane, written->version, written->deleted,
                                       process_.host().pop(), process_.host_id(), back_end, asked,
                                       text});
    const bool unseen = world().decide().chance(kUnseen, kOwnWriteUnseen);
    ORRERY_SOMETIMES(world(), unseen, "a city does not see its own KV write at once");
    if (!unseen && !answer.superseded)
      process_.network().post(process_, upstream_.pop_cache(*written->key), kKvCacheChannel,
                              make_ref<const FillMessage>(written, asked, back_end));
    co_return result;
  }
  // "Too often" and "unavailable" are said only if the write surely is nowhere.
  result.status = unknown ? 500 : too_often ? 429 : 503;
  world().announce(WriteFailed{lane, written->version, result.status, unknown});
  co_return result;
}

Task<KvService::Answer> KvService::change(uint32_t binding, Call call) {
  auto record = make_ref<Record>();
  record->key = layout_.key(world(), layout_.by_binding[binding], call.keys[0]);
  record->deleted = call.what == What::kDelete;
  record->value = call.value ? call.value : Buffer::make(0);
  record->metadata = call.metadata;
  record->expiration_s = call.expiration_s;
  WriteResult result = co_await write(std::move(record));
  if (!result.ok())
    co_return AnswerMessage::of_error(failure(call.what, result.status, reason_of(result.status)));
  co_return AnswerMessage::of_cells(make_ref<const Cells>());
}

}  // namespace orrery::kv
