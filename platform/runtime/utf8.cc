#include "platform/runtime/utf8.h"

#include <cstdint>
#include <cstring>

namespace orrery::runtime {

bool is_ascii(std::string_view bytes) {
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    if (word & 0x8080808080808080ull) return false;
  }
  for (; i < bytes.size(); ++i) {
    if (static_cast<uint8_t>(bytes[i]) & 0x80) return false;
  }
  return true;
}

bool decode_utf8(std::string_view bytes, std::u16string& out) {
  constexpr char16_t kReplacement = 0xfffd;
  bool good = true;
  out.reserve(out.size() + bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<uint8_t>(bytes[i++]);
    if (lead < 0x80) {
      out.push_back(lead);
      continue;
    }
    int needed = 0;
    uint32_t point = 0;
    uint8_t lower = 0x80, upper = 0xbf;  // bounds of the next byte
    if (lead >= 0xc2 && lead <= 0xdf) {
      needed = 1;
      point = lead & 0x1f;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      needed = 2;
      point = lead & 0x0f;
      if (lead == 0xe0) lower = 0xa0;
      if (lead == 0xed) upper = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      needed = 3;
      point = lead & 0x07;
      if (lead == 0xf0) lower = 0x90;
      if (lead == 0xf4) upper = 0x8f;
    }
    bool whole = needed > 0;
    for (; needed > 0 && whole; --needed) {
      if (i >= bytes.size()) {
        whole = false;
        break;
      }
      const auto next = static_cast<uint8_t>(bytes[i]);
      if (next < lower || next > upper) {
        whole = false;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      lower = 0x80;
      upper = 0xbf;
      ++i;
    }
    if (!whole) {
      good = false;
      out.push_back(kReplacement);
    } else if (point < 0x10000) {
      out.push_back(static_cast<char16_t>(point));
    } else {
      point -= 0x10000;
      out.push_back(static_cast<char16_t>(0xd800 + (point >> 10)));
      out.push_back(static_cast<char16_t>(0xdc00 + (point & 0x3ff)));
    }
  }
  return good;
}

}  // namespace orrery::runtime
