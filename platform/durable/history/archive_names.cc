#include "platform/durable/history/archive_names.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "sim/core/trace.h"

namespace orrery::durable {

namespace {

std::string join(std::initializer_list<uint64_t> numbers) {
  std::string out;
  for (uint64_t n : numbers) out += (out.empty() ? "" : ".") + hex64(n);
  return out;
}

bool split(std::string_view text, std::span<uint64_t> numbers) {
  if (text.size() != numbers.size() * 17 - 1) return false;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::string_view part = text.substr(i * 17, 16);
    auto [end, error] = std::from_chars(part.data(), part.data() + 16, numbers[i], 16);
    if (error != std::errc() || end != part.data() + 16) return false;
  }
  return true;
}

}  // namespace

std::string archive_prefix(uint64_t key) { return "past/" + hex64(key) + "/"; }

std::string ArchivedLog::name(uint64_t key) const {
  return archive_prefix(key) + "log/" +
         join({last, first, static_cast<uint64_t>(first_ms), static_cast<uint64_t>(last_ms)});
}

std::string ArchivedImage::name(uint64_t key) const {
  return archive_prefix(key) + "image/" + join({index, static_cast<uint64_t>(ms)});
}

ArchivedPast parse_past(const std::vector<std::string>& names, uint64_t key) {
  ArchivedPast past;
  const std::string log = archive_prefix(key) + "log/", image = archive_prefix(key) + "image/";
  for (const std::string& name : names) {
    uint64_t n[4];
    if (name.starts_with(log) && split(std::string_view(name).substr(log.size()), n))
      past.logs.push_back({n[0], n[1], static_cast<int64_t>(n[2]), static_cast<int64_t>(n[3])});
    else if (name.starts_with(image) && split(std::string_view(name).substr(image.size()), {n, 2}))
      past.images.push_back({n[0], static_cast<int64_t>(n[1])});
  }
  return past;
}

uint64_t ArchivedPast::complete_to() const {
  // Old parts are removed together with what they follow; an image stands for all before it.
  uint64_t to = images.empty() ? 0 : images.front().index;
  bool more = true;
  while (more) {
    more = false;
    for (const ArchivedLog& log : logs)
      if (log.first <= to + 1 && log.last > to) to = log.last, more = true;
    for (const ArchivedImage& image : images)
      if (image.index > to) to = image.index, more = true;
  }
  return to;
}

}  // namespace orrery::durable
