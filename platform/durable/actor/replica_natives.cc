#include "platform/durable/actor/replica_natives.h"

#include "platform/durable/actor/actor_replica.h"
#include "platform/durable/actor/storage_natives.h"
#include "platform/runtime/isolate.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::durable {

using Arguments = const v8::FunctionCallbackInfo<v8::Value>&;

// storageReplicas(actor, operation, on)
void storage_replicas(Arguments info) {
  Actor* actor = calling_actor(info);
  if (!actor || !info[1]->IsUint32()) return;
  runtime::Isolate::from(info).operation_begun();
  actor->configure_replicas(info[1].As<v8::Uint32>()->Value(), info[2]->IsTrue());
}

void storage_is_replica(Arguments info) {
  if (Actor* actor = calling_actor(info)) info.GetReturnValue().Set(actor->is_replica());
}

// The binding of its own Worker by which a replica reaches its primary; nothing when there is none, or this is the primary.
void storage_primary(Arguments info) {
  Actor* actor = calling_actor(info);
  if (!actor || !actor->is_replica()) return;
  const auto& bindings = actor->worker().deployment().code()->bindings;
  for (uint32_t i = 0; i < bindings.size(); ++i)
    if (bindings[i].kind == runtime::BindingKind::kDurableObject &&
        actor->worker().place_of(i).objects == &actor->object_class())
      return info.GetReturnValue().Set(i);
}

void storage_wait_for_bookmark(Arguments info) {
  Actor* actor = calling_actor(info);
  if (!actor || !info[1]->IsUint32()) return;
  runtime::Isolate::from(info).operation_begun();
  actor->wait_for_bookmark(info[1].As<v8::Uint32>()->Value(), runtime::to_utf8(info.GetIsolate(), info[2]));
}

}  // namespace orrery::durable
