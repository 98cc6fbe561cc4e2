#include "platform/runtime/http.h"

#include <algorithm>

#include "platform/runtime/utf8.h"

namespace orrery::runtime {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void append_line(std::string& flat, std::string_view part) {
  const size_t at = flat.size();
  flat.append(part);
  std::replace(flat.begin() + static_cast<ptrdiff_t>(at), flat.end(), '\n', ' ');
  flat.push_back('\n');
}

}  // namespace

void HeaderList::append(std::string_view name, std::string_view value) {
  append_line(flat_, name);
  append_line(flat_, value);
}

bool HeaderList::next(size_t& position, std::string_view& name, std::string_view& value) const {
  if (position >= flat_.size()) return false;
  const std::string_view all(flat_);
  const size_t name_end = all.find('\n', position);
  if (name_end == std::string_view::npos) return false;
  size_t value_end = all.find('\n', name_end + 1);
  if (value_end == std::string_view::npos) value_end = all.size();
  name = all.substr(position, name_end - position);
  value = all.substr(name_end + 1, value_end - name_end - 1);
  position = value_end + 1;
  return true;
}

bool HeaderList::find(std::string_view name, std::string_view& value) const {
  std::string_view each;
  for (size_t at = 0; next(at, each, value);) {
    if (same_name(each, name)) return true;
  }
  value = {};
  return false;
}

void HeaderList::remove(std::string_view name) {
  std::string kept;
  std::string_view each, value;
  for (size_t at = 0; next(at, each, value);) {
    if (same_name(each, name)) continue;
    append_line(kept, each);
    append_line(kept, value);
  }
  flat_ = std::move(kept);
}

HttpBody HttpBody::of(std::string_view text) { return of(Buffer::copy(text)); }

HttpBody HttpBody::of(Ref<Buffer> bytes) {
  const bool ascii = bytes && is_ascii(bytes->text());
  return {std::move(bytes), ascii};
}

Ref<HttpRequest> with_body(const HttpRequest& request, HttpBody body) {
  auto copy = make_ref<HttpRequest>();
  copy->method = request.method;
  copy->url = request.url;
  copy->headers = request.headers;
  copy->cf_json = request.cf_json;
  copy->redirect = request.redirect;
  copy->body = std::move(body);
  return copy;
}

Ref<HttpResponse> with_body(const HttpResponse& response, HttpBody body) {
  auto copy = make_ref<HttpResponse>();
  copy->status = response.status;
  copy->status_text = response.status_text;
  copy->headers = response.headers;
  copy->body = std::move(body);
  return copy;
}

Ref<HttpResponse> with_socket(const HttpResponse& response, uint32_t socket) {
  Ref<HttpResponse> copy = with_body(response, response.body);
  copy->socket = socket;
  return copy;
}

}  // namespace orrery::runtime
