// The Workers of one world, and where their bindings to each other lead: service bindings to an entrypoint
// of a Worker, Durable Object bindings to a class of this or (`script_name`) another Worker.
//
// The first Worker is the one that clients reach by any name; each is reached at https://NAME.example.com too.
// Classes are known by a label that is theirs alone: the class's name, or "auth.Session" where an earlier
// Worker has a class of that name. Labels are in object names ("do:Session/ann") and in messages, and stay when a
// migration renames or transfers the class: so do ids, logs and stories.
//
// A *slot* is a version of a Worker: those that the world begins with have their Worker's number, all others follow.
// What is uploaded takes effect here at once, for every object that starts from then on; stateless requests follow
// host by host as the news comes there (host_workers.h). The real platform's way of telling a starting object its
// version is not known.
//
// Not modelled: routes.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/worker/deployment.h"
#include "platform/worker/rollout.h"

namespace orrery::worker {

inline constexpr uint32_t kNoWorker = UINT32_MAX;

class Application {
 public:
  // A class of Durable Objects and the Worker whose code it is.
  struct Class {
    std::string label;
    uint32_t worker = 0;
    Namespace* objects = nullptr;
    std::string name = {};  // in that Worker's code; a migration may change both
    bool sqlite = true;
    bool deleted = false;   // by a migration: its objects are gone for ever

    // The stable printable name: "do:Cart/42", or "do:Cart/1f00aa22" for an object without a known name. One in a
    // jurisdiction says so: "do:Cart/42 in eu".
    std::string printable(const ObjectId& id, std::string_view name) const;
    // What directory and logs know the object by.
    std::string identity(const ObjectId& id) const;
  };
  // Where a binding leads: to a Worker (`service`), to a class, or (both empty) nowhere else.
  struct Place {
    uint32_t service = kNoWorker;
    const Class* objects = nullptr;
  };

  // The deployments must outlive the application. At least one.
  Application(const Deployment& only);  // NOLINT: one Worker is an application
  explicit Application(std::vector<const Deployment*> workers);
  // `later`: versions that may be uploaded while the world runs, of Workers that are among `workers`.
  Application(std::vector<const Deployment*> workers, const std::vector<const Deployment*>& later);
  Application(Application&&) = default;
  Application(const Application&) = delete;

  // What is wrong with the bindings between the Workers, for their author; empty when nothing is. With
  // a fault the application must not be used.
  const std::string& fault() const { return fault_; }
  // True when the fault is that a Worker is not among these.
  bool lacks_worker() const { return lacks_worker_; }

  size_t size() const { return workers_.size(); }
  const Deployment& worker(uint32_t index) const { return *workers_[index]; }
  // By the Worker's name; kNoWorker when there is none.
  uint32_t find_worker(std::string_view name) const;
  const Place& place(uint32_t slot, uint32_t binding) const { return places_[slot][binding]; }
  // By its label; null when no Worker has it.
  const Class* find_class(std::string_view label) const;
  // By the name that it has in a Worker's code now; null when there is none, or it is deleted.
  const Class* current_class(uint32_t worker, std::string_view name) const;
  // The label of what is called so now in any Worker, else `name` itself.
  std::string_view label_of(std::string_view name) const;

  // ---- versions ----

  size_t slots() const { return versions_.size(); }
  const Deployment& version(uint32_t slot) const { return *versions_[slot].deployment; }
  uint32_t worker_of(uint32_t slot) const { return versions_[slot].worker; }
  // The slot of "v2", of the Worker named or (empty) of the only one that has such a version. kNoWorker, with the
  // reason in `why`, when there is none.
  uint32_t find_version(std::string_view worker, std::string_view version, std::string& why) const;
  // The versions of a Worker that serve now.
  const Rollout& rollout(uint32_t worker) const { return rollouts_[worker]; }
  // The labels of the classes that migrations have deleted, in order.
  const std::vector<std::string>& deleted_classes() const { return deleted_; }
  // How many uploads there were.
  uint32_t uploads() const { return uploads_; }
  // The version that an object belongs to now.
  uint32_t slot_of(const Class& c, const ObjectId& id) const { return rollouts_[c.worker].slot_of(id); }

  // Which blocks of a version's code have run in this world: a byte for each, written by its isolates.
  std::vector<uint8_t>& covered(uint32_t slot) const { return *versions_[slot].covered; }

  // Gives `share` (in millionths) of its Worker to a version, after the migrations of it that were not applied
  // yet. Empty, or why it is refused: then nothing has changed.
  std::string upload(uint32_t slot, uint32_t share);
  // For the museum: a class that a migration renames begins anew.
  void lose_renamed(bool lose) { renames_lose_ = lose; }
  // Why it would be; empty when it would not.
  std::string refuses(uint32_t slot, uint32_t share) const;

 private:
  struct Version {
    Version(uint32_t w, const Deployment* d)
        : worker(w), deployment(d), covered(std::make_unique<std::vector<uint8_t>>(d->code()->blocks + 1)) {}
    uint32_t worker;
    const Deployment* deployment;
    std::unique_ptr<std::vector<uint8_t>> covered;
  };
  using Classes = std::map<std::string, Class, std::less<>>;
  void add_classes(uint32_t worker);
  Place lead(uint32_t slot, const runtime::Binding& binding);
  Place lead_to_service(uint32_t slot, const runtime::Binding& binding);
  Place lead_to_class(uint32_t slot, const runtime::Binding& binding);
  static const Class* current_class(const Classes& classes, uint32_t worker, std::string_view name);
  // Migrations, on a copy of the classes (migrate.cc).
  struct Migrating;
  std::string migrate(Migrating& to, uint32_t slot) const;
  std::string refuse_bindings(const Migrating& with, uint32_t slot) const;
  std::string prepare(Migrating& to, uint32_t slot, uint32_t share) const;
  std::string refuse_share(const Rollout& now, uint32_t slot, uint32_t share) const;
  void take_over(Migrating& migrated);
  void fail(std::string text, bool lacks_worker = false);
  std::string names() const;

  std::vector<const Deployment*> workers_;
  std::vector<Version> versions_;           // by slot
  std::vector<Rollout> rollouts_;           // by Worker
  std::vector<std::string> last_tags_;      // by Worker: of the last migration applied
  uint32_t uploads_ = 0;
  bool renames_lose_ = false;
  Classes classes_;                         // by label
  std::vector<std::string> deleted_;
  std::deque<Namespace> namespaces_;        // of classes made while the world runs
  std::vector<std::vector<Place>> places_;  // by slot, by binding; empty before its upload
  std::string fault_;
  bool lacks_worker_ = false;
};

}  // namespace orrery::worker
