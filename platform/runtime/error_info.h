// An error on its way between isolates and hosts: what a caller's JavaScript sees (name, message and
// the flags of durable-objects.md section 7.1), plus the stack of the thrower for stories. Errors are
// values here; the one place that turns them into JavaScript objects is js/errors.js.
#pragma once

#include <string>

#include "sim/core/ref.h"

namespace orrery::runtime {

struct ErrorInfo {
  std::string name = "Error";     // Error, TypeError, RangeError, ..., or a DOMException's name
  std::string message{};
  std::string stack{};              // positions already in the user's sources; may be empty
  std::string durable_object_id{};  // hex, or empty: absent
  Ref<const Buffer> detail{};       // what was thrown, cloned with all it has (clone.h); null: nothing more than this
  bool dom_exception = false;
  bool retryable = false;
  bool overloaded = false;
  bool remote = false;
  bool durable_object_reset = false;

  // "TypeError: text", as a person reads it.
  std::string text() const { return message.empty() ? name : name + ": " + message; }
};

}  // namespace orrery::runtime
