#include "platform/durable/history/images.h"

#include "platform/durable/directory/bytes.h"

namespace orrery::durable {

Ref<const archive::Blob> blob_of(const PageImage& image) {
  auto blob = make_ref<archive::Blob>();
  ByteWriter head;
  head.u32(image.db_pages());
  blob->parts.emplace_back();
  for (uint32_t page = 0; page < image.db_pages(); ++page) {
    if (!image.pages[page]) continue;
    head.u32(page);
    blob->parts.push_back(image.pages[page]);
  }
  blob->parts.front() = Buffer::copy(head.bytes());
  return blob;
}

Ref<PageImage> image_of(const archive::Blob& blob) {
  if (blob.parts.empty()) return nullptr;
  ByteReader head(blob.parts.front()->text());
  auto image = make_ref<PageImage>();
  image->pages.resize(head.u32());
  for (size_t part = 1; part < blob.parts.size(); ++part) {
    const uint32_t page = head.u32();
    if (!head.ok() || page >= image->pages.size() || blob.parts[part]->size() != kLogPageBytes) return nullptr;
    image->pages[page] = blob.parts[part];
  }
  return image;
}

}  // namespace orrery::durable
