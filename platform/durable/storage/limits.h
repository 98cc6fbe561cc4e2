// Limits of a Durable Object's storage and where each comes from (durable-objects.md section 4;
// workerd's sqlite settings and key-value API).
#pragma once

#include <cstddef>
#include <cstdint>

namespace orrery::durable {

// SQLite run-time limits (SQLITE_LIMIT_*).
inline constexpr int kSqlValueBytes = 4 << 20;
inline constexpr int kSqlStatementBytes = 100'000;
inline constexpr int kSqlColumns = 100;
inline constexpr int kSqlExpressionDepth = 100;
inline constexpr int kSqlCompoundSelects = 5;
inline constexpr int kSqlVdbeOperations = 25'000;
inline constexpr int kSqlFunctionArguments = 127;
inline constexpr int kSqlAttached = 0;
inline constexpr int kSqlLikePatternBytes = 50;
inline constexpr int kSqlVariables = 100;
inline constexpr int kSqlTriggerDepth = 10;

// Steps of SQLite's virtual machine between two charges of CPU time. Ours.
inline constexpr int kSqlStepsPerCharge = 1000;

// Key-value limits of namespaces not backed by SQLite. A value may exceed by the serialiser's
// header.
inline constexpr size_t kKeyBytes = 2048;
inline constexpr size_t kValueBytes = 131'072;
inline constexpr size_t kValueSlackBytes = 34;
inline constexpr size_t kPairs = 128;

// Ours: pages of one database that SQLite keeps in memory, frames of the WAL before a checkpoint
// (the product's numbers are not public; measured best between 8 and 32), and kept prepared
// statements.
inline constexpr int kCachedPages = 64;
inline constexpr int kCheckpointFrames = 16;
inline constexpr size_t kCachedStatements = 48;
// Ours: how many commits a list of storage.kv that nobody goes on with keeps the WAL as it is.
inline constexpr int kListCommits = 64;
// Ours: the read cache of the key-value table.
inline constexpr size_t kKvCacheSlots = 64;
inline constexpr size_t kKvCacheKeyBytes = 256;
inline constexpr size_t kKvCacheValueBytes = 8192;

}  // namespace orrery::durable
