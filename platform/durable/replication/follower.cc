#include "platform/durable/replication/follower.h"

#include <memory>
#include <unordered_map>

#include "platform/channels.h"
#include "platform/durable/replication/followed_object.h"

namespace orrery::durable {
namespace {

constexpr const char* kMarker = "follower/marker";
constexpr const char* kLostNote = "follower/lost";

bool write_note(disk::Disk& disk, const char* name) {
  std::shared_ptr<disk::File> file = disk.open(name, true, nullptr);
  return file && file->append(Buffer::copy(name)) == disk::DiskError::kNone &&
         file->sync() == disk::DiskError::kNone;
}

}  // namespace

struct Follower::Objects {
  struct Identity {
    size_t operator()(uint64_t key) const { return key; }  // keys are hashes already
  };
  std::unordered_map<uint64_t, std::unique_ptr<FollowedObject>, Identity> by_key;  // looked up only
};

Follower::Follower(host::Process& process, DirectoryClient& directory,
                   const FollowerOptions& options)
    : process_(process),
      directory_(directory),
      options_(options),
      objects_(std::make_unique<Objects>()) {
  read_marker();
  process.network().serve(process, kFollowerChannel, *this);
}

Follower::~Follower() = default;

// Every host leaves a marker at its first boot. One that ran before and finds none has lost its
// disk, and notes that for good: which objects it should know it cannot tell any more.
void Follower::read_marker() {
  disk::Disk& disk = process_.disk();
  disk_was_lost_ = disk.exists(kLostNote);
  if (disk.exists(kMarker)) return;
  if (process_.incarnation() > 1) {
    disk_was_lost_ = true;
    (void)write_note(disk, kLostNote);
  }
  (void)write_note(disk, kMarker);
}

uint64_t Follower::loaded() const { return objects_->by_key.size(); }

FollowedObject* Follower::loaded(uint64_t key) const {
  auto found = objects_->by_key.find(key);
  return found == objects_->by_key.end() ? nullptr : found->second.get();
}

FollowedObject* Follower::object(const Ref<const ObjectInfo>& info) {
  std::unique_ptr<FollowedObject>& slot = objects_->by_key[info->key];
  if (!slot) slot = std::make_unique<FollowedObject>(*this, info);
  return slot->unreadable() ? nullptr : slot.get();
}

void Follower::on_message(host::HostId from, const Ref<const net::Message>& message) {
  if (&message->kind() == &AppendMessage::kKind) {
    Ref<const AppendMessage> append(&message->as<AppendMessage>());
    if (FollowedObject* o = object(append->object)) o->on_append(from, std::move(append));
  } else if (&message->kind() == &InstallMessage::kKind) {
    Ref<const InstallMessage> install(&message->as<InstallMessage>());
    if (FollowedObject* o = object(install->object)) o->on_install(from, std::move(install));
  } else if (&message->kind() == &ArchivedMessage::kKind) {
    const auto& note = message->as<ArchivedMessage>();
    if (FollowedObject* o = object(note.object)) o->on_archived(note.index);
  }
}

void Follower::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (&message->kind() == &RecoverRequest::kKind) {
    const RecoverRequest& request = message->as<RecoverRequest>();
    if (FollowedObject* o = object(request.object)) o->on_recover(caller, request);
  } else if (&message->kind() == &FetchRequest::kKind) {
    const FetchRequest& request = message->as<FetchRequest>();
    if (FollowedObject* o = object(request.object)) o->on_fetch(caller, request);
  } else if (&message->kind() == &PastRequest::kKind) {
    const PastRequest& request = message->as<PastRequest>();
    if (FollowedObject* o = object(request.object)) o->on_past(caller, request);
  } else if (&message->kind() == &RetireRequest::kKind) {
    const RetireRequest& request = message->as<RetireRequest>();
    if (FollowedObject* o = object(request.object)) o->on_retire(caller, request);
  }
}

}  // namespace orrery::durable
