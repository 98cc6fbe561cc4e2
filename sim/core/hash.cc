#define XXH_INLINE_ALL
#include "sim/core/hash.h"

#include <xxhash.h>

namespace orrery {

uint64_t hash_bytes(const void* data, uint64_t size) { return XXH3_64bits(data, size); }

}  // namespace orrery
