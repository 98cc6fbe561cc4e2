// What the edge adds to a client's request before a Worker sees it: `request.cf` and the CF- headers
// (platform.md 1.3). Everything derives from the client's city and the point of presence it reached.
#pragma once

#include <string>

#include "platform/runtime/http.h"
#include "sim/net/geography.h"

namespace orrery::edge {

// The JSON text of `request.cf` for a client at `city` served by `colo`.
std::string cf_json(const net::Pop& city, const net::Pop& colo);

// CF-Connecting-IP, CF-IPCountry, CF-Visitor, X-Forwarded-Proto, X-Real-IP as one flat run: the same for all
// requests of a client. `address` is the client's. CF-Ray differs for each.
std::string edge_headers(const net::Pop& city, std::string_view address);
std::string ray_header(uint64_t ray, const net::Pop& colo);

}  // namespace orrery::edge
