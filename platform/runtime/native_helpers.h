// Short forms for writing native functions.
#pragma once

#include <v8.h>

#include "platform/runtime/isolate_state.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::runtime {

using Arguments = const v8::FunctionCallbackInfo<v8::Value>&;

inline Isolate::State& state_of(Arguments info) { return Isolate::from(info).state(); }

// Numbers of the bridge are small integers by construction; anything else is a defect and reads as 0.
inline uint32_t unsigned_at(Arguments info, int index) {
  return info[index]->IsUint32() ? info[index].As<v8::Uint32>()->Value() : 0;
}

inline void throw_error(v8::Isolate* isolate, std::string_view text) {
  isolate->ThrowException(v8::Exception::Error(from_utf8(isolate, text)));
}

// True while an event runs; else the error about the global scope is thrown.
inline bool require_event(Arguments info) {
  Isolate::State& s = state_of(info);
  if (s.in_turn && s.current_slot != 0) return s.self->host_call();
  throw_error(s.isolate, kGlobalScopeText);
  return false;
}

}  // namespace orrery::runtime
