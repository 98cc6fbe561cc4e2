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

Application::Application(std::vector<const Deployment*> workers) : workers_(std::move(workers)) {
  ORRERY_CHECK(!workers_.empty(), "an application has a Worker");
  for (uint32_t w = 0; w < workers_.size(); ++w) {
    const std::string& name = workers_[w]->code()->name;
    if (find_worker(name) != w) fail("two Workers are named \"" + name + "\"");
    add_classes(w);
  }
  for (uint32_t w = 0; w < workers_.size(); ++w) {
    places_.emplace_back();
    for (const runtime::Binding& b : workers_[w]->code()->bindings)
      places_.back().push_back(lead(w, b));
  }
}

void Application::add_classes(uint32_t w) {
  for (const ObjectClass& c : workers_[w]->classes()) {
    std::string label = c.name;
    if (classes_.contains(label)) label = workers_[w]->code()->name + "." + c.name;
    classes_.emplace(label, Class{label, w, workers_[w]->find_namespace(c.name)});
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

Application::Place Application::lead(uint32_t w, const runtime::Binding& b) {
  if (b.kind == runtime::BindingKind::kService) return lead_to_service(w, b);
  if (b.kind == runtime::BindingKind::kDurableObject) return lead_to_class(w, b);
  return {};
}

Application::Place Application::lead_to_service(uint32_t w, const runtime::Binding& b) {
  const std::string& from = workers_[w]->code()->name;
  uint32_t to = find_worker(b.script);
  if (to == kNoWorker) {
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the service \"" + b.script +
         "\", but there is no such Worker here (there is " + names() + ")", true);
    return {};
  }
  const std::vector<std::string>& exports = workers_[to]->exports();
  if (!b.entrypoint.empty() && !exports.empty() &&
      std::find(exports.begin(), exports.end(), b.entrypoint) == exports.end())
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the service \"" + b.script +
         "\" with the entrypoint \"" + b.entrypoint + "\", but \"" + b.script +
         "\" exports nothing of that name");
  return {to, nullptr};
}

Application::Place Application::lead_to_class(uint32_t w, const runtime::Binding& b) {
  const std::string& from = workers_[w]->code()->name;
  uint32_t to = b.script.empty() ? w : find_worker(b.script);
  if (to == kNoWorker) {
    fail("binding " + b.name + " of Worker \"" + from + "\" refers to the class " + b.class_name +
         " of the Worker \"" + b.script + "\", but there is no such Worker here (there is " +
         names() + ")", true);
    return {};
  }
  Namespace* objects = workers_[to]->find_namespace(b.class_name);
  if (!objects) {
    fail("binding " + b.name + " names the class " + b.class_name + ", which no migration" +
         (to == w ? "" : " of the Worker \"" + b.script + "\"") + " declares");
    return {};
  }
  for (const auto& [label, c] : classes_)
    if (c.objects == objects) return {kNoWorker, &c};
  return {};
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
