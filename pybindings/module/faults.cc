// Faults that a scenario or a preset brings into a world.
#include "pybindings/module/native_world.h"

namespace orrery::python {

void NativeWorld::fault(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw BadInput("fault: not a JSON object");
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  if (json.value("kind", "") == "isolate_owner") {
    CloudFaults::Isolation isolation;
    isolation.object = json.value("target", "");
    isolation.name = json.value("name", "isolate:" + isolation.object);
    auto from = json.value("from", std::vector<std::string>{"directory", "followers"});
    isolation.directory = isolation.followers = false;
    for (const std::string& part : from) {
      if (part == "directory") isolation.directory = true;
      else if (part == "followers") isolation.followers = true;
      else if (part.size() == 11 && part.starts_with("followers:") && part[10] >= '1' && part[10] <= '4') {
        isolation.followers = true;
        isolation.followers_cut = static_cast<uint32_t>(part[10] - '0');
      } else {
        throw BadInput("isolate_owner: from_ holds \"directory\", \"followers\" or \"followers:3\", not \"" +
                       part + "\"");
      }
    }
    isolation.at = Instant{json.value("at_us", int64_t{0})};
    isolation.for_ = micros(json.value("for_us", int64_t{0}));
    if (!isolation.object.starts_with("do:")) isolation.object = "do:" + isolation.object;
    return faults_->isolate_owner(isolation);
  }
  fault::Fault fault;
  std::string error;
  if (!fault::parse_fault(json, &fault, &error)) throw BadInput("fault: " + error);
  error = injector_->add(std::move(fault));
  if (!error.empty()) throw BadInput("fault: " + error);
}

void NativeWorld::heal() {
  CauseScope cause(world().cause(), mix64(hash_name("scenario.command"), ++commands_));
  injector_->stop();
}

void NativeWorld::plan_swarm(const WorldOptions& options) {
  if (options.faults == "none") return;
  throw BadInput("faults=\"" + options.faults + "\" is not supported yet");
}

}  // namespace orrery::python
