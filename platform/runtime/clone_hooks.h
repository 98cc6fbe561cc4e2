// What clone.cc needs of the isolate: kept apart because clone.cc is built without RTTI.
#pragma once

#include <v8.h>

namespace orrery::runtime {

// Throws the DataCloneError (a DOMException) with the message.
void throw_data_clone_error(v8::Isolate* isolate, v8::Local<v8::String> message);

// What to write instead of a value that the engine would clone without its meaning; undefined: the value itself. Empty:
// an exception is pending, which says why it cannot be cloned.
v8::MaybeLocal<v8::Value> pack_clone(v8::Isolate* isolate, v8::Local<v8::Value> value);

// The value of what pack_clone gave. Empty: an exception is pending.
v8::MaybeLocal<v8::Value> unpack_clone(v8::Isolate* isolate, v8::Local<v8::Value> message, bool keep_stacks);

}  // namespace orrery::runtime
