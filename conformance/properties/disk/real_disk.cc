#include "conformance/properties/disk/real_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/core/check.h"

namespace orrery::disk {
namespace {

namespace fs = std::filesystem;

// One folder, as the model has one journal of names: slashes become another letter.
std::string on_disk(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    ORRERY_CHECK(c != '+', "a name with + on a real disk");
    if (c == '/') c = '+';
  }
  return out;
}
std::string off_disk(std::string name) {
  for (char& c : name)
    if (c == '+') c = '/';
  return name;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Whole or not at all, should the program be killed meanwhile.
void write_whole(const std::string& path, const std::string& bytes) {
  std::ofstream(path + ".new", std::ios::binary) << bytes;
  fs::rename(path + ".new", path);
}

}  // namespace

Files files_of(Disk& disk) {
  Files out;
  for (const std::string& name : disk.list("")) {
    auto file = disk.open(name, OpenMode::kExisting, nullptr);
    std::string& bytes = out[name];
    bytes.resize(file->size());
    (void)file->read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, nullptr);
  }
  return out;
}

Folder::Folder(Where where) {
  const fs::path memory = "/dev/shm";
  const bool in_memory = where == Where::kMemory && ::access(memory.c_str(), W_OK | X_OK) == 0;
  std::string path = ((in_memory ? memory : fs::temp_directory_path()) / "orrery-disk-XXXXXX").string();
  ORRERY_CHECK(mkdtemp(path.data()) != nullptr, "no folder for temporary files");
  path_ = path;
  put({});
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::path_of(std::string_view name) const { return files() + "/" + on_disk(name); }

Files Folder::now() const {
  Files out;
  for (const auto& entry : fs::directory_iterator(files()))
    out[off_disk(entry.path().filename().string())] = bytes_of(entry.path().string());
  return out;
}

Files Folder::promised() const {
  Files out;
  std::istringstream names(bytes_of(copies() + "/names"));
  std::string number, name;
  while (names >> number && std::getline(names >> std::ws, name)) out[name] = bytes_of(copies() + "/" + number);
  return out;
}

Files Folder::promised_under_names_of_now() const {
  Files out;
  for (const auto& entry : fs::directory_iterator(files())) {
    struct stat s {};
    ORRERY_CHECK(::stat(entry.path().c_str(), &s) == 0);
    out[off_disk(entry.path().filename().string())] = bytes_of(copies() + "/" + std::to_string(s.st_ino));
  }
  return out;
}

void Folder::put(const Files& files_now) const {
  fs::remove_all(files());
  fs::remove_all(copies());
  fs::create_directory(files());
  fs::create_directory(copies());
  for (const auto& [name, bytes] : files_now) std::ofstream(path_of(name), std::ios::binary) << bytes;
}

// A file, with or without a name; open as long as anybody knows it.
struct RealDisk::Node {
  explicit Node(const std::string& path) : fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    ORRERY_CHECK(fd >= 0, "a real file cannot be opened");
  }
  ~Node() { ::close(fd); }
  Node(const Node&) = delete;
  uint64_t size() const { return status().st_size; }
  struct stat status() const {
    struct stat s {};
    ORRERY_CHECK(::fstat(fd, &s) == 0);
    return s;
  }
  const int fd;
  std::string name;
  bool linked = true;
};

class RealDisk::OpenFile final : public File {
 public:
  OpenFile(RealDisk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}
  const std::string& name() const override { return node_->name; }
  uint64_t size() const override { return node_->size(); }
  DiskError read(uint64_t offset, std::span<uint8_t> out, size_t* got) override {
    if (!node_->linked) return DiskError::kGone;
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n =
          ::pread(node_->fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0) return DiskError::kIo;
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    std::memset(out.data() + done, 0, out.size() - done);
    if (got) *got = done;
    return DiskError::kNone;
  }
  DiskError read_buffer(uint64_t offset, uint32_t length, Ref<Buffer>* out) override {
    if (offset + length > size()) return DiskError::kNotFound;
    Ref<Buffer> bytes = Buffer::make(length);
    const DiskError error = read(offset, {bytes->data(), length}, nullptr);
    if (error == DiskError::kNone) *out = std::move(bytes);
    return error;
  }
  DiskError write(uint64_t offset, std::span<const uint8_t> bytes) override {
    if (!node_->linked) return DiskError::kGone;
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t n =
          ::pwrite(node_->fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (n <= 0) return DiskError::kIo;
      done += static_cast<size_t>(n);
    }
    return DiskError::kNone;
  }
  DiskError write_buffer(uint64_t offset, Ref<Buffer> bytes) override { return write(offset, bytes->bytes()); }
  DiskError write_page(uint64_t page_index, Ref<Buffer> page) override {
    return write(page_index * kPageBytes, page->bytes());
  }
  DiskError append(Ref<Buffer> bytes) override { return write(size(), bytes->bytes()); }
  DiskError truncate(uint64_t size) override {
    if (!node_->linked) return DiskError::kGone;
    return ::ftruncate(node_->fd, static_cast<off_t>(size)) == 0 ? DiskError::kNone : DiskError::kIo;
  }
  // POSIX promises a new file's name only with its folder; the seam promises it here.
  DiskError sync() override {
    if (!node_->linked) return DiskError::kGone;
    if (disk_.options_.syncs && disk_.options_.flaw != Flaw::kNoFileSync) {
      if (::fsync(node_->fd) != 0) return DiskError::kIo;
      disk_.copy(*node_);
    }
    return disk_.sync_names();
  }

