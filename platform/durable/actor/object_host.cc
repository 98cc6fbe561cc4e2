#include "platform/durable/actor/object_host.h"

#include "platform/channels.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"

namespace orrery::durable {

inline constexpr Site kBury{"object.bury"};

ObjectHost::ObjectHost(host::Process& process, worker::HostWorkers& workers,
                       DirectoryClient& directory, Replication& replication,
                       const Options& options)
    : process_(process),
      workers_(workers),
      directory_(directory),
      replication_(replication),
      options_(options) {
  directory_.add_listener(this);
  process.network().serve(process, kObjectChannel, *this);
}

ObjectHost::~ObjectHost() { directory_.remove_listener(this); }

Actor* ObjectHost::find(const runtime::ObjectId& id) {
  auto it = actors_.find(id);
  return it == actors_.end() ? nullptr : it->second.get();
}

void ObjectHost::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  const auto& event = message->as<worker::ObjectMessage>();
  if (event.epoch) [[unlikely]] {
    auto reset = resets_.find(event.id);
    if (reset != resets_.end() && reset->second.epoch == event.epoch) {
      ORRERY_SOMETIMES(world(), true, "a stub is used that was idle when its object broke");
      auto answer = worker::AnswerMessage::of_error(reset->second.error);
      answer->broke = true;
      return caller.reply(answer);
    }
  }
  Actor* actor = find(event.id);
  if (!actor) {
    const auto* object_class = workers_.application().find_class(event.class_name);
    if (!object_class) {
      runtime::ErrorInfo error;
      error.message = "Durable Object class " + event.class_name + " is not known to this version.";
      return caller.reply(worker::AnswerMessage::of_error(error));
    }
    auto info = make_ref<ObjectInfo>(world(), object_class->identity(event.id),
                                     object_class->printable(event.id, event.name));
    auto made = std::make_unique<Actor>(*this, workers_.at(object_class->worker),
                                        object_class->objects->class_name(), info, event, ++last_number_,
                                        object_class->objects->jurisdiction_of(event.id));
    actor = made.get();
    actors_.emplace(event.id, std::move(made));
    actor->start();
  }
  actor->deliver(caller, Ref<const worker::ObjectMessage>(&event));
}

void ObjectHost::on_session_ended(SessionId) {
  std::vector<Actor*> lost;
  for (auto& [id, actor] : actors_) lost.push_back(actor.get());
  for (Actor* actor : lost) actor->end(connection_lost(), "its host's session ended");
}

void ObjectHost::evict(Actor& actor, std::string_view why) { actor.end(connection_lost(), why); }

void ObjectHost::code_updated(uint32_t worker) {
  std::vector<Actor*> reset;
  for (auto& [id, actor] : actors_)
    if (actor->running() && actor->worker().index() == worker) reset.push_back(actor.get());
  for (Actor* actor : reset) actor->end(durable::code_updated(), kUpdateEnd);
  workers_.at(worker).code_updated();
}

void ObjectHost::bury(Actor& actor, bool release) {
  auto it = actors_.find(actor.id_);
  if (it == actors_.end() || it->second.get() != &actor) return;
  ended_.push_back(std::move(it->second));
  actors_.erase(it);
  if (release) {
    auto give_up = [](ObjectHost& self, Ref<const ObjectInfo> info, uint64_t epoch) -> Task<void> {
      co_await self.directory_.release(std::move(info), epoch);
    };
    process_.tasks().spawn(give_up(*this, actor.info_, actor.epoch_));
  }
  // The instance may be on the stack below us; it goes when the loop comes round.
  world().loop().schedule(world().now(), kBury, process_.owner(), [this] { ended_.clear(); });
}

}  // namespace orrery::durable
