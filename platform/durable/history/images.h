// A database as a blob of the archive: the number of its pages and of those that are not all zeros, then these.
#pragma once

#include "platform/archive/messages.h"
#include "platform/durable/replication/log_entry.h"

namespace orrery::durable {

Ref<const archive::Blob> blob_of(const PageImage& image);
// Null when the blob is no image.
Ref<PageImage> image_of(const archive::Blob& blob);

}  // namespace orrery::durable
