// What the edge adds to a client's request before a Worker sees it: `request.cf` and the CF- headers
// (platform.md 1.3). Everything derives from the client's city and the point of presence it reached.
#pragma once

#include <string>

#include "platform/runtime/http.h"
#include "sim/net/geography.h"

namespace orrery::edge {

// The JSON text of `request.cf` for a client at `city` served by `colo`.
std::string cf_json(const net::Pop& city, const net::Pop& colo);

// Adds CF-Connecting-IP, CF-IPCountry, CF-Ray, CF-Visitor, X-Forwarded-Proto. `address` is the client's, `ray`
// a stable number of the request.
void add_edge_headers(runtime::HeaderList& headers, const net::Pop& city, const net::Pop& colo,
                      std::string_view address, uint64_t ray);

}  // namespace orrery::edge
