// One of the two central back ends of Workers KV: a service on a host of its own, durable on that host's disk,
// independent of the other (10.3). It takes writes and reads, keeps of each key the greatest version, lets one
// write per second and key through, and asks the other back end every second for what it lacks.
//
// Invariants
//  - A write is answered kStored only after its record was synced here.
//  - A back end whose disk lost what it had acknowledged serves nobody until it has learned everything from the
//    other one. With both disks lost KV stays unavailable.
//  - Both back ends keep the same winner of any set of versions, whatever the order of arrival.
//  - A fault's delay hides a version from readers and from the other back end, never from the rule of
//    last write wins. A crash may only shorten it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/kv/layout.h"
#include "platform/kv/log.h"
#include "platform/kv/messages.h"
#include "sim/net/network.h"

namespace orrery::kv {

class CentralStore final : public host::Service, private net::Handler {
 public:
  // `number`: 1 or 2.
  CentralStore(host::Process& process, const Layout& layout, uint32_t number);

  // For looking in from outside: the greatest durable record of a key, delayed or not; null if none.
  Ref<const Record> newest(std::string_view space, std::string_view name) const;
  // The durable records of a namespace that are not deleted, by key.
  std::vector<Ref<const Record>> all(std::string_view space) const;
  bool serving() const { return !recovering_; }

 private:
  struct Delayed {
    Instant visible_at;
    Ref<const Record> record;
  };
  struct State {
    Ref<const Record> visible;     // what readers see
    std::vector<Delayed> delayed;  // greater ones that they will see, in rising order
    Instant accepted_at = {INT64_MIN / 2};
    const Ref<const Record>& newest() const {
      return delayed.empty() ? visible : delayed.back().record;
    }
  };
  enum class Source : uint8_t { kWriter, kOtherBackEnd, kDisk };
  struct Pending {
    net::Caller caller;
    Source source;
    Ref<const Record> record;
    Instant accepted;
  };
  struct Past {
    Instant visible_at;
    Ref<const Record> record;
  };

  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  void on_read(const net::Caller& caller, const ReadMessage& message);
  void on_write(const net::Caller& caller, const WriteMessage& message);
  void on_pull(const net::Caller& caller, const PullMessage& message);
  Ref<const Page> list(const Key& key);
  Task<void> reconcile();
  bool take_in(const PullAnswer& answer);
  void commit_later(Pending pending);
  void start_sync();
  void finish_sync(size_t count);
  // A durable record enters; true if it is the greatest now.
  bool apply(const Ref<const Record>& record, Source source, Instant accepted);
  const Ref<const Record>& visible(State& state);
  std::vector<Ref<const Record>> winners() const;
  bool rewrite();
  World& world() { return process_.world(); }

  host::Process& process_;
  const Layout& layout_;
  uint32_t number_;
  StoreLog log_;
  bool recovering_ = false;
  bool syncing_ = false;
  // By namespace id, NUL, key: a namespace's keys stand together, sorted by their UTF-8 bytes.
  std::map<std::string, State> states_;
  std::vector<Pending> pending_;
  // Winners in the order in which they became durable: what the other back end asks for.
  std::vector<Past> history_;
  uint64_t history_id_;
  // How far the other one's history was taken in.
  uint64_t known_history_ = 0;
  uint64_t known_upto_ = 0;
};

}  // namespace orrery::kv