 private:
  RealDisk& disk_;
  const std::shared_ptr<Node> node_;
};

RealDisk::RealDisk(const Folder& folder, const Options& options) : folder_(folder), options_(options) {
  directory_ = ::open(folder.files().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ORRERY_CHECK(directory_ >= 0, "a real folder cannot be opened");
  for (const auto& entry : fs::directory_iterator(folder.files())) {
    auto node = std::make_shared<Node>(entry.path().string());
    node->name = off_disk(entry.path().filename().string());
    names_[node->name] = std::move(node);
  }
}

RealDisk::~RealDisk() { ::close(directory_); }

void RealDisk::copy(const Node& node) const {
  std::string bytes(node.size(), '\0');
  ORRERY_CHECK(::pread(node.fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  write_whole(folder_.copies() + "/" + std::to_string(node.status().st_ino), bytes);
}

void RealDisk::copy_names() const {
  std::string text;
  for (const auto& [name, node] : names_)
    text += std::to_string(node->status().st_ino) + " " + name + "\n";
  write_whole(folder_.copies() + "/names", text);
}

std::shared_ptr<File> RealDisk::open(std::string_view name, OpenMode mode, DiskError* error) {
  ORRERY_CHECK(mode != OpenMode::kScratch, "scratch files are not supported on a real disk");
  auto found = names_.find(std::string(name));
  if (error) *error = DiskError::kNone;
  if (found == names_.end()) {
    if (mode == OpenMode::kExisting) {
      if (error) *error = DiskError::kNotFound;
      return nullptr;
    }
    auto node = std::make_shared<Node>(folder_.path_of(name));
    node->name = name;
    // The number may have been another file's before: nothing of this one is promised yet.
    fs::remove(folder_.copies() + "/" + std::to_string(node->status().st_ino));
    found = names_.emplace(node->name, std::move(node)).first;
    names_changed_ = true;
  }
  return std::make_shared<OpenFile>(*this, found->second);
}

DiskError RealDisk::remove(std::string_view name) {
  auto found = names_.find(std::string(name));
  if (found == names_.end()) return DiskError::kNotFound;
  if (::unlink(folder_.path_of(name).c_str()) != 0) return DiskError::kIo;
  found->second->linked = false;
  removed_.push_back(found->second);
  names_.erase(found);
  names_changed_ = true;
  return DiskError::kNone;
}

DiskError RealDisk::rename(std::string_view from, std::string_view to) {
  auto found = names_.find(std::string(from));
  if (found == names_.end()) return DiskError::kNotFound;
  if (from == to) return DiskError::kNone;
  if (::rename(folder_.path_of(from).c_str(), folder_.path_of(to).c_str()) != 0) return DiskError::kIo;
  std::shared_ptr<Node> node = found->second;
  names_.erase(found);
  std::shared_ptr<Node>& place = names_[std::string(to)];
  if (place) {
    place->linked = false;
    removed_.push_back(place);
  }
  place = node;
  node->name = to;
  names_changed_ = true;
  return DiskError::kNone;
}

std::vector<std::string> RealDisk::list(std::string_view prefix) const {
  std::vector<std::string> out;
  for (const auto& [name, node] : names_)
    if (name.starts_with(prefix)) out.push_back(name);
  return out;
}

DiskError RealDisk::sync_names() {
  if (!options_.syncs || !names_changed_ || options_.flaw == Flaw::kNoNameSync) return DiskError::kNone;
  if (::fsync(directory_) != 0) return DiskError::kIo;
  copy_names();
  names_changed_ = false;
  removed_.clear();
  return DiskError::kNone;
}

uint64_t RealDisk::used_bytes() const {
  uint64_t sum = 0;
  for (const auto& [name, node] : names_) sum += node->size();
  return sum;
}

#define ORRERY_NOT_BY_ITSELF ORRERY_CHECK(false, "a real disk is not crashed, damaged or wiped by who uses it")
void RealDisk::crash() { ORRERY_NOT_BY_ITSELF; }
void RealDisk::wipe() { ORRERY_NOT_BY_ITSELF; }
void RealDisk::set_faults(const DiskFaults&) { ORRERY_NOT_BY_ITSELF; }
Disk::Unsynced RealDisk::unsynced() const {
  ORRERY_NOT_BY_ITSELF;
  return {};
}
std::unique_ptr<Disk> RealDisk::after_crash(const std::vector<bool>&, size_t) const {
  ORRERY_NOT_BY_ITSELF;
  return nullptr;
}
#undef ORRERY_NOT_BY_ITSELF

}  // namespace orrery::disk
