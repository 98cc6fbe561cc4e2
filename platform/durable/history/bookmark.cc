#include "platform/durable/history/bookmark.h"

#include <charconv>
#include <cstdio>

#include "sim/core/hash.h"

namespace orrery::durable {

namespace {

uint64_t proof(const Bookmark& bookmark, uint64_t key, uint64_t salt) {
  return mix64(mix64(key, bookmark.index ^ salt), bookmark.epoch);
}

}  // namespace

std::string to_text(const Bookmark& b, uint64_t key) {
  char text[64];
  std::snprintf(text, sizeof text, "%08x-%08x-%08x-%016llx%016llx", static_cast<uint32_t>(b.index >> 32),
                static_cast<uint32_t>(b.index), static_cast<uint32_t>(b.epoch),
                static_cast<unsigned long long>(proof(b, key, 1)), static_cast<unsigned long long>(proof(b, key, 2)));
  return text;
}

std::optional<Bookmark> parse_bookmark(std::string_view text, uint64_t key) {
  if (text.size() != 8 + 1 + 8 + 1 + 8 + 1 + 32) return {};
  uint64_t groups[3];
  for (int i = 0; i < 3; ++i) {
    const std::string_view group = text.substr(static_cast<size_t>(i) * 9, 8);
    auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), groups[i], 16);
    if (error != std::errc() || end != group.data() + group.size()) return {};
  }
  const Bookmark bookmark{groups[0] << 32 | groups[1], groups[2]};
  if (to_text(bookmark, key) != text) return {};
  return bookmark;
}

}  // namespace orrery::durable
