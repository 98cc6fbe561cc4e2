#include "platform/worker/application.h"

#include <algorithm>

#include "sim/core/check.h"

namespace orrery::worker {

std::string Application::Class::printable(const ObjectId& id, std::string_view name) const {
  std::string out = "do:" + label + "/";
  if (name.empty()) return out + hex_of(id).substr(0, 8);
  out.append(name);
  const Jurisdiction within = objects->jurisdiction_of(id);
  if (within != Jurisdiction::kNone) out.append(" in ").append(kJurisdictions[static_cast<size_t>(within)]);
  return out;
}

std::string Application::Class::identity(const ObjectId& id) const {
  return "do:" + label + "#" + hex_of(id);
}

Application::Application(const Deployment& only)
    : Application(std::vector<const Deployment*>{&only}) {}

Application::Application(std::vector<const Deployment*> workers) : Application(std::move(workers), {}) {}

Application::Application(std::vector<const Deployment*> workers, const std::vector<const Deployment*>& later)
    : workers_(std::move(workers)) {
  ORRERY_CHECK(!workers_.empty(), "an application has a Worker");
  for (uint32_t w = 0; w < workers_.size(); ++w) {
    const std::string& name = workers_[w]->code()->name;
    if (find_worker(name) != w) fail("two Workers are named \"" + name + "\"");
    versions_.emplace_back(w, workers_[w]);
    rollouts_.push_back({.from = w, .to = w});
    const auto& migrations = workers_[w]->migrations();
    last_tags_.push_back(migrations.empty() ? "" : migrations.back().tag);
    add_classes(w);
  }
  for (uint32_t w = 0; w < workers_.size(); ++w) {
    places_.emplace_back();
    for (const runtime::Binding& b : workers_[w]->code()->bindings)
      places_.back().push_back(lead(w, b));
  }
  for (const Deployment* d : later) {
    const uint32_t w = find_worker(d->code()->name);
    if (w == kNoWorker)
      fail("version " + d->version() + " is of the Worker \"" + d->code()->name +
           "\", but there is no such Worker here (there is " + names() + ")");
    for (const Version& v : versions_)
      if (v.worker == w && v.deployment->version() == d->version())
        fail("two versions of the Worker \"" + d->code()->name + "\" are called " + d->version());
    versions_.emplace_back(w, d);
  }
  places_.resize(versions_.size());
}

void Application::add_classes(uint32_t w) {
  for (const ObjectClass& c : workers_[w]->classes()) {
    std::string label = c.name;
    if (classes_.contains(label)) label = workers_[w]->code()->name + "." + c.name;
    classes_.emplace(label, Class{label, w, workers_[w]->find_namespace(c.name), c.name, c.sqlite});
  }
}

uint32_t Application::find_worker(std::string_view name) const {
  for (uint32_t w = 0; w < workers_.size(); ++w)
    if (workers_[w]->code()->name == name) return w;
  return kNoWorker;
}

const Application::Class* Application::find_class(std::string_view label) const {
  auto it = classes_.find(label);
  return it == classes_.end() ? nullptr : &it->second;
}

const Application::Class* Application::current_class(const Classes& classes, uint32_t worker,
                                                     std::string_view name) {
  for (const auto& [label, c] : classes)
    if (c.worker == worker && c.name == name && !c.deleted) return &c;
  return nullptr;
}

const Application::Class* Application::current_class(uint32_t worker, std::string_view name) const {
  return current_class(classes_, worker, name);
}

std::string_view Application::label_of(std::string_view name) const {
  for (uint32_t w = 0; w < workers_.size(); ++w)
    if (const Class* c = current_class(w, name)) return c->label;
  return name;
}

uint32_t Application::find_version(std::string_view worker, std::string_view version, std::string& why) const {
  uint32_t found = kNoWorker;
  std::string known;
  for (uint32_t s = 0; s < versions_.size(); ++s) {
    const Deployment& d = this->version(s);
    if (!worker.empty() && d.code()->name != worker) continue;
    known += (known.empty() ? "" : ", ") + (worker.empty() ? d.label() : d.version());
    if (d.version() != version) continue;
    if (found != kNoWorker) {
      why = "more than one Worker has a version " + std::string(version) + ": say which one's";
      return kNoWorker;
    }
    found = s;
  }
  if (found == kNoWorker)
    why = "there is no version \"" + std::string(version) + "\"" +
          (worker.empty() ? "" : " of the Worker \"" + std::string(worker) + "\"") + " here (there is " + known + ")";
  return found;
}

Application::Place Application::lead(uint32_t s, const runtime::Binding& b) {
  if (b.kind == runtime::BindingKind::kService) return lead_to_service(s, b);
  if (b.kind == runtime::BindingKind::kDurableObject) return lead_to_class(s, b);
  return {};
}

Application::Place Application::lead_to_service(uint32_t s, const runtime::Binding& b) {
  const std::string& from = version(s).code()->name;
  uint32_t to = find_worker(b.script);
  if (to == kNoWorker) {
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the service \"" + b.script +
         "\", but there is no such Worker here (there is " + names() + ")", true);
    return {};
  }
  const std::vector<std::string>& exports = version(rollouts_[to].to).exports();
  if (!b.entrypoint.empty() && !exports.empty() &&
      std::find(exports.begin(), exports.end(), b.entrypoint) == exports.end())
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the service \"" + b.script +
         "\" with the entrypoint \"" + b.entrypoint + "\", but \"" + b.script +
         "\" exports nothing of that name");
  return {to, nullptr};
}

Application::Place Application::lead_to_class(uint32_t s, const runtime::Binding& b) {
  const uint32_t w = worker_of(s);
  const std::string& from = version(s).code()->name;
  uint32_t to = b.script.empty() ? w : find_worker(b.script);
  if (to == kNoWorker) {
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the class " + b.class_name +
         " of the Worker \"" + b.script + "\", but there is no such Worker here (there is " +
         names() + ")", true);
    return {};
  }
  const Class* found = current_class(to, b.class_name);
  if (!found) {
    fail("binding " + b.name + " names the class " + b.class_name + ", which no migration" +
         (to == w ? "" : " of the Worker \"" + b.script + "\"") + " declares");
    return {};
  }
  return {kNoWorker, found};
}

void Application::fail(std::string text, bool lacks_worker) {
  if (!fault_.empty()) return;
  fault_ = std::move(text);
  lacks_worker_ = lacks_worker;
}

std::string Application::names() const {
  std::string out;
  for (const Deployment* d : workers_) out += (out.empty() ? "" : ", ") + d->code()->name;
  return out;
}

}  // namespace orrery::worker
