// What travels between the parts of Workers KV.
#pragma once

#include <vector>

#include "platform/kv/record.h"
#include "sim/net/message.h"

namespace orrery::kv {

enum class Tier : uint8_t { kPop, kRegion, kCentral };
inline const char* to_string(Tier tier) {
  constexpr const char* kNames[] = {"pop", "region", "central"};
  return kNames[static_cast<int>(tier)];
}

// To a cache of `tier`, or to a back end: a key's record or a list's page.
struct ReadMessage final : net::Message {
  static constexpr Kind kKind{"kv.read"};
  ReadMessage(Tier t, Ref<const Key> k, Duration age)
      : Message(kKind), tier(t), key(std::move(k)), max_age(age) {}
  uint32_t bytes() const override { return 64 + static_cast<uint32_t>(key->name.size()); }
  Tier tier;
  Ref<const Key> key;
  Duration max_age;  // an entry older than this is fetched anew
};

struct ReadAnswer final : net::Message {
  static constexpr Kind kKind{"kv.value"};
  ReadAnswer() : Message(kKind) {}
  uint32_t bytes() const override {
    uint32_t sum = 64 + (record ? record->bytes() : 0);
    if (page)
      for (const auto& r : page->records) sum += 32 + static_cast<uint32_t>(r->key->name.size());
    return sum;
  }
  bool available = false;    // false: try elsewhere
  Ref<const Record> record;  // null: never written
  Ref<const Page> page;      // for a list
  Duration age = {0};        // how long ago a back end was read
  Tier tier = Tier::kCentral;  // who had it
  uint32_t back_end = 0;       // 1 or 2: which one was read
};

// One way, to the cache of the writer's own point of presence, after a write was acknowledged.
struct FillMessage final : net::Message {
  static constexpr Kind kKind{"kv.fill"};
  FillMessage(Ref<const Record> r, Instant at, uint32_t end)
      : Message(kKind), record(std::move(r)), asked(at), back_end(end) {}
  uint32_t bytes() const override { return record->bytes(); }
  Ref<const Record> record;
  Instant asked;
  uint32_t back_end;
};

struct WriteMessage final : net::Message {
  static constexpr Kind kKind{"kv.write"};
  explicit WriteMessage(Ref<const Record> r) : Message(kKind), record(std::move(r)) {}
  uint32_t bytes() const override { return record->bytes(); }
  Ref<const Record> record;
};

struct WriteAnswer final : net::Message {
  static constexpr Kind kKind{"kv.written"};
  enum class What : uint8_t {
    kStored,       // durable here
    kTooOften,     // the key was written within the last second: surely not stored here
    kUnavailable,  // surely not stored here
  };
  explicit WriteAnswer(What w, bool lost = false) : Message(kKind), what(w), superseded(lost) {}
  What what;
  bool superseded;  // a greater version was there already
};

// From one back end to the other: what came after this place of your history?
struct PullMessage final : net::Message {
  static constexpr Kind kKind{"kv.pull"};
  PullMessage(uint64_t h, uint64_t a) : Message(kKind), history(h), after(a) {}
  uint64_t history;  // which history; another one is answered from its beginning
  uint64_t after;
};

struct PullAnswer final : net::Message {
  static constexpr Kind kKind{"kv.pulled"};
  PullAnswer() : Message(kKind) {}
  uint32_t bytes() const override {
    uint32_t sum = 64;
    for (const auto& r : records) sum += r->bytes();
    return sum;
  }
  bool available = false;
  uint64_t history = 0;
  uint64_t upto = 0;
  bool more = false;
  std::vector<Ref<const Record>> records;
};

}  // namespace orrery::kv
