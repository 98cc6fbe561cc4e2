#include "pybindings/module/planted_drift.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <unordered_set>

namespace orrery::python {

namespace {

constexpr Site kPlanted{"planted.drift"};
// Late enough that much has happened before it, and not at the beginning of a stretch between two checkpoints.
constexpr Duration kAfter = seconds(4);
constexpr int kThings = 40;

struct Planted {
  static constexpr const char* kKind = "planted.drift";
  LaneId lane;
  std::string what;
  void fold(Fold& f) const { f.add(what); }
  std::string text() const { return "planted: " + what; }
};

struct Thing {
  std::string name;
};

using Things = std::vector<std::unique_ptr<Thing>>;

Things make_things() {
  Things things;
  for (int i = 0; i < kThings; ++i) things.push_back(std::make_unique<Thing>(Thing{"thing " + std::to_string(i)}));
  return things;
}

// An address spread over all bits, as hash tables take it.
size_t spread(const Thing* thing) { return mix64(reinterpret_cast<uintptr_t>(thing), 1); }

struct ByAddress {
  size_t operator()(const Thing* thing) const { return spread(thing); }
};

void unordered(World& world) {
  const Things things = make_things();
  std::unordered_set<const Thing*, ByAddress> all;
  for (const auto& thing : things) all.insert(thing.get());
  for (const Thing* thing : all)  // tidy: the drift that is planted here
    world.announce(Planted{kWorldLane, thing->name});
}

void by_address(World& world) {
  const Things things = make_things();
  std::vector<const Thing*> all;
  for (const auto& thing : things) all.push_back(thing.get());
  // Spread, for one after the other in one heap they would always be in the order in which they were made.
  std::sort(all.begin(), all.end(), [](const Thing* a, const Thing* b) { return spread(a) < spread(b); });
  for (const Thing* thing : all) world.announce(Planted{kWorldLane, thing->name});
}

// What the allocator left in memory that was freed: its own pointers.
void uninitialised(World& world) {
  auto hide = [](void* p) {
    asm volatile("" : "+r"(p) : : "memory");
    return p;
  };
  constexpr size_t kBytes = 648;
  void* first = hide(std::malloc(kBytes));
  std::free(first);
  auto* memory = static_cast<volatile uint64_t*>(hide(std::malloc(kBytes)));
  const uint64_t read = memory[0];
  std::free(const_cast<uint64_t*>(memory));
  world.announce(Planted{kWorldLane, "length " + std::to_string(read)});
}

struct Plant {
  std::string_view name;
  void (*announce)(World&);
};
constexpr Plant kPlants[] = {
    {"drift_unordered", unordered}, {"drift_address", by_address}, {"drift_uninitialised", uninitialised}};

}  // namespace

bool is_planted_drift(std::string_view name) {
  return std::any_of(std::begin(kPlants), std::end(kPlants), [&](const Plant& p) { return p.name == name; });
}

void plant_drift(World& world, const std::string& name) {
  for (const Plant& plant : kPlants) {
    if (plant.name != name) continue;
    CauseScope cause(world.cause(), hash_name("planted"));
    world.loop().schedule_in(kAfter, kPlanted, kWorldOwner, [&world, announce = plant.announce] { announce(world); });
  }
}

}  // namespace orrery::python
