// The checks of the key-value API on namespaces not backed by SQLite; SQLite-backed ones are
// bounded by SQLite's own limit on a value ("string or blob too big: SQLITE_TOOBIG").
#pragma once

#include "platform/durable/storage/object_database.h"

namespace orrery::durable {

StorageError check_key_bytes(size_t size);
StorageError check_value_bytes(size_t size);  // serialised, with its header
StorageError check_pairs(size_t count);
// list(): start with startAfter, or a limit of zero.
StorageError check_list(const ListOptions& options);

}  // namespace orrery::durable
