#include "platform/worker/deployment.h"

namespace orrery::worker {

Deployment::Deployment(const runtime::Snapshot& snapshot, Ref<const runtime::AppCode> code,
                       std::string version, std::vector<ObjectClass> classes,
                       runtime::Isolate::Options isolate_options)
    : snapshot_(snapshot),
      code_(std::move(code)),
      label_(code_->name + "@" + version),
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

}  // namespace orrery::worker
