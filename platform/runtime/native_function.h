// How a room gives JavaScript a native function. All natives are known before the startup snapshot is
// made (V8 keeps their addresses as external references), so a room exports one static table:
//
//   inline constexpr NativeFunction kStorageNatives[] = {{"storageGet", storage_get}, ...};
//
// In the bootstrap script they appear as properties of the object `natives`. A callback reaches its
// isolate by `Isolate::from(info)` and the actor it runs for by `current_context_data()`.
#pragma once

#include <v8.h>

namespace orrery::runtime {

struct NativeFunction {
  const char* name;
  v8::FunctionCallback callback;
};

}  // namespace orrery::runtime
