// The first page of a new, empty database in WAL mode. Written out rather than asked from SQLite:
// opening one from this costs a third of creating it, and its bytes never depend on the library's
// version.
#pragma once

#include "sim/core/ref.h"

namespace orrery::durable {

// Made once for this OS process and shared by all objects.
const Ref<Buffer>& template_page();

}  // namespace orrery::durable
