// A Worker version as it is deployed: its code, its Durable Object namespaces, its name in traces. Shared
// by every isolate that runs it in one world; immutable once made.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/runtime/app_code.h"
#include "platform/runtime/isolate.h"
#include "platform/runtime/snapshot.h"
#include "platform/worker/object_ids.h"

namespace orrery::worker {

// A class of Durable Objects that this Worker declares by its migrations.
struct ObjectClass {
  std::string name;
  bool sqlite = true;  // false: the older key-value storage
};

// One migration of a wrangler file; what it does not do is empty.
struct Migration {
  struct Rename {
    std::string from, to;
  };
  struct Transfer {
    std::string from, script, to;
  };
  std::string tag;
  std::vector<ObjectClass> made;
  std::vector<Rename> renamed;
  std::vector<Transfer> transferred;
  std::vector<std::string> deleted;
};

class Deployment {
 public:
  Deployment(const runtime::Snapshot& snapshot, Ref<const runtime::AppCode> code,
             std::string version, std::vector<ObjectClass> classes,
             runtime::Isolate::Options isolate_options);

  const runtime::Snapshot& snapshot() const { return snapshot_; }
  const Ref<const runtime::AppCode>& code() const { return code_; }
  const runtime::Isolate::Options& isolate_options() const { return isolate_options_; }
  // "v3", and "shop@v3".
  const std::string& version() const { return version_; }
  // Its objects may have read replicas, its calls may go to them (durable/replicas).
  bool has_replicas() const { return has_replicas_; }
  const std::string& label() const { return label_; }
  // Those that exist after all its migrations.
  const std::vector<ObjectClass>& classes() const { return classes_; }

  // In the order of the wrangler file. What it declares without a migration has none: see declared().
  const std::vector<Migration>& migrations() const { return migrations_; }
  void set_migrations(std::vector<Migration> list) { migrations_ = std::move(list); }
  // The classes that no migration of it makes, renames or brings: those of the declarative `exports`.
  std::vector<ObjectClass> declared() const;

  // What its entry module exports; empty: not known.
  const std::vector<std::string>& exports() const { return exports_; }
  void set_exports(std::vector<std::string> names) { exports_ = std::move(names); }

  // By class name; null when there is none. Where bindings lead is application.h's business.
  Namespace* find_namespace(std::string_view class_name) const;

 private:
  const runtime::Snapshot& snapshot_;
  Ref<const runtime::AppCode> code_;
  std::string version_;
  std::string label_;
  bool has_replicas_;
  std::vector<ObjectClass> classes_;
  std::vector<Migration> migrations_;
  runtime::Isolate::Options isolate_options_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;  // one a class, in order of declaration
  std::vector<std::string> exports_;
};

}  // namespace orrery::worker
