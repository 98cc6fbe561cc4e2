// A cloud of a few hosts with directory, followers and owners, and a toy object: an append-only
// list of numbers kept in pages, so that after any failure its whole history can be read back and
// compared with what was acknowledged. Not part of any library.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/durable/directory/directory_member.h"
#include "platform/durable/directory/events.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/followed_object.h"
#include "platform/durable/replication/follower.h"
#include "platform/durable/replication/follower_choice.h"
#include "platform/durable/replication/replicated_log.h"
#include "sim/disk/disk.h"
#include "sim/disk/faults.h"
#include "sim/net/geography.h"

namespace orrery::durable {

inline constexpr Site kClusterSite{"test.cluster"};
inline constexpr Site kWriterPause{"test.writer"};
inline constexpr uint32_t kNumbersPerPage = kLogPageBytes / 8;

// Pages of a list: page 1 holds the count, page 2 .. the numbers.
inline Ref<Buffer> zero_page() {
  Ref<Buffer> page = Buffer::make(kLogPageBytes);
  std::memset(page->data(), 0, kLogPageBytes);
  return page;
}
inline std::vector<uint64_t> list_of(const PageImage* image) {
  std::vector<uint64_t> list;
  if (!image || image->pages.empty() || !image->pages[0]) return list;
  uint64_t count = 0;
  std::memcpy(&count, image->pages[0]->data(), 8);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t value = 0;
    const size_t page = 1 + i / kNumbersPerPage;
    if (page < image->pages.size() && image->pages[page])
      std::memcpy(&value, image->pages[page]->data() + i % kNumbersPerPage * 8, 8);
    list.push_back(value);
  }
  return list;
}

// What is promised to the outside, over all owners: at place p of the list stands this number.
struct Promises {
  std::map<uint64_t, uint64_t> at;
  uint64_t conflicts = 0;
  uint64_t acknowledged = 0;
  uint64_t reads = 0;
  uint64_t stale_reads = 0;
  // An owner that believes its lease valid answers from memory: it must know all that was
  // acknowledged.
  void read(const std::vector<uint64_t>& list) {
    ++reads;
    if (at.empty()) return;
    auto [place, value] = *at.rbegin();
    stale_reads += place >= list.size() || list[place] != value;
  }
  void note(uint64_t place, uint64_t value) {
    ++acknowledged;
    auto [it, fresh] = at.emplace(place, value);
    if (!fresh && it->second != value) ++conflicts;
  }
  // How many acknowledged numbers the list lacks.
  uint64_t missing(const std::vector<uint64_t>& list) const {
    uint64_t n = 0;
    for (const auto& [place, value] : at) n += place >= list.size() || list[place] != value;
    return n;
  }
};

// Owns at most one object on its host and appends numbers to it.
class Writer : public host::Service, LogListener, ImageSource, SessionListener {
 public:
  Writer(host::Process& process, DirectoryClient& directory, Replication& replication,
         Promises& promises)
      : process_(process), directory_(directory), replication_(replication), promises_(promises) {
    directory.add_listener(this);
  }

  // Claims and opens the object, then appends `count` numbers, one each `pause`, and goes on
  // reading until stopped or dropped. If it does so already it appends `count` more.
  Task<void> run(Ref<const ObjectInfo> object, ClaimOptions options, uint64_t count,
                 Duration pause) {
    quota_ = busy_ ? quota_ + count : count;
    if (busy_) co_return;
    busy_ = true;
    stop_ = false;
    log_.reset();
    Claim claim = co_await directory_.claim(object, options);
    claimed = claim.status;
    placement = claim.placement;
    if (claim.status == Claim::Status::kGranted) {
      Recovery recovery = co_await replication_.open(object, claim.placement, area, options.patience);
      opened = recovery.status;
      if (recovery.status == Recovery::Status::kOk &&
          directory_.session() == claim.placement.session) {
        log_ = std::move(recovery.log);
        image_ = make_ref<PageImage>();
        if (recovery.image) image_->pages = recovery.image->pages;
        list = list_of(image_.get());
        waiting_.clear();
        log_->set_listener(this);
        log_->set_image_source(this);
        while (!stop_) {
          if (quota_ > 0) add();
          quota_ -= quota_ > 0;
          if (directory_.lease_valid()) promises_.read(list);
          co_await sleep(process_.world().loop(), kWriterPause, pause);
        }
      }
    }
    busy_ = false;
  }

  void add() {
    const uint64_t place = list.size();
    const uint64_t value = mix64(log_->epoch() * 1'000'003 + process_.host_id(), ++made_);
    list.push_back(value);
    auto payload = make_ref<LogPayload>();
    const uint32_t page = 1 + static_cast<uint32_t>(place / kNumbersPerPage);
    payload->db_pages = page + 1;
    Ref<Buffer> counts = zero_page();
    const uint64_t count = list.size();
    std::memcpy(counts->data(), &count, 8);
    Ref<Buffer> numbers = zero_page();
    if (page < image_->pages.size() && image_->pages[page])
      std::memcpy(numbers->data(), image_->pages[page]->data(), kLogPageBytes);
    std::memcpy(numbers->data() + place % kNumbersPerPage * 8, &value, 8);
    payload->frames.push_back({1, counts});
    payload->frames.push_back({page + 1, numbers});
    image_->apply(*payload);
    waiting_[log_->append(payload)] = {place, value};
  }

  void stop() { stop_ = true; }
  void drop() {
    stop_ = true;
    log_.reset();
  }
  ReplicatedLog* log() { return log_.get(); }
  bool busy() const { return busy_; }

