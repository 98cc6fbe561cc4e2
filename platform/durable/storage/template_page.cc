#include "platform/durable/storage/template_page.h"

#include <cstring>

#include "sim/disk/disk.h"

namespace orrery::durable {

namespace {
Ref<Buffer> make_page() {
  Ref<Buffer> page = Buffer::make(disk::kPageBytes);
  uint8_t* p = page->data();
  std::memset(p, 0, disk::kPageBytes);
  // Database header, fields by offset as in the file format's documentation.
  std::memcpy(p, "SQLite format 3", 16);
  p[16] = disk::kPageBytes >> 8;  // page size, big-endian
  p[18] = p[19] = 2;              // read and write version: WAL
  p[21] = 64;                     // fixed fractions of a page
  p[22] = p[23] = 32;
  p[27] = 1;  // change counter
  p[31] = 1;  // pages
  p[95] = 1;  // the change counter that the next field goes with
  p[97] = 0x2e;  // written by "version" 3040001
  p[98] = 0x63;
  p[99] = 0x01;
  // An empty leaf: the schema table without rows.
  p[100] = 0x0d;
  p[105] = disk::kPageBytes >> 8;  // cell content starts at the end of the page
  return page;
}
}  // namespace

const Ref<Buffer>& template_page() {
  static const Ref<Buffer> page = make_page();
  return page;
}

}  // namespace orrery::durable
