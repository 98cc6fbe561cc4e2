// HTTP messages as they travel between hosts: immutable once shared, reference-counted, never
// serialised. Strings are bytes as on the wire (headers Latin-1, URL ASCII, body any bytes).
//
// Headers are one flat run of text, "name\nvalue\nname\nvalue\n": neither part may contain a line feed,
// so no escaping is needed, JavaScript takes the run as one string and splits it only when somebody
// looks. Names are kept as written; comparing ignores case.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/core/ref.h"

namespace orrery::runtime {

// A header list in its flat form. Order and repetitions are kept.
class HeaderList {
 public:
  HeaderList() = default;
  explicit HeaderList(std::string flat) : flat_(std::move(flat)) {}

  // Adds one header. A line feed in either part is replaced by a space, so that the form stays sound.
  void append(std::string_view name, std::string_view value);
  // Adds headers that are in the flat form already.
  void append_flat(std::string_view flat) { flat_ += flat; }
  // The first value of the name (any case), or false.
  bool find(std::string_view name, std::string_view& value) const;
  bool has(std::string_view name) const {
    std::string_view ignored;
    return find(name, ignored);
  }
  // Removes every header of the name.
  void remove(std::string_view name);

  // Walks the list: start with position 0; false at the end.
  bool next(size_t& position, std::string_view& name, std::string_view& value) const;

  const std::string& flat() const { return flat_; }
  bool empty() const { return flat_.empty(); }
  bool operator==(const HeaderList&) const = default;

 private:
  std::string flat_;
};

// A body: whole in memory, or a stream that is still being written. `ascii` says that every byte is below 128, which
// lets JavaScript receive it as a one-byte string; it is computed once, when the body is made.
struct HttpBody {
  Ref<Buffer> bytes;  // null: no body (different from an empty one)
  bool ascii = false;
  // A stream: the number by which the context that sends or receives the message knows it (isolate_host.h).
  uint32_t stream = 0;

  static HttpBody of(std::string_view text);
  static HttpBody of(Ref<Buffer> bytes);
  explicit operator bool() const { return static_cast<bool>(bytes); }
  std::string_view text() const { return bytes ? bytes->text() : std::string_view(); }
  size_t size() const { return bytes ? bytes->size() : 0; }
};

struct HttpRequest final : RefCounted {
  std::string method = "GET";
  std::string url;
  HeaderList headers;
  HttpBody body;
  std::string cf_json;           // `request.cf` as JSON text; empty: absent
  uint8_t redirect = 0;          // 0 follow, 1 manual, 2 error

  // Bytes this message is charged for on the simulated network.
  size_t wire_size() const {
    return method.size() + url.size() + headers.flat().size() + body.size() + 32;
  }
};

struct HttpResponse final : RefCounted {
  int status = 200;
  std::string status_text;
  HeaderList headers;
  HttpBody body;
  // Of an upgrade to a WebSocket: the end (isolate_host.h) that goes to whoever asked; 0: none.
  uint32_t socket = 0;

  size_t wire_size() const { return status_text.size() + headers.flat().size() + body.size() + 32; }
};

// A copy with another body.
Ref<HttpRequest> with_body(const HttpRequest& request, HttpBody body);
Ref<HttpResponse> with_body(const HttpResponse& response, HttpBody body);
// A copy with another end of a WebSocket.
Ref<HttpResponse> with_socket(const HttpResponse& response, uint32_t socket);

}  // namespace orrery::runtime
