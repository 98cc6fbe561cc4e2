#include "platform/durable/actor/alarm_natives.h"

#include <algorithm>

#include "platform/durable/actor/alarm_handling.h"
#include "platform/runtime/isolate.h"

namespace orrery::durable {

using Arguments = const v8::FunctionCallbackInfo<v8::Value>&;

void alarm_get(Arguments info) {
  Actor* actor = calling_actor(info);
  if (!actor) return;
  StorageError error;
  AlarmTime time = actor->alarms().get(error);
  if (throw_storage_error(info, error)) return;
  if (time) info.GetReturnValue().Set(static_cast<double>(*time));
  else info.GetReturnValue().SetNull();
}

void alarm_set(Arguments info) {
  Actor* actor = calling_writer(info);
  if (!actor) return;
  AlarmTime time;
  if (info[1]->IsNumber()) {
    // A time that has passed means now.
    const int64_t now = runtime::Isolate::from(info).turn_clock_us() / 1000;
    time = std::max(static_cast<int64_t>(info[1].As<v8::Number>()->Value()), now);
  }
  throw_storage_error(info, actor->alarms().set(time, !info[2]->IsTrue()));
}

void alarm_no_retry(Arguments info) {
  if (Actor* actor = calling_actor(info)) actor->alarms().no_retry();
}

}  // namespace orrery::durable
