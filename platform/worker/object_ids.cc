#include "platform/worker/object_ids.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>

namespace orrery::worker {

namespace {

constexpr size_t kMemoLimit = 65'536;

std::array<uint8_t, 32> hmac(const std::array<uint8_t, 32>& key, const void* data, size_t size) {
  std::array<uint8_t, 32> out;
  unsigned length = 32;
  HMAC(EVP_sha256(), key.data(), 32, static_cast<const uint8_t*>(data), size, out.data(), &length);
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string hex_of(const ObjectId& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(64, '0');
  for (size_t i = 0; i < 32; ++i) {
    out[2 * i] = kDigits[id.bytes[i] >> 4];
    out[2 * i + 1] = kDigits[id.bytes[i] & 15];
  }
  return out;
}

Namespace::Namespace(std::string_view worker, std::string_view class_name)
    : class_name_(class_name) {
  for (size_t i = 0; i < keys_.size(); ++i) {
    std::string unique = std::string(worker) + "-" + class_name_;
    if (i > 0) unique.append("-").append(kJurisdictions[i]);
    SHA256(reinterpret_cast<const uint8_t*>(unique.data()), unique.size(), keys_[i].data());
  }
}

ObjectId Namespace::with_mac(const Key& key, const uint8_t* first_half) {
  ObjectId id;
  std::memcpy(id.bytes.data(), first_half, 16);
  auto mac = hmac(key, first_half, 16);
  std::memcpy(id.bytes.data() + 16, mac.data(), 16);
  return id;
}

ObjectId Namespace::from_name(std::string_view name, Jurisdiction jurisdiction) {
  const Key& by = key_for(jurisdiction);
  if (jurisdiction != Jurisdiction::kNone) return with_mac(by, hmac(by, name.data(), name.size()).data());
  std::string key(name);
  auto it = known_.find(key);
  if (it != known_.end()) return it->second;
  ObjectId id = with_mac(by, hmac(by, name.data(), name.size()).data());
  if (known_.size() >= kMemoLimit) known_.clear();
  known_.emplace(std::move(key), id);
  return id;
}

ObjectId Namespace::from_random(const std::array<uint8_t, 16>& random, Jurisdiction jurisdiction) {
  return with_mac(key_for(jurisdiction), random.data());
}

const Namespace::Key& Namespace::key_for(Jurisdiction jurisdiction) {
  jurisdictional_ |= jurisdiction != Jurisdiction::kNone;
  return keys_[static_cast<size_t>(jurisdiction)];
}

std::optional<Jurisdiction> Namespace::find(const ObjectId& id) const {
  for (size_t i = 0; i < keys_.size(); ++i)
    if (with_mac(keys_[i], id.bytes.data()) == id) return static_cast<Jurisdiction>(i);
  return std::nullopt;
}

Namespace::Parsed Namespace::parse(std::string_view hex) {
  Parsed out;
  if (hex.size() != 64) return out;
  for (size_t i = 0; i < 32; ++i) {
    int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return out;
    out.id.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  out.well_formed = true;
  const std::optional<Jurisdiction> found = find(out.id);
  out.ours = found.has_value();
  jurisdictional_ |= found.value_or(Jurisdiction::kNone) != Jurisdiction::kNone;
  return out;
}

}  // namespace orrery::worker
