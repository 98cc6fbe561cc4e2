#include "conformance/live/use_watch.h"

#include "platform/durable/actor/events.h"

namespace orrery::live {

UseWatch::UseWatch(Cloud& cloud) : cloud_(cloud) {
  cloud_.world().observers().subscribe<durable::ObjectStarted>(
      [this](const durable::ObjectStarted& e, const EventContext&) {
        const std::string& printable = cloud_.world().trace().lane_at(e.lane).name;
        if (objects_.count(printable)) return;
        if (durable::Actor* actor = cloud_.find_object(printable))
          objects_[printable] = {actor->object_class().label, actor->id(), actor->name(),
                                 actor->info().key};
      });
}

}  // namespace orrery::live
