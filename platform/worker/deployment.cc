#include "platform/worker/deployment.h"

#include <set>

namespace orrery::worker {

Deployment::Deployment(const runtime::Snapshot& snapshot, Ref<const runtime::AppCode> code,
                       std::string version, std::vector<ObjectClass> classes,
                       runtime::Isolate::Options isolate_options)
    : snapshot_(snapshot),
      code_(std::move(code)),
      version_(std::move(version)),
      label_(code_->name + "@" + version_),
      has_replicas_(code_->has_flag("replica_routing")),
      classes_(std::move(classes)),
      isolate_options_(isolate_options) {
  for (const ObjectClass& c : classes_)
    namespaces_.push_back(std::make_unique<Namespace>(code_->name, c.name));
}

Namespace* Deployment::find_namespace(std::string_view class_name) const {
  for (const auto& n : namespaces_)
    if (n->class_name() == class_name) return n.get();
  return nullptr;
}

std::vector<ObjectClass> Deployment::declared() const {
  std::set<std::string> migrated;
  for (const Migration& m : migrations_) {
    for (const ObjectClass& c : m.made) migrated.insert(c.name);
    for (const Migration::Rename& r : m.renamed) migrated.insert(r.to);
    for (const Migration::Transfer& t : m.transferred) migrated.insert(t.to);
  }
  std::vector<ObjectClass> out;
  for (const ObjectClass& c : classes_)
    if (!migrated.contains(c.name)) out.push_back(c);
  return out;
}

}  // namespace orrery::worker
