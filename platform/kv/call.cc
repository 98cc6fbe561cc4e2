#include "platform/kv/call.h"

#include "sim/core/check.h"

namespace orrery::kv {

namespace {

using runtime::Cell;
using runtime::ErrorInfo;
using What = Call::What;
using Refusal = std::optional<ErrorInfo>;

constexpr double kWholeMax = 9'007'199'254'740'991.0;

// A whole number that JavaScript made; not a number reads as 0, as the real conversion to an integer does.
int64_t whole(const Cell& cell) {
  if (!cell.is_number() || cell.number != cell.number) return 0;
  if (cell.number > kWholeMax) return static_cast<int64_t>(kWholeMax);
  if (cell.number < -kWholeMax) return -static_cast<int64_t>(kWholeMax);
  return static_cast<int64_t>(cell.number);
}

Refusal invalid(What what, const char* field, int64_t given, std::string_view rule) {
  return failure(what, 400,
                 "Invalid " + std::string(field) + " of " + std::to_string(given) + ". " +
                     std::string(rule));
}

Refusal check_key(What what, std::string_view key) {
  if (key.size() <= kKeyBytesMax) return {};
  return failure(what, 414,
                 "UTF-8 encoded length of " + std::to_string(key.size()) +
                     " exceeds key length limit of " + std::to_string(kKeyBytesMax) + ".");
}

Refusal read_cache_ttl(What what, const Cell& cell, Call* call) {
  if (cell.is_undefined()) return {};
  const int64_t given = whole(cell);
  if (given < kCacheTtlSecondsMin)
    return invalid(what, "cache_ttl", given,
                   "Cache TTL must be at least " + std::to_string(kCacheTtlSecondsMin) + ".");
  // Longer than any run.
  call->cache_ttl = seconds(std::min<int64_t>(given, 1'000'000'000));
  return {};
}

Refusal read_expiration(const Cell& at, const Cell& in, int64_t now_s, Call* call) {
  if (!in.is_undefined()) {
    const int64_t given = whole(in);
    if (given <= 0)
      return invalid(What::kPut, "expiration_ttl", given, "Please specify integer greater than 0.");
    if (given < kExpirationSecondsMin)
      return invalid(
          What::kPut, "expiration_ttl", given,
          "Expiration TTL must be at least " + std::to_string(kExpirationSecondsMin) + ".");
    call->expiration_s = now_s + given;
  } else if (!at.is_undefined()) {
    const int64_t given = whole(at);
    if (given <= now_s)
      return invalid(What::kPut, "expiration", given,
                     "Please specify integer greater than the current number of seconds since the "
                     "UNIX epoch.");
    if (given < now_s + kExpirationSecondsMin)
      return invalid(What::kPut, "expiration", given,
                     "Expiration times must be at least " + std::to_string(kExpirationSecondsMin) +
                         " seconds in the future.");
    call->expiration_s = given;
  }
  return {};
}

Refusal read_put(const runtime::Cells& cells, int64_t now_s, Call* call) {
  if (Refusal r = read_expiration(cells.at(2), cells.at(3), now_s, call)) return r;
  call->value = cells.at(1).buffer ? cells.at(1).buffer : Buffer::make(0);
  if (call->value->size() > kValueBytesMax)
    return failure(What::kPut, 413,
                   "Value length of " + std::to_string(call->value->size()) + " exceeds limit of " +
                       std::to_string(kValueBytesMax) + ".");
  call->metadata = cells.at(4).view();
  if (call->metadata.size() > kMetadataBytesMax)
    return failure(What::kPut, 413,
                   "Metadata length of " + std::to_string(call->metadata.size()) +
                       " exceeds limit of " + std::to_string(kMetadataBytesMax) + ".");
  return {};
}

Refusal read_bulk(const runtime::Cells& cells, Call* call) {
  const std::string_view type = cells.at(0).view();
  if (type != "text" && type != "json")
    return failure(What::kGetBulk, 400,
                   "\"" + std::string(type) + "\" is not a valid type. Use \"json\" or \"text\"");
  if (Refusal r = read_cache_ttl(What::kGetBulk, cells.at(1), call)) return r;
  for (size_t i = 2; i < cells.size(); ++i) {
    if (Refusal r = check_key(What::kGetBulk, cells.at(i).view())) return r;
    bool known = false;
    for (const std::string& key : call->keys) known = known || key == cells.at(i).view();
    if (!known) call->keys.emplace_back(cells.at(i).view());
  }
  if (call->keys.empty())
    return failure(What::kGetBulk, 400, "You must request a minimum of 1 key");
  if (cells.size() - 2 > kBulkKeysMax)
    return failure(What::kGetBulk, 400,
                   "You can request a maximum of " + std::to_string(kBulkKeysMax) + " keys");
  return {};
}

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

bool read_cursor(std::string_view cursor, std::string* last) {
  if (cursor.size() % 2) return false;
  for (size_t i = 0; i < cursor.size(); i += 2) {
    int high = hex_value(cursor[i]), low = hex_value(cursor[i + 1]);
    if (high < 0 || low < 0) return false;
    last->push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

Refusal read_list(const runtime::Cells& cells, Call* call) {
  call->list.prefix = cells.at(0).view();
  if (Refusal r = check_key(What::kList, call->list.prefix)) return r;
  if (!cells.at(1).is_undefined()) {
    const int64_t given = whole(cells.at(1));
    if (given < 1)
      return invalid(What::kList, "key_count_limit", given,
                     "Please specify an integer greater than 0.");
    if (given > kListKeysMax)
      return invalid(What::kList, "key_count_limit", given,
                     "Please specify an integer less than " + std::to_string(kListKeysMax) + ".");
    call->list.limit = static_cast<uint32_t>(given);
  }
  if (!read_cursor(cells.at(2).view(), &call->list.after))
    return failure(What::kList, 400, "Invalid cursor");
  return {};
}

}  // namespace

const char* name_of(What what) {
  constexpr const char* kNames[] = {"GET", "GET_BULK", "PUT", "DELETE", "LIST"};
  return kNames[static_cast<int>(what)];
}

ErrorInfo failure(What what, int status, std::string_view body) {
  ErrorInfo error;
  error.message = std::string("KV ") + name_of(what) + " failed: " + std::to_string(status) + " " +
                  std::string(body);
  return error;
}

std::optional<ErrorInfo> read_call(std::string_view method, const runtime::Cells& cells,
                                   int64_t now_s, Call* call) {
  *call = {};
  if (method == "list") {
    call->what = What::kList;
    return read_list(cells, call);
  }
  if (method == "getBulk") {
    call->what = What::kGetBulk;
    return read_bulk(cells, call);
  }
  call->what = method == "put" ? What::kPut : method == "delete" ? What::kDelete : What::kGet;
  call->keys.emplace_back(cells.at(0).view());
  if (Refusal r = check_key(call->what, call->keys[0])) return r;
  if (call->what == What::kPut) return read_put(cells, now_s, call);
  if (call->what == What::kGet) {
    call->as_text = cells.at(1).is_true();
    return read_cache_ttl(What::kGet, cells.at(2), call);
  }
  return {};
}

std::string cursor_of(std::string_view last_key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (char c : last_key) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

}  // namespace orrery::kv
