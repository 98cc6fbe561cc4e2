// Workers KV on one edge host: what stands behind the bindings of its Workers. Reads go up the tiers; a write
// races to both back ends and succeeds with the first acknowledgement, the other leg goes on by itself, and what it
// loses the back ends make good between themselves (10.3).
#pragma once

#include "platform/kv/call.h"
#include "platform/kv/events.h"
#include "platform/kv/upstream.h"
#include "platform/worker/worker_isolate.h"

namespace orrery::kv {

// What a write came to.
struct WriteResult {
  int status = 500;  // 200, 429, 500, 503
  bool superseded = false;
  Version version;
  bool ok() const { return status == 200; }
};

class KvService final : public host::Service, public worker::BindingService {
 public:
  KvService(host::Process& process, const Layout& layout);

  // worker::BindingService
  void start(worker::WorkerIsolate& worker, runtime::ContextId context,
             worker::OutgoingCall call) override;

  // The operations themselves, without JavaScript. A record needs key, value or `deleted`, and what else it
  // is to hold; it gets its version here.
  Task<Fetched> read(Ref<const Key> key, Duration cache_ttl);
  Task<WriteResult> write(Ref<Record> record);

  // Whether a reader is to see the record now, by this host's wall clock; announces one that has expired.
  bool seen(const Ref<const Record>& record);

  // The operations that a context (WorkerIsolate::key_of) waits for ("get beta of kv:FLAGS"), oldest first.
  std::vector<std::string> waiting_on(uint64_t context) const;

 private:
  // An operation under way; lives in the frame that waits.
  struct Running;
  using Answer = Ref<const worker::AnswerMessage>;
  Task<void> run(worker::WorkerIsolate& worker, runtime::ContextId context,
                 runtime::OperationId operation, uint32_t binding, Call call);
  Task<Answer> get(uint32_t binding, Call call);
  Task<Answer> get_bulk(uint32_t binding, Call call);
  Task<Answer> change(uint32_t binding, Call call);
  Task<Answer> list(uint32_t binding, Call call);
  Task<void> get_one(Ref<const Key> key, Duration cache_ttl, struct Gather* gather, size_t index);
  Version next_version();
  World& world() { return process_.world(); }
  int64_t wall_s() { return process_.clock().wall_ms() / 1000; }

  host::Process& process_;
  const Layout& layout_;
  Upstream upstream_;
  int64_t last_written_us_ = 0;
  uint64_t writes_ = 0;
  std::vector<const Running*> running_;
};

}  // namespace orrery::kv
