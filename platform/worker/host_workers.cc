#include "platform/worker/host_workers.h"

#include "platform/worker/rpc_hub.h"

namespace orrery::worker {

inline constexpr Site kVersion{"worker.version"};

HostWorkers::HostWorkers(host::Process& process, const Application& application, Outbound& outbound,
                         const runtime::Weaken& weaken)
    : process_(process),
      application_(application),
      outbound_(outbound),
      weaken_(weaken),
      isolates_(application.slots()) {
  for (uint32_t w = 0; w < application.size(); ++w) {
    known_.push_back(application.rollout(w));
    make(w);
  }
}

void HostWorkers::make(uint32_t slot) {
  isolates_[slot] = std::make_unique<WorkerIsolate>(process_, application_, slot, outbound_, weaken_);
  if (sockets_) isolates_[slot]->connect(*sockets_);
  if (rpc_) isolates_[slot]->connect(*rpc_);
}

void HostWorkers::connect(WebSockets& sockets) {
  sockets_ = &sockets;
  for (auto& isolate : isolates_)
    if (isolate) isolate->connect(sockets);
}

void HostWorkers::connect(RpcHub& rpc) {
  rpc_ = &rpc;
  for (auto& isolate : isolates_)
    if (isolate) isolate->connect(rpc);
}

uint32_t HostWorkers::draw(uint32_t worker, const runtime::HttpRequest* request) {
  const Rollout& known = known_[worker];
  std::string_view value;
  if (request && request->headers.find("cloudflare-workers-version-overrides", value)) {
    // shop="v2", other="v1"
    const std::string mine = application_.worker(worker).code()->name + "=\"";
    for (uint32_t slot : {known.from, known.to}) {
      const std::string asked = mine + application_.version(slot).version() + "\"";
      const size_t at = value.find(asked);
      if (at != value.npos && (at == 0 || value[at - 1] == ' ' || value[at - 1] == ',')) return slot;
    }
  }
  bool newer;
  if (request && request->headers.find("cloudflare-workers-version-key", value))
    newer = mix64(hash_bytes(value), known.number) % kWholeShare < known.share;
  else
    newer = process_.world().decide().chance(kVersion, Ratio{known.share, kWholeShare});
  ORRERY_SOMETIMES(process_.world(), newer, "a request is drawn for the newer version of a gradual rollout");
  return newer ? known.to : known.from;
}

void HostWorkers::news(uint32_t worker, bool again) {
  const Rollout before = known_[worker];
  const Rollout& now = known_[worker] = application_.rollout(worker);
  for (uint32_t slot = 0; slot < isolates_.size(); ++slot) {
    if (application_.worker_of(slot) != worker || !isolates_[slot]) continue;
    const bool serves = slot == now.from || slot == now.to;
    if (!serves || again) isolates_[slot]->code_updated();
    else if (slot != before.from && slot != before.to) isolates_[slot]->code_kept();
  }
}

}  // namespace orrery::worker
