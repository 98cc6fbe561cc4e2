#include "platform/durable/actor/object_host.h"

#include "platform/channels.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/alarms/messages.h"

namespace orrery::durable {

inline constexpr Site kBury{"object.bury"};
inline constexpr Site kVersion{"object.version"};

ObjectHost::ObjectHost(host::Process& process, worker::HostWorkers& workers,
                       DirectoryClient& directory, Replication& replication,
                       const Options& options)
    : process_(process),
      workers_(workers),
      directory_(directory),
      replication_(replication),
      options_(options),
      replicas_(process, *this) {
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
    if (object_class->deleted) [[unlikely]] {
      // Its alarm went with it.
      if (event.event == worker::ObjectMessage::Event::kAlarm || event.event == worker::ObjectMessage::Event::kAlarmGivenUp)
        return caller.reply(make_ref<AlarmAnswer>(AlarmAnswer::Outcome::kCanceled, std::nullopt));
      return caller.reply(worker::AnswerMessage::of_error(class_deleted(object_class->name)));
    }
    auto info = make_ref<ObjectInfo>(world(), object_class->identity(event.id),
                                     object_class->printable(event.id, event.name));
    auto made = std::make_unique<Actor>(*this, workers_.at(slot_of(*object_class, event.id)), *object_class, info, event,
                                        ++last_number_, object_class->objects->jurisdiction_of(event.id));
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

uint32_t ObjectHost::slot_of(const worker::Application::Class& c, const runtime::ObjectId& id) {
  const worker::Rollout& rollout = workers_.application().rollout(c.worker);
  if (options_.weaken.versions_drawn && rollout.gradual())
    return world().decide().chance(kVersion, Ratio{rollout.share, worker::kWholeShare}) ? rollout.to : rollout.from;
  return rollout.slot_of(id);
}

bool ObjectHost::fits(const Actor& actor) const {
  const worker::Application& application = workers_.application();
  const worker::Application::Class& c = actor.object_class();
  if (c.deleted) return false;
  const worker::Rollout& rollout = application.rollout(c.worker);
  const uint32_t slot = actor.worker().slot();
  if (options_.weaken.versions_drawn && rollout.gradual()) return slot == rollout.from || slot == rollout.to;
  return slot == rollout.slot_of(actor.id());
}

void ObjectHost::news(uint32_t worker, bool again) {
  std::vector<Actor*> reset;
  for (auto& [id, actor] : actors_)
    if (actor->running() && ((again && actor->worker().index() == worker) || !fits(*actor))) reset.push_back(actor.get());
  replicas_.for_each([&](Actor& r) {
    if (r.running() && ((again && r.worker().index() == worker) || !fits(r))) reset.push_back(&r);
  });
  for (Actor* actor : reset) actor->end(durable::code_updated(), kUpdateEnd);
  workers_.news(worker, again);
}

std::unique_ptr<Actor> ObjectHost::make_replica(const worker::Application::Class& object_class,
                                                Ref<const ObjectInfo> info, const worker::ObjectMessage& first,
                                                Region region) {
  return std::make_unique<Actor>(*this, workers_.at(slot_of(object_class, first.id)), object_class, std::move(info), first,
                                 ++last_number_, object_class.objects->jurisdiction_of(first.id), region);
}

LaneId ObjectHost::lane_of(const Actor& replica) {
  return world().trace().lane(replica.object_class().printable(replica.id(), replica.name()), "object");
}

host::HostId ObjectHost::moved_to(const runtime::ObjectId& id) const {
  auto it = moved_.find(id);
  return it != moved_.end() && process_.hosts().by_id(it->second).up() ? it->second : host::kNoHost;
}

void ObjectHost::bury(Actor& actor, bool release) {
  auto it = actors_.find(actor.id_);
  if (it == actors_.end() || it->second.get() != &actor) return;
  ended_.push_back(std::move(it->second));
  actors_.erase(it);
  if (release) {
    if (actor.move_) moved_[actor.id_] = actor.move_->host;
    // What came for an object that moves goes on when nobody owns it any more; of no other is anything left here.
    auto give_up = [](ObjectHost& self, Ref<const ObjectInfo> info, uint64_t epoch, std::optional<Actor::Move> move,
                      Actor::EarlyEvents waiting) -> Task<void> {
      const std::optional<uint32_t> home = move ? std::optional(move->pop) : std::nullopt;
      co_await self.directory_.release(std::move(info), epoch, home);
      ORRERY_SOMETIMES(self.world(), !waiting.empty(), "events wait for an object that moves");
      for (auto& [caller, message] : waiting) caller.reply(worker::AnswerMessage::not_here(move->host));
    };
    process_.tasks().spawn(give_up(*this, actor.info_, actor.epoch_, actor.move_, std::move(actor.before_start_)));
  }
  // The instance may be on the stack below us; it goes when the loop comes round.
  world().loop().schedule(world().now(), kBury, process_.owner(), [this] { ended_.clear(); });
}

}  // namespace orrery::durable
