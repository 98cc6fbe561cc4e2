// One operation of a KV binding as the service understands it, and every reason to refuse one. What JavaScript
// sends as cells (js/kv.js) is read and checked here; the texts are those of platform.md 10.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/kv/record.h"
#include "platform/runtime/cells.h"
#include "platform/runtime/error_info.h"

namespace orrery::kv {

struct Call {
  enum class What : uint8_t { kGet, kGetBulk, kPut, kDelete, kList };
  What what = What::kGet;
  std::vector<std::string> keys;  // one, but for a bulk get; none for a list
  bool as_text = true;            // get: the value as text, else as bytes
  Duration cache_ttl = seconds(kCacheTtlSeconds);
  Ref<Buffer> value;              // put
  int64_t expiration_s = 0;       // put; 0: none
  std::string metadata;           // put; JSON text
  ListQuery list;
};

// "GET", "PUT", ...: as it stands in the text of an error.
const char* name_of(Call::What what);

// `KV PUT failed: 429 Too Many Requests` and its like.
runtime::ErrorInfo failure(Call::What what, int status, std::string_view body);

// Reads a call; `now_s` is the host's wall clock. The error to throw, or nothing.
std::optional<runtime::ErrorInfo> read_call(std::string_view method, const runtime::Cells& cells,
                                            int64_t now_s, Call* call);

// The cursor of a list: opaque to the user, the last raw key inside.
std::string cursor_of(std::string_view last_key);

}  // namespace orrery::kv
