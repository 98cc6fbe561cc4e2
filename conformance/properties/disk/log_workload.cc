// A follower on a host with the given disk, and an owner that says what it likes: entries in bursts, promises of newer
// epochs, entries that cut off a tail, whole images. Every database has one page with a number of its own, so
// that a log's content tells which entry it ends with.
#include <algorithm>
#include <map>
#include <vector>

#include "conformance/properties/disk/workload.h"
#include "platform/channels.h"
#include "platform/durable/replication/events.h"
#include "platform/durable/replication/followed_object.h"
#include "sim/core/check.h"
#include "sim/net/geography.h"

namespace orrery::disk {
namespace {

using namespace durable;

const net::Geography& geography() {
  static const net::Geography g;
  return g;
}

// A disk that belongs to somebody else.
class Borrowed final : public Disk {
 public:
  explicit Borrowed(Disk& inner) : inner_(inner) {}
  std::shared_ptr<File> open(std::string_view n, OpenMode m, DiskError* e) override { return inner_.open(n, m, e); }
  DiskError remove(std::string_view n) override { return inner_.remove(n); }
  DiskError rename(std::string_view f, std::string_view t) override { return inner_.rename(f, t); }
  bool exists(std::string_view n) const override { return inner_.exists(n); }
  std::vector<std::string> list(std::string_view p) const override { return inner_.list(p); }
  DiskError sync_names() override { return inner_.sync_names(); }
  Duration sync_latency() override { return micros(60); }
  uint64_t used_bytes() const override { return inner_.used_bytes(); }
  void crash() override { inner_.crash(); }
  void wipe() override { inner_.wipe(); }
  Unsynced unsynced() const override { return inner_.unsynced(); }
  std::unique_ptr<Disk> after_crash(const std::vector<bool>& k, size_t n) const override {
    return inner_.after_crash(k, n);
  }
  void set_faults(const DiskFaults& f) override { inner_.set_faults(f); }
  const DiskFaults& faults() const override { return inner_.faults(); }

 private:
  Disk& inner_;
};

// One host that follows, on this disk, and one that owns. Nothing is drawn by the world.
struct LogWorld : net::Handler, net::ReplySink {
  LogWorld(Disk& disk, const FollowerOptions& with)
      : options(with),
        world(World::Options{{1, DecisionBase::kDefault, {}}, false}),
        hosts(world, geography(),
              [this, &disk](host::Process& p) {
                if (p.host_id() != 0) return;
                p.host().use_disk(std::make_unique<Borrowed>(disk));
                follower = &p.add<Follower>(p, p.add<DirectoryClient>(p, DirectoryOptions{}), options);
              }),
        network(net::make_network(world, hosts, geography())),
        object(make_ref<const ObjectInfo>(world, "do:List/1")) {
    (void)hosts.by_name("host:WAW/1");
    owner = hosts.by_name("host:ARN/1")->process();
    network->serve(*owner, kReplicationChannel, *this);
  }
  void on_reply(uint64_t, net::Reply reply) override {
    if (!reply.ok()) return;
    const auto& r = reply.message->as<RecoverReply>();
    if (r.status == RecoverReply::Status::kPromised) promised = std::max(promised, r.promised);
  }

  FollowerOptions options;
  World world;
  host::Hosts hosts;
  std::unique_ptr<net::Network> network;
  Ref<const ObjectInfo> object;
  Follower* follower = nullptr;
  host::Process* owner = nullptr;
  uint64_t promised = 0;  // as the owner was told
};

std::string text(LogPosition at) { return std::to_string(at.index) + " of epoch " + std::to_string(at.epoch); }

// Which entry a database was left by.
LogPosition last_of(const PageImage* image) {
  LogPosition at;
  if (!image || image->pages.empty() || !image->pages[0]) return at;
  std::memcpy(&at.epoch, image->pages[0]->data(), 8);
  std::memcpy(&at.index, image->pages[0]->data() + 8, 8);
  return at;
}

class LogWorkload final : public Workload {
 public:
  explicit LogWorkload(uint64_t seed) : seed_(seed) {
    Draw draw(seed);
    options_.fold_entries = 3;
    options_.keep_past = draw.below(2);
  }

  void run(Disk& disk) override {
    Draw draw(mix64(seed_, 1));
    LogWorld w(disk, options_);
    told_ = &w.promised;
    w.world.observers().subscribe<FollowerDurable>([this](const FollowerDurable& e, const EventContext&) {
      acknowledged_ = {e.epoch, e.index};
    });
    epoch_ = 1;
    last_ = {};
    for (uint64_t steps = 10 + draw.below(12); steps > 0; --steps) {
      const uint64_t kind = draw.below(10);
      if (kind < 7)
        for (uint64_t n = 1 + draw.below(3); n > 0; --n) append(w, draw);
      else if (kind < 9)
        next_owner(w, draw);
      else
        install(w, draw);
      // From within the sync of the last to long after it.
      static constexpr int64_t kPauses[] = {20, 200, 9'000, 30'000};
      w.world.loop().run_until(w.world.now() + micros(kPauses[draw.below(4)]));
    }
    w.world.loop().run_until(w.world.now() + millis(200));
    promised_ = w.promised;
    told_ = &promised_;
  }

