// What the benchmarks of whole worlds share: a bundle with one module and one class of objects, and clients that
// each send their next request when the last was answered. Nothing in here measures.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/tests/deploy.h"


namespace orrery::bench {

// The module's class `object_class` is bound as OBJECTS; a namespace of KV as SPACE if asked for. The source counts
// its own work with the meter, as instrumented code would.
inline std::unique_ptr<worker::Deployment> deploy(const char* source, const char* object_class,
                                                  bool kv = false) {
  std::vector<runtime::Binding> bindings{rig::object("OBJECTS", object_class)};
  if (kv) bindings.push_back(rig::kv("SPACE"));
  return std::make_unique<worker::Deployment>(rig::deploy("bench", source, std::move(bindings), {object_class}));
}

// Clients of Frankfurt that ask for "/<prefix><number>", the number going round.
class ClosedLoop {
 public:
  ClosedLoop(Cloud& cloud, int clients, std::string prefix, uint64_t numbers)
      : cloud_(cloud), prefix_(std::move(prefix)), numbers_(numbers), tasks_(cloud.world().loop()) {
    const uint32_t pop = *cloud.geography().find("FRA");
    for (int i = 0; i < clients; ++i) {
      auto& client = cloud.add_client(pop, "client/" + prefix_ + std::to_string(i + 1));
      tasks_.spawn(one(client, static_cast<uint64_t>(i)));
    }
  }
  // Until so many more were answered.
  void run(uint64_t answers) {
    const uint64_t until = answered_ + answers;
    while (answered_ < until) cloud_.world().loop().step();
  }
  // Answers other than 200, and requests without one.
  uint64_t wrong() const { return wrong_; }

 private:
  Task<void> one(client::Client& client, uint64_t i) {
    for (uint64_t n = 0;; ++n) {
      auto request = make_ref<runtime::HttpRequest>();
      request->method = "POST";
      // Far apart, so that clients meet at few numbers only by there being few.
      request->url = "/" + prefix_ + std::to_string((i * 15'013 + n * 7) % numbers_);
      client::Exchange exchange = co_await client.fetch(std::move(request));
      ++answered_;
      wrong_ += !exchange.response || exchange.response->status != 200;
    }
  }
  Cloud& cloud_;
  std::string prefix_;
  uint64_t numbers_;
  TaskScope tasks_;
  uint64_t answered_ = 0;
  uint64_t wrong_ = 0;
};

}  // namespace orrery::bench
