#include "platform/durable/actor/errors.h"

namespace orrery::durable {

namespace {
runtime::ErrorInfo error(const char* message) {
  runtime::ErrorInfo e;
  e.message = message;
  return e;
}
}  // namespace

runtime::ErrorInfo durability_timeout() {
  auto e = error(
      "Durable Object storage operation exceeded timeout which caused object to be reset.");
  e.overloaded = e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo section_timeout() {
  auto e = error(
      "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was "
      "canceled and the Durable Object was reset.");
  e.overloaded = e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo section_deadlock() {
  auto e = error(
      "A critical section within this Durable Object awaited a Promise that apparently will never complete. "
      "This could happen in particular if a critical section awaits a task that was initiated outside of the "
      "critical section. Since a critical section blocks all other tasks from completing, this leads to "
      "deadlock.");
  e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo alarm_timeout() {
  auto e = error("Alarm exceeded its allowed execution time");
  e.overloaded = e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo cpu_exceeded() {
  auto e = error("Durable Object exceeded its CPU time limit and was reset.");
  e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo memory_exceeded() {
  auto e = error("Durable Object exceeded its memory limit and was reset.");
  e.durable_object_reset = true;
  return e;
}
runtime::ErrorInfo code_updated() {
  auto e = error("Durable Object reset because its code was updated.");
  e.durable_object_reset = e.retryable = true;
  return e;
}
runtime::ErrorInfo class_deleted(const std::string& class_name) {
  auto e = error("");
  e.message = "The Durable Object class '" + class_name + "' was deleted by a migration, and all its objects with it.";
  return e;
}
runtime::ErrorInfo overloaded(Overload why) {
  static constexpr const char* kTexts[] = {
      "Durable Object is overloaded. Too many requests queued.",
      "Durable Object is overloaded. Too much data queued.",
      "Durable Object is overloaded. Requests queued for too long.",
      "Durable Object is overloaded. Too many requests for the same object within a 10 second window."};
  auto e = error(kTexts[static_cast<int>(why)]);
  e.overloaded = true;
  return e;
}
runtime::ErrorInfo storage_internal() {
  auto e = error("Internal error in Durable Object storage caused object to be reset.");
  e.durable_object_reset = e.retryable = true;
  return e;
}
runtime::ErrorInfo reset_because(const runtime::ErrorInfo& reason) {
  runtime::ErrorInfo e = reason;
  e.durable_object_reset = true;
  return e;
}

}  // namespace orrery::durable
