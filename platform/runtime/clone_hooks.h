// What clone.cc needs of the isolate: kept apart because clone.cc is built without RTTI.
#pragma once

#include <v8.h>

namespace orrery::runtime {

// Throws the DataCloneError (a DOMException) with the message.
void throw_data_clone_error(v8::Isolate* isolate, v8::Local<v8::String> message);

}  // namespace orrery::runtime
