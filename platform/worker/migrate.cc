// Uploading a version: the migrations that were not applied yet, in the list's order and all at once, then its bindings
// and exports. Everything is tried on a copy of the classes first, so that a refused upload changes nothing.
//
// Source: platform.md 9.3, the texts of 10061 and 10064 too; other texts are ours.
#include <algorithm>

#include "platform/worker/application.h"

namespace orrery::worker {

struct Application::Migrating {
  Classes classes;
  std::string last_tag;
  bool changed = false;
};

namespace {

std::string whose(const Deployment& d) { return "version " + d.version() + " of the Worker \"" + d.code()->name + "\""; }

std::string unknown(const Deployment& d, const Migration& m, const char* does, const std::string& name) {
  return "migration " + m.tag + " of " + whose(d) + " " + does + " the class " + name + ", which does not exist";
}

std::string taken(const Deployment& d, const std::string& tag, const std::string& name) {
  return "migration " + tag + " of " + whose(d) + " makes the class " + name + ", which exists already";
}

std::string percent(uint32_t share) {
  std::string out = std::to_string(share / 10'000);
  std::string part = std::to_string(10'000 + share % 10'000).substr(1);
  while (!part.empty() && part.back() == '0') part.pop_back();
  return (part.empty() ? out : out + "." + part) + " %";
}

}  // namespace

std::string Application::migrate(Migrating& to, uint32_t slot) const {
  const Deployment& d = version(slot);
  const uint32_t w = worker_of(slot);
  const auto& list = d.migrations();
  auto next = list.begin();
  if (!to.last_tag.empty()) {
    next = std::find_if(list.begin(), list.end(), [&](const Migration& m) { return m.tag == to.last_tag; });
    if (next == list.end())
      return whose(d) + " lacks the migration " + to.last_tag + ", which is applied already";
    ++next;
  }
  const auto find = [&](uint32_t worker, const std::string& name) {
    return const_cast<Class*>(current_class(to.classes, worker, name));
  };
  const auto make = [&](const ObjectClass& c) {
    std::string label = c.name;
    if (to.classes.contains(label)) label = d.code()->name + "." + c.name;
    for (int n = 2; to.classes.contains(label); ++n) label = d.code()->name + "." + c.name + "." + std::to_string(n);
    to.classes.emplace(label, Class{label, w, nullptr, c.name, c.sqlite});
    to.changed = true;
  };
  for (; next != list.end(); ++next) {
    const Migration& m = *next;
    for (const ObjectClass& c : m.made) {
      if (find(w, c.name)) return taken(d, m.tag, c.name);
      make(c);
    }
    for (const Migration::Rename& r : m.renamed) {
      Class* c = find(w, r.from);
      if (!c) return unknown(d, m, "renames", r.from);
      if (find(w, r.to)) return taken(d, m.tag, r.to);
      if (!(c->deleted = renames_lose_)) c->name = r.to;
      else make({r.to, c->sqlite});
    }
    for (const Migration::Transfer& t : m.transferred) {
      const uint32_t from = find_worker(t.script);
      Class* c = from == kNoWorker ? nullptr : find(from, t.from);
      if (!c) return unknown(d, m, "transfers", t.from + " of the Worker \"" + t.script + "\"");
      if (find(w, t.to)) return taken(d, m.tag, t.to);
      c->worker = w;
      c->name = t.to;
    }
    for (const std::string& name : m.deleted) {
      Class* c = find(w, name);
      if (!c) return unknown(d, m, "deletes", name);
      c->deleted = true;
    }
    to.last_tag = m.tag;
    to.changed = true;
  }
  for (const ObjectClass& c : d.declared())
    if (!find(w, c.name)) make(c);
  return {};
}

std::string Application::refuse_bindings(const Migrating& with, uint32_t slot) const {
  const Deployment& d = version(slot);
  const uint32_t w = worker_of(slot);
  for (const runtime::Binding& b : d.code()->bindings) {
    if (b.kind == runtime::BindingKind::kService && find_worker(b.script) == kNoWorker)
      return "binding " + b.name + " of " + whose(d) + " refers to the service \"" + b.script +
             "\", but there is no such Worker here (there is " + names() + ")";
    if (b.kind != runtime::BindingKind::kDurableObject) continue;
    const uint32_t to = b.script.empty() ? w : find_worker(b.script);
    if (to == kNoWorker || !current_class(with.classes, to, b.class_name))
      return "Cannot create binding for class '" + b.class_name +
             "' because it is not currently configured to implement Durable Objects. [code: 10061]";
  }
  if (d.exports().empty()) return {};
  for (const auto& [label, c] : with.classes) {
    if (c.worker != w || c.deleted) continue;
    if (std::find(d.exports().begin(), d.exports().end(), c.name) != d.exports().end()) continue;
    return "New version of script does not export class '" + c.name +
           "' which is depended on by existing Durable Objects. If you want to delete the class's Durable Objects, "
           "provide a \"delete-class\" migration. [code: 10064]";
  }
  return {};
}

std::string Application::refuse_share(const Rollout& now, uint32_t slot, uint32_t share) const {
  const Deployment& d = version(slot);
  if (share == kWholeShare) return {};
  if (slot == now.to && !now.gradual()) return whose(d) + " serves everything already";
  if (slot == now.to && share < now.share)
    return whose(d) + " has a share of " + percent(now.share) + ", which can only grow; deploy " +
           version(now.from).version() + " to go back";
  if (now.gradual() && slot != now.to)
    return version(now.from).version() + " and " + version(now.to).version() + " of the Worker \"" + d.code()->name +
           "\" share it already: a third version can take its place only as a whole";
  return {};
}

void Application::take_over(Migrating& migrated) {
  for (auto& [label, c] : migrated.classes) {
    auto [it, made] = classes_.try_emplace(label, c);
    if (!made) {
      if (c.deleted && !it->second.deleted) deleted_.push_back(label);
      it->second = c;
      continue;
    }
    namespaces_.emplace_back(workers_[c.worker]->code()->name, label);
    it->second.objects = &namespaces_.back();
  }
}

std::string Application::prepare(Migrating& to, uint32_t slot, uint32_t share) const {
  const uint32_t w = worker_of(slot);
  if (std::string why = refuse_share(rollouts_[w], slot, share); !why.empty()) return why;
  to.classes = classes_;
  to.last_tag = last_tags_[w];
  if (std::string why = migrate(to, slot); !why.empty()) return why;
  if (to.changed && share != kWholeShare)
    return whose(version(slot)) + " contains a migration, so it cannot be rolled out gradually: deploy it without a share";
  return refuse_bindings(to, slot);
}

std::string Application::refuses(uint32_t slot, uint32_t share) const {
  Migrating tried;
  return prepare(tried, slot, share);
}

std::string Application::upload(uint32_t slot, uint32_t share) {
  Migrating migrated;
  if (std::string why = prepare(migrated, slot, share); !why.empty()) return why;
  const uint32_t w = worker_of(slot);
  take_over(migrated);
  last_tags_[w] = migrated.last_tag;
  ++uploads_;
  Rollout& now = rollouts_[w];
  const uint32_t from = share == kWholeShare ? slot : now.gradual() ? now.from : now.to;
  // The same pair with a greater share is the same rollout, and so is its end.
  now = {from, slot, share, slot != now.to ? uploads_ : now.number};
  places_[slot].clear();
  for (const runtime::Binding& b : version(slot).code()->bindings) places_[slot].push_back(lead(slot, b));
  return {};
}

}  // namespace orrery::worker
