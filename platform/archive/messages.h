// What hosts ask of the archive, and its answers.
#pragma once

#include <string>
#include <vector>

#include "sim/core/ref.h"
#include "sim/net/message.h"

namespace orrery::archive {

// What is kept under a name: buffers one after another, shared with whoever made them.
struct Blob final : RefCounted {
  std::vector<Ref<Buffer>> parts;
  uint64_t size() const {
    uint64_t sum = 0;
    for (const Ref<Buffer>& part : parts) sum += part->size();
    return sum;
  }
};

struct PutRequest final : net::Message {
  static constexpr Kind kKind{"archive.put"};
  PutRequest(std::string n, Ref<const Blob> b) : Message(kKind), name(std::move(n)), blob(std::move(b)) {}
  uint32_t bytes() const override { return 64 + static_cast<uint32_t>(name.size() + blob->size()); }
  const std::string name;
  const Ref<const Blob> blob;
};

// By name: its content, its end, or the names that begin with it.
struct NameRequest final : net::Message {
  static constexpr Kind kKind{"archive.name"};
  enum class What : uint8_t { kGet, kRemove, kList };
  NameRequest(What w, std::string n) : Message(kKind), what(w), name(std::move(n)) {}
  uint32_t bytes() const override { return 64 + static_cast<uint32_t>(name.size()); }
  const What what;
  const std::string name;
};

struct Reply final : net::Message {
  static constexpr Kind kKind{"archive.reply"};
  Reply() : Message(kKind) {}
  uint32_t bytes() const override {
    uint64_t sum = 64 + (blob ? blob->size() : 0);
    for (const std::string& n : names) sum += n.size();
    return static_cast<uint32_t>(sum);
  }
  bool ok = false;  // kept, removed, listed; of a get: this store could look
  Ref<const Blob> blob;
  std::vector<std::string> names;  // sorted
};

}  // namespace orrery::archive