  Claim::Status claimed = Claim::Status::kUnreachable;
  Recovery::Status opened = Recovery::Status::kUnavailable;
  Placement placement;
  FollowerArea area;  // of the next opening
  std::vector<uint64_t> list;
  uint64_t withheld = 0;  // durable, but the lease was over
  bool deposed = false;

 private:
  void on_durable(uint64_t index) override {
    while (!waiting_.empty() && waiting_.begin()->first <= index) {
      auto [place, value] = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      if (directory_.lease_valid())
        promises_.note(place, value);
      else
        ++withheld;
    }
  }
  void on_deposed(uint64_t) override {
    deposed = true;
    drop();
  }
  void on_session_ended(SessionId) override { drop(); }
  Ref<const PageImage> current_image() override {
    auto copy = make_ref<PageImage>();
    copy->pages = image_->pages;
    return copy;
  }

  host::Process& process_;
  DirectoryClient& directory_;
  Replication& replication_;
  Promises& promises_;
  std::unique_ptr<ReplicatedLog> log_;
  Ref<PageImage> image_;
  std::map<uint64_t, std::pair<uint64_t, uint64_t>> waiting_;
  uint64_t made_ = 0;
  uint64_t quota_ = 0;
  bool busy_ = false;
  bool stop_ = false;
};

struct ClusterOptions {
  uint64_t seed = 1;
  DecisionBase base = DecisionBase::kDefault;
  Weaken weaken = {};
  uint64_t fold_entries = kFoldEntries;
  uint64_t retained_entries = kRetainedEntries;
  Duration replace_after = kNever - Instant{0};  // a follower that stays silent is replaced; spares are on other hosts
  bool record = false;
  uint32_t release = 1;  // of every host
  bool replaces() const { return replace_after < seconds(3600); }
};

// Hosts: five members "FRA AMS LHR CDG MAD"/1, five followers WAW VIE ZRH MXP CPH /1, owners ARN
// HEL DUB /1.
struct Cluster {
  explicit Cluster(const ClusterOptions& o = {})
      : options(o),
        world(World::Options{{o.seed, o.base, {}}, o.record}),
        hosts(world, geography(), [this](host::Process& p) { boot(p); }),
        network(net::make_network(world, hosts, geography())) {
    for (uint32_t i = 0; i < kDirectoryMembers; ++i) directory.members[i] = i;
    directory.weaken = o.weaken;
    for (const char* name : {"host:FRA/1", "host:AMS/1", "host:LHR/1", "host:CDG/1", "host:MAD/1"})
      members.push_back(hosts.by_name(name));
    for (const char* name : {"host:WAW/1", "host:VIE/1", "host:ZRH/1", "host:MXP/1", "host:CPH/1"})
      followers.push_back(hosts.by_name(name));
    for (const char* name : {"host:ARN/1", "host:HEL/1", "host:DUB/1"})
      owners.push_back(hosts.by_name(name));
    object = make_ref<const ObjectInfo>(world, "do:List/1");
  }

  static const net::Geography& geography() {
    static const net::Geography g;
    return g;
  }
  void boot(host::Process& p) {
    if (p.host_id() < kDirectoryMembers) p.add<DirectoryMember>(p, directory);
    DirectoryClient& client = p.add<DirectoryClient>(p, directory);
    FollowerOptions follower;
    follower.fold_entries = options.fold_entries;
    follower.weaken = options.weaken;
    follower.release = {releases.count(p.host_id()) ? releases[p.host_id()] : options.release};
    p.add<Follower>(p, client, follower);
    ReplicationOptions replication;
    replication.retained_entries = options.retained_entries;
    replication.weaken = options.weaken;
    replication.release = follower.release;
    replication.replace_after = options.replace_after;
    Replication& owner = p.add<Replication>(p, client, replication);
    Writer& writer = p.add<Writer>(p, client, owner, promises);
    if (options.replaces()) writer.area.hosts_per_pop = 3;
  }

  template <class S>
  S& on(host::Host* host) { return *host->process()->find<S>(); }
  // Hosts that were made to take a follower's place.
  std::vector<host::Host*> spares() {
    std::vector<host::Host*> out;
    for (size_t id = members.size() + followers.size() + owners.size(); id < hosts.count(); ++id)
      out.push_back(&hosts.by_id(static_cast<host::HostId>(id)));
    return out;
  }
  Writer& writer(size_t i) { return on<Writer>(owners[i]); }
  DirectoryClient& client(size_t i) { return on<DirectoryClient>(owners[i]); }

  ClaimOptions claim_options(Duration patience = seconds(30)) {
    ClaimOptions o;
    for (size_t i = 0; i < kFollowers; ++i) o.followers[i] = followers[i]->id();
    o.patience = patience;
    return o;
  }
  // Lets owner `i` take the object and write; returns at once.
  void write(size_t i, uint64_t count, Duration pause = millis(10),
             Duration patience = seconds(30)) {
    if (!owners[i]->up()) return;
    owners[i]->process()->tasks().spawn(
        writer(i).run(object, claim_options(patience), count, pause));
  }
  void run_for(Duration d) { world.loop().run_until(world.now() + d); }
  void crash(host::Host* h) { hosts.crash(*h); }
  void restart(host::Host* h) { hosts.restart(*h); }
  // Another release of its software, at once.
  void upgrade(host::Host* h, uint32_t release) {
    releases[h->id()] = release;
    crash(h);
    restart(h);
  }

  ClusterOptions options;
  std::map<host::HostId, uint32_t> releases;  // of hosts that have another
  DirectoryOptions directory;
  Promises promises;
  World world;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  std::vector<host::Host*> members, followers, owners;
  Ref<const ObjectInfo> object;
};

}  // namespace orrery::durable
