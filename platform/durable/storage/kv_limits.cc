#include "platform/durable/storage/kv_limits.h"

#include "platform/durable/storage/limits.h"

namespace orrery::durable {

namespace {
StorageError range_error(std::string message) {
  return {StorageError::Kind::kRangeError, std::move(message)};
}
}  // namespace

StorageError check_key_bytes(size_t size) {
  if (size <= kKeyBytes) return {};
  return range_error("Keys cannot be larger than 2048 bytes. A key of size " +
                     std::to_string(size) + " was provided.");
}

StorageError check_value_bytes(size_t size) {
  if (size <= kValueBytes + kValueSlackBytes) return {};
  return range_error("Values cannot be larger than 131072 bytes. A value of size " +
                     std::to_string(size) + " was provided.");
}

StorageError check_pairs(size_t count) {
  if (count <= kPairs) return {};
  return range_error("Maximum number of key value pairs is 128. " + std::to_string(count) +
                     " pairs were provided.");
}

StorageError check_list(const ListOptions& options) {
  if (options.start && options.start_after)
    return {StorageError::Kind::kTypeError,
            "list() cannot be called with both start and startAfter values."};
  if (options.limit && *options.limit == 0)
    return {StorageError::Kind::kTypeError, "List limit must be positive."};
  return {};
}

}  // namespace orrery::durable
