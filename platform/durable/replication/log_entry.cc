#include "platform/durable/replication/log_entry.h"

namespace orrery::durable {

void PageImage::apply(const LogPayload& payload) {
  if (payload.barrier()) return;
  pages.resize(payload.db_pages);
  for (const PageFrame& frame : payload.frames)
    if (frame.page >= 1 && frame.page <= pages.size()) pages[frame.page - 1] = frame.bytes;
}

}  // namespace orrery::durable
