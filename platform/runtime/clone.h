// Structured clone as bytes: what storage keeps and what RPC carries. The bytes are those that V8 10.2
// writes (wire version 15, header included); small values have a fast path that makes identical bytes.
//
// What the engine would clone without its meaning (errors with their own properties, objects of the web platform) is
// packed by js/rpc_pack.js first; such bytes begin with a mark of ours. They are found by what they left in the engine's
// bytes: an error has a tag of its own there, an object of the platform leaves an empty object.
#pragma once

#include <v8.h>

#include <cstdint>
#include <span>

#include "sim/core/ref.h"

namespace orrery::runtime {

// Serialises a value. Null: a JavaScript exception is pending (a DataCloneError, or what a getter threw).
Ref<Buffer> serialize(v8::Isolate* isolate, v8::Local<v8::Context> context,
                      v8::Local<v8::Value> value);

// Whether errors come with the stacks of where they were made: not from one context to another.
enum class Stacks : uint8_t { kKept, kLeft };

// The value of bytes that serialize made. Empty: a JavaScript exception is pending.
v8::MaybeLocal<v8::Value> deserialize(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                      std::span<const uint8_t> bytes, Stacks stacks = Stacks::kKept);

// structuredClone(value, {transfer}): `transfer` is an array of ArrayBuffers, which are detached.
v8::MaybeLocal<v8::Value> structured_clone(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> value,
                                           v8::Local<v8::Array> transfer);

}  // namespace orrery::runtime
