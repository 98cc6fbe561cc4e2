#include "sim/core/sometimes.h"

#include <algorithm>

#include "sim/core/observers.h"

namespace orrery {

namespace {
std::vector<const char*>& probes() {
  static std::vector<const char*> list;
  return list;
}
}  // namespace

namespace internal {
uint32_t register_probe(const char* text) {
  probes().push_back(text);
  return static_cast<uint32_t>(probes().size() - 1);
}
uint32_t next_event_type() {
  static uint32_t next = 0;
  return next++;
}
}  // namespace internal

std::vector<std::string> sometimes_catalogue() {
  std::vector<std::string> all(probes().begin(), probes().end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::vector<std::string> Sometimes::seen() const {
  std::vector<std::string> out;
  for (size_t i = 0; i < hits_.size(); ++i)
    if (hits_[i]) out.push_back(probes()[i]);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> Sometimes::never() const {
  std::vector<std::string> all = sometimes_catalogue(), hit = seen(), out;
  std::set_difference(all.begin(), all.end(), hit.begin(), hit.end(), std::back_inserter(out));
  return out;
}

}  // namespace orrery
