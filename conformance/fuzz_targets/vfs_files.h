// The part of the vfs target that works on files without SQLite.
#pragma once

#include "conformance/fuzz_targets/targets.h"

namespace orrery::fuzz_targets {
void vfs_files(Bytes program);
}
