#include "platform/durable/directory/known_view.h"

#include <string>

#include "platform/durable/directory/codec.h"
#include "sim/disk/disk.h"

namespace orrery::durable {
namespace {

constexpr const char* kViewFile = "directory-client/view";
constexpr const char* kViewFileNew = "directory-client/view.new";

}  // namespace

KnownView::KnownView(host::Process& process,
                     const std::array<host::HostId, kDirectoryMembers>& first)
    : process_(process), view_(make_ref<const View>(first)) {
  recall();
}

void KnownView::hear(host::HostId from, const net::Reply& reply, uint64_t asked, bool renewal) {
  if (renewal && asked == view_->number) {
    const uint32_t bit = 1u << view_->place_of(from);
    missing_ = reply.ok() ? missing_ & ~bit : missing_ | bit;
  }
  if (reply.ok() && &reply.message->kind() == &ViewReply::kKind)
    adopt(reply.message->as<ViewReply>().newest);
}

// A file that is lost or stale only means that the members of an older view are asked first.
void KnownView::adopt(const Ref<const View>& view) {
  if (view->number <= view_->number) return;
  ORRERY_SOMETIMES(process_.world(), true, "a client learns a newer view of the directory");
  view_ = view;
  missing_ = 0;
  ByteWriter body;
  put(body, *view);
  ByteWriter whole;
  whole.u64(hash_bytes(body.bytes())).raw(body.bytes().data(), body.bytes().size());
  disk::Disk& disk = process_.disk();
  disk::DiskError error = disk::DiskError::kNone;
  std::shared_ptr<disk::File> file = disk.open(kViewFileNew, true, &error);
  if (!file || file->truncate(0) != disk::DiskError::kNone ||
      file->append(Buffer::copy(whole.bytes())) != disk::DiskError::kNone ||
      file->sync() != disk::DiskError::kNone)
    return;
  if (disk.rename(kViewFileNew, kViewFile) == disk::DiskError::kNone) (void)disk.sync_names();
}

void KnownView::recall() {
  disk::DiskError error = disk::DiskError::kNone;
  std::shared_ptr<disk::File> file = process_.disk().open(kViewFile, false, &error);
  if (!file) return;
  std::string bytes(file->size(), '\0');
  size_t got = 0;
  if (file->read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, &got) !=
          disk::DiskError::kNone ||
      got < 8)
    return;
  ByteReader reader(std::string_view(bytes).substr(0, got));
  if (reader.u64() != hash_bytes(std::string_view(bytes).substr(8, got - 8))) return;
  Ref<const View> view = get_view(reader);
  if (!reader.ok() || view->number <= view_->number) return;
  ORRERY_SOMETIMES(process_.world(), true, "a client begins with a view that it remembered");
  view_ = std::move(view);
}

}  // namespace orrery::durable