  std::string recover(Disk& disk) override {
    LogWorld w(disk, options_);
    FollowedObject found(*w.follower, w.object);
    if (found.lost()) return "lost";
    const Ref<const PageImage> image = found.current_image();
    std::string out = "promised " + std::to_string(found.promised()) + ", base " + text(found.base()) + ", last " +
                      text(found.last()) + ", durable " + std::to_string(found.committed()) + ", database ";
    if (!image) return out + "unreadable";
    uint64_t hash = 0;
    for (const auto& page : image->pages) hash = mix64(hash, page ? hash_bytes(page->data(), page->size()) : 0);
    recovered_[out += std::to_string(hash)] = {found.promised(), found.last(), last_of(image.get())};
    return out;
  }

  std::string wrong(const std::string& recovered) override {
    // The first log was not there whole: nothing was ever said by it.
    if (recovered == "lost" && acknowledged_ == LogPosition{} && *told_ == 0) return {};
    auto found = recovered_.find(recovered);
    if (found == recovered_.end()) return recovered;
    const Recovered& r = found->second;
    if (r.last != r.database && r.last.index > 0) return "the database is not that of the last entry";
    if (r.last.index > 0 && !parents_.count(r.last)) return "an entry that was never sent";
    if (r.promised < std::max(*told_, acknowledged_.epoch)) return "a promise was given and is gone";
    // Index is of the log of that epoch's owner: what it had up to there must be here.
    auto had = matched_.find(acknowledged_);
    if (had == matched_.end()) return {};
    LogPosition at = r.last;
    while (at.index > had->second.index && parents_.count(at)) at = parents_[at];
    // A newer owner may cut off what was not durable, and has not been told of all that was acknowledged.
    if (at != had->second && r.last.epoch <= acknowledged_.epoch) return "entry " + text(had->second) + " was acknowledged and is gone";
    return {};
  }

 private:
  struct Recovered {
    uint64_t promised;
    LogPosition last, database;
  };

  Ref<Buffer> page_of(LogPosition at) {
    Ref<Buffer> page = Buffer::make(kLogPageBytes);
    std::memset(page->data(), static_cast<int>(at.index * 7 + at.epoch), kLogPageBytes);
    std::memcpy(page->data(), &at.epoch, 8);
    std::memcpy(page->data() + 8, &at.index, 8);
    return page;
  }

  // What an acknowledgement of this epoch and index speaks of.
  void note(LogPosition at) { matched_[{epoch_, at.index}] = at; }

  void append(LogWorld& w, Draw& draw) {
    auto entry = make_ref<AppendMessage>();
    entry->object = w.object;
    entry->sender_epoch = entry->epoch = epoch_;
    entry->index = last_.index + 1;
    entry->prev_epoch = last_.epoch;
    if (acknowledged_.epoch == epoch_) entry->durable = acknowledged_.index;
    const LogPosition at = entry->position();
    auto payload = make_ref<LogPayload>();
    payload->db_pages = 3;
    payload->frames.push_back({1, page_of(at)});
    if (draw.below(2)) payload->frames.push_back({2 + static_cast<uint32_t>(draw.below(2)), page_of(at)});
    entry->payload = payload;
    entry->record = make_entry_record(*entry);
    parents_[at] = last_;
    last_ = at;
    note(at);
    w.network->post(*w.owner, 0, kFollowerChannel, entry);
  }

  // Somebody else owns the log from here: what was not acknowledged may be missing in it.
  void next_owner(LogWorld& w, Draw& draw) {
    ++epoch_;
    const LogPosition keep = matched_.count(acknowledged_) ? matched_[acknowledged_] : LogPosition{};
    for (uint64_t n = draw.below(3); n > 0 && last_.index > keep.index; --n) last_ = parents_[last_];
    for (LogPosition at = last_; at.index > 0; at = parents_[at]) note(at);
    (void)w.network->request(*w.owner, 0, kFollowerChannel, make_ref<const RecoverRequest>(w.object, epoch_),
                             seconds(5), w, epoch_);
  }

  void install(LogWorld& w, Draw& draw) {
    auto m = make_ref<InstallMessage>();
    m->object = w.object;
    m->sender_epoch = epoch_;
    for (uint64_t n = 1 + draw.below(4); n > 0; --n) {
      const LogPosition at{epoch_, last_.index + 1};
      parents_[at] = last_;
      note(last_ = at);
    }
    m->position = last_;
    if (acknowledged_.epoch == epoch_) m->durable = acknowledged_.index;
    auto image = make_ref<PageImage>();
    for (uint64_t n = 1 + draw.below(3); n > 0; --n) image->pages.push_back(page_of(last_));
    m->image = image;
    w.network->post(*w.owner, 0, kFollowerChannel, m);
  }

  const uint64_t seed_;
  FollowerOptions options_;
  uint64_t epoch_ = 1;
  LogPosition last_;
  uint64_t promised_ = 0;
  const uint64_t* told_ = &promised_;
  LogPosition acknowledged_;                       // epoch of the owner told, and index
  std::map<LogPosition, LogPosition> parents_;     // each entry ever made, and the one before it
  std::map<LogPosition, LogPosition> matched_;     // in the log of that epoch's owner, the entry at that index
  std::map<std::string, Recovered> recovered_;
};

}  // namespace

std::unique_ptr<Workload> make_log_workload(uint64_t seed) { return std::make_unique<LogWorkload>(seed); }

}  // namespace orrery::disk
