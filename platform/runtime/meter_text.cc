#include "platform/runtime/meter_text.h"

#include <algorithm>
#include <cctype>

namespace orrery::runtime {
namespace {

constexpr std::string_view kMark = "/*$m*/";

// Reads a text from its beginning; `failed` once something else was there.
struct Reader {
  std::string_view rest;
  bool failed = false;

  void skip(std::string_view what) {
    failed = failed || !rest.starts_with(what);
    if (!failed) rest.remove_prefix(what.size());
  }
  void digits() {
    while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front()))) rest.remove_prefix(1);
  }
};

void skip_mark(Reader& reader) {
  reader.skip("$c");
  reader.digits();
  reader.skip("[");
  reader.digits();
  reader.skip("]=1");
}

// How long the mark of a covered block is that `text` begins with; 0: none.
size_t mark_length(std::string_view text) {
  Reader reader{text};
  skip_mark(reader);
  return reader.failed ? 0 : text.size() - reader.rest.size();
}

// How long the charge is that `text` begins with, up to its call; 0: none.
size_t charge_length(std::string_view text) {
  Reader reader{text};
  reader.skip("(");
  skip_mark(reader);
  reader.skip(",$m");
  reader.digits();
  reader.skip("[0]-=");
  reader.digits();
  reader.skip(")<0&&$t");
  reader.digits();
  reader.skip("()");
  return reader.failed ? 0 : text.size() - reader.rest.size();
}

void drop_end(std::string& text, std::string_view end) {
  if (text.ends_with(end)) text.resize(text.size() - end.size());
}

}  // namespace

std::string without_meter(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (const size_t length = std::max(charge_length(rest), mark_length(rest)); length > 0 && length < rest.size()) {
      const bool expression = rest[length] == ',';
      drop_end(out, expression ? "(" : "{/*$m*/");
      at += length + 1;
      // A body that was empty.
      const size_t next = text.find_first_not_of(" \n", at);
      if (!expression && next != std::string_view::npos && text[next] == '}') at = next;
    } else if (rest.starts_with(kMark) && rest.size() > kMark.size() &&
               (rest[kMark.size()] == ')' || rest[kMark.size()] == '}')) {
      at += kMark.size() + 1;  // with the bracket that it stands at
    } else {
      out.push_back(text[at++]);
    }
  }
  return out;
}

}  // namespace orrery::runtime
