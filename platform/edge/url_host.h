// The host name in an absolute URL.
#pragma once

#include <string_view>

namespace orrery::edge {

// Without user, port, path; views into `url`.
inline std::string_view host_of(std::string_view url) {
  size_t start = url.find("://");
  start = start == std::string_view::npos ? 0 : start + 3;
  size_t end = url.find_first_of("/?#", start);
  std::string_view authority = url.substr(start, end == url.npos ? end : end - start);
  size_t user = authority.rfind('@');
  if (user != authority.npos) authority.remove_prefix(user + 1);
  return authority.substr(0, authority.find(':'));
}

}  // namespace orrery::edge
