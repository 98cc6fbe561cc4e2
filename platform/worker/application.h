// The Workers of one world, and where their bindings to each other lead: service bindings to an entrypoint
// of a Worker, Durable Object bindings to a class of this or (`script_name`) another Worker.
//
// The first Worker is the one that clients reach by any name; each is reached at https://NAME.example.com too.
// Classes are known by a label that is theirs alone: the class's name, or "auth.Session" where an earlier
// Worker has a class of that name. Labels are in object names ("do:Session/ann") and in messages.
//
// Not modelled: versions of one Worker side by side, routes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/worker/deployment.h"

namespace orrery::worker {

inline constexpr uint32_t kNoWorker = UINT32_MAX;

class Application {
 public:
  // A class of Durable Objects and the Worker whose code it is.
  struct Class {
    std::string label;
    uint32_t worker = 0;
    Namespace* objects = nullptr;

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
  const Place& place(uint32_t worker, uint32_t binding) const { return places_[worker][binding]; }
  // By its label; null when no Worker has it.
  const Class* find_class(std::string_view label) const;

 private:
  void add_classes(uint32_t worker);
  Place lead(uint32_t worker, const runtime::Binding& binding);
  Place lead_to_service(uint32_t worker, const runtime::Binding& binding);
  Place lead_to_class(uint32_t worker, const runtime::Binding& binding);
  void fail(std::string text, bool lacks_worker = false);
  std::string names() const;

  std::vector<const Deployment*> workers_;
  std::map<std::string, Class, std::less<>> classes_;  // by label
  std::vector<std::vector<Place>> places_;             // by Worker, by binding
  std::string fault_;
  bool lacks_worker_ = false;
};

}  // namespace orrery::worker
