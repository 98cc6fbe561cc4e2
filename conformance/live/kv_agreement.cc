#include "conformance/live/kv_agreement.h"

#include <algorithm>

#include "platform/kv/events.h"
#include "platform/kv/service.h"

namespace orrery::live {

KvAgreement::KvAgreement(Cloud& cloud) : cloud_(cloud) {
  auto& observers = cloud_.world().observers();
  observers.subscribe<kv::WriteAcknowledged>(
      [this](const kv::WriteAcknowledged& e, const EventContext& at) { wrote(e.lane, at.at); });
  observers.subscribe<kv::WriteFailed>([this](const kv::WriteFailed& e, const EventContext& at) {
    if (e.unknown) wrote(e.lane, at.at);
  });
  observers.subscribe<kv::ReadServed>([this](const kv::ReadServed& e, const EventContext&) {
    largest_ttl_ = std::max(largest_ttl_, e.cache_ttl);
  });
  observers.subscribe<kv::DelayDeclared>([this](const kv::DelayDeclared& e, const EventContext&) {
    largest_delay_ = std::max(largest_delay_, e.delay);
  });
}

// A lane is "kv:BINDING/key".
void KvAgreement::wrote(LaneId lane, Instant at) {
  const std::string& name = cloud_.world().trace().lane_at(lane).name;
  const size_t slash = name.find('/');
  const kv::Layout::Namespace* space = cloud_.kv().find(name.substr(3, slash - 3));
  if (space && slash != name.npos) keys_[{space->id, name.substr(slash + 1)}] = at;
}

// Reads under way; shared with those that read in other processes, which may die.
struct KvAgreement::Ask {
  Ask(Loop& loop, Ref<const kv::Key> k, size_t count) : key(std::move(k)), got(count), done(loop) {}
  Ref<const kv::Key> key;
  struct Got {
    bool here = false;
    kv::Version version;
  };
  std::vector<Got> got;
  size_t left = 0;
  OneShot<bool> done;
};

Task<void> KvAgreement::read(std::shared_ptr<Ask> ask, host::HostId at, uint32_t index) {
  auto* service = cloud_.hosts().by_id(at).process()->find<kv::KvService>();
  kv::Fetched got = co_await service->read(ask->key, largest_ttl_);
  ask->got[index] = {got.available, got.record ? got.record->version : kv::Version{}};
  if (--ask->left == 0) ask->done.set(true);
}

Task<std::string> KvAgreement::disagreement(std::string space_id, std::string key) {
  host::Hosts& hosts = cloud_.hosts();
  std::vector<host::HostId> readers;
  for (const std::string& code : cloud_.options().pops) {
    const uint32_t pop = *cloud_.geography().find(code);
    for (uint32_t n = 1; n <= cloud_.options().hosts_per_pop; ++n) {
      host::Host& host = hosts.at(pop, n);
      if (!host.up()) continue;
      readers.push_back(host.id());
      break;
    }
  }
  const kv::Layout::Namespace* space = cloud_.kv().find(space_id);
  auto ask = std::make_shared<Ask>(cloud_.world().loop(),
                                   cloud_.kv().key(cloud_.world(), *space, key), readers.size());
  ask->left = readers.size();
  if (readers.empty()) co_return std::string();
  for (uint32_t i = 0; i < readers.size(); ++i)
    hosts.by_id(readers[i]).process()->tasks().spawn(read(ask, readers[i], i));
  co_await ask->done;

  Ref<const kv::Record> newest = cloud_.kv_record(space_id, key);
  const kv::Version expected = newest ? newest->version : kv::Version{};
  std::string wrong;
  for (uint32_t i = 0; i < readers.size(); ++i) {
    if (ask->got[i].here && ask->got[i].version == expected) continue;
    wrong += (wrong.empty() ? "" : ", ") + hosts.by_id(readers[i]).name() + " reads " +
             (ask->got[i].here ? "version " + ask->got[i].version.text() : "nothing: no back end answers");
  }
  if (wrong.empty()) co_return wrong;
  co_return wrong + "; the newest is " + expected.text();
}

}  // namespace orrery::live
