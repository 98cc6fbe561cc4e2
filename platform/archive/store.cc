#include "platform/archive/store.h"

#include <cstring>

#include "platform/channels.h"

namespace orrery::archive {

inline constexpr Site kSync{"archive.sync"};

namespace {

// A file: this, the size of each part (u32), the parts.
struct Head {
  uint64_t magic = 0x6576696863726121;
  uint64_t checksum = 0;  // of the sizes and the parts
  uint64_t parts = 0;
};

std::string file_of(const std::string& name) { return "archive/" + name; }

uint64_t checksum_of(const Blob& blob) {
  uint64_t hash = mix64(0x61726368, blob.parts.size());
  for (const Ref<Buffer>& part : blob.parts) hash = mix64(hash, hash_bytes(part->data(), part->size()));
  return hash;
}

Ref<const Reply> answer(bool ok) {
  auto reply = make_ref<Reply>();
  reply->ok = ok;
  return reply;
}

}  // namespace

Store::Store(host::Process& process) : process_(process) {
  process.network().serve(process, kArchiveChannel, *this);
}

void Store::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  using What = NameRequest::What;
  if (&message->kind() == &PutRequest::kKind)
    return process_.tasks().spawn(put(caller, Ref<const PutRequest>(&message->as<PutRequest>())));
  const auto& request = message->as<NameRequest>();
  auto reply = make_ref<Reply>();
  reply->ok = true;
  switch (request.what) {
    case What::kGet: reply->blob = read(request.name); break;
    case What::kRemove: (void)process_.disk().remove(file_of(request.name)); break;
    case What::kList:
      for (const std::string& file : process_.disk().list(file_of(request.name)))
        reply->names.push_back(file.substr(file_of("").size()));
      break;
  }
  caller.reply(std::move(reply));
}

Task<void> Store::put(net::Caller caller, Ref<const PutRequest> request) {
  disk::Disk& disk = process_.disk();
  const std::string name = file_of(request->name);
  if (read(request->name)) co_return caller.reply(answer(true));
  std::shared_ptr<disk::File> file = disk.open(name, true, nullptr);
  const Blob& blob = *request->blob;
  Head head;
  head.checksum = checksum_of(blob);
  head.parts = blob.parts.size();
  Ref<Buffer> front = Buffer::make(static_cast<uint32_t>(sizeof head + 4 * blob.parts.size()));
  std::memcpy(front->data(), &head, sizeof head);
  for (size_t i = 0; i < blob.parts.size(); ++i) {
    const uint32_t size = blob.parts[i]->size();
    std::memcpy(front->data() + sizeof head + 4 * i, &size, 4);
  }
  // What a crash left of an earlier try goes.
  bool good = file && file->truncate(0) == disk::DiskError::kNone &&
              file->append(std::move(front)) == disk::DiskError::kNone;
  for (const Ref<Buffer>& part : blob.parts) good = good && file->append(part) == disk::DiskError::kNone;
  if (good) co_await sleep(process_.world().loop(), kSync, disk.sync_latency());
  good = good && file->sync() == disk::DiskError::kNone;
  ORRERY_SOMETIMES(process_.world(), !good, "a store of the archive cannot write");
  if (!good) (void)disk.remove(name);
  caller.reply(answer(good));
}

Ref<const Blob> Store::read(const std::string& name) {
  std::shared_ptr<disk::File> file = process_.disk().open(file_of(name), false, nullptr);
  Head head;
  const uint64_t magic = head.magic;
  if (!file || file->size() < sizeof head ||
      file->read(0, {reinterpret_cast<uint8_t*>(&head), sizeof head}, nullptr) != disk::DiskError::kNone ||
      head.magic != magic || head.parts > file->size())
    return nullptr;
  std::vector<uint32_t> sizes(head.parts);
  uint64_t at = sizeof head;
  if (file->read(at, {reinterpret_cast<uint8_t*>(sizes.data()), sizes.size() * 4}, nullptr) != disk::DiskError::kNone)
    return nullptr;
  at += sizes.size() * 4;
  auto blob = make_ref<Blob>();
  for (uint32_t size : sizes) {
    Ref<Buffer> part;
    if (file->read_buffer(at, size, &part) != disk::DiskError::kNone) return nullptr;
    at += size;
    blob->parts.push_back(std::move(part));
  }
  if (checksum_of(*blob) != head.checksum) return nullptr;
  return blob;
}

}  // namespace orrery::archive
