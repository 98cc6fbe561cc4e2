#include "platform/web/natives/idna.h"

#include <unicode/uidna.h>
#include <unicode/utf8.h>

#include "sim/core/check.h"

namespace orrery::web {
namespace {

using Convert = int32_t (*)(const UIDNA*, const char*, int32_t, char*, int32_t, UIDNAInfo*, UErrorCode*);

UIDNA* open_uts46(uint32_t extra_options) {
  UErrorCode status = U_ZERO_ERROR;
  UIDNA* idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                    UIDNA_NONTRANSITIONAL_TO_UNICODE | extra_options,
                                &status);
  ORRERY_CHECK(U_SUCCESS(status), "ICU has no UTS46 tables");
  return idna;
}

const UIDNA* uts46(bool be_strict) {
  static UIDNA* const lenient = open_uts46(0);
  static UIDNA* const strict = open_uts46(UIDNA_USE_STD3_RULES);
  return be_strict ? strict : lenient;
}

// ICU reports these whatever its options; they count only when strict.
constexpr uint32_t kStrictErrors = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                   UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                   UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

// What Unicode 16 maps a code point to, where Unicode 15 disagrees: 0 ignored, -1 no change.
UChar32 unicode16_mapping(UChar32 point) {
  switch (point) {
    case 0x180E: return 0;
    case 0x206A: case 0x206B: case 0x206C: case 0x206D: case 0x206E: case 0x206F: return 0;
    case 0x04C0: return 0x04CF;
    case 0x2183: return 0x2184;
    case 0x1E9E: return 0x00DF;
    case 0x2F868: return 0x36FC;
    case 0x2F874: return 0x5F33;
    case 0x2F91F: return 0x43AB;
    case 0x2F95F: return 0x7AEE;
    case 0x2F9BF: return 0x4D57;
    default: return -1;
  }
}

std::string with_unicode16(std::string_view utf8) {
  std::string mapped;
  mapped.reserve(utf8.size());
  int32_t at = 0;
  const int32_t size = static_cast<int32_t>(utf8.size());
  while (at < size) {
    const int32_t start = at;
    UChar32 point;
    U8_NEXT(utf8.data(), at, size, point);
    const UChar32 to = point < 0 ? -1 : unicode16_mapping(point);
    if (to == 0) continue;
    if (to < 0) {
      mapped.append(utf8.substr(start, at - start));
      continue;
    }
    char encoded[U8_MAX_LENGTH];
    int32_t length = 0;
    U8_APPEND_UNSAFE(encoded, length, to);
    mapped.append(encoded, length);
  }
  return mapped;
}

// Runs an ICU conversion, growing the buffer once if needed. `errors` gets ICU's error bits.
std::string convert(Convert function, bool be_strict, std::string_view utf8, uint32_t& errors) {
  const std::string input = with_unicode16(utf8);
  std::string output(input.size() + 64, '\0');
  for (;;) {
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    const int32_t length =
        function(uts46(be_strict), input.data(), static_cast<int32_t>(input.size()), output.data(),
                 static_cast<int32_t>(output.size()), &info, &status);
    errors = info.errors;
    if (status == U_BUFFER_OVERFLOW_ERROR) {
      output.resize(length);
      continue;
    }
    // Whatever else went wrong (a domain too long for ICU, say) is a refusal.
    if (U_FAILURE(status)) {
      errors |= UIDNA_ERROR_DISALLOWED;
      return {};
    }
    output.resize(length);
    return output;
  }
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view utf8, bool be_strict) {
  uint32_t errors = 0;
  std::string ascii = convert(uidna_nameToASCII_UTF8, be_strict, utf8, errors);
  if (!be_strict) errors &= ~kStrictErrors;
  if (errors != 0) return std::nullopt;
  return ascii;
}

std::string domain_to_unicode(std::string_view utf8) {
  uint32_t errors = 0;
  return convert(uidna_nameToUnicodeUTF8, false, utf8, errors);
}

}  // namespace orrery::web
