#include "platform/edge/cf.h"

#include <nlohmann/json.hpp>

#include "sim/core/trace.h"

namespace orrery::edge {

namespace {

const char* continent_code(std::string_view region) {
  if (region == "Africa") return "AF";
  if (region == "Europe") return "EU";
  if (region == "North America") return "NA";
  if (region == "South America") return "SA";
  if (region == "Oceania") return "OC";
  return "AS";
}

}  // namespace

std::string cf_json(const net::Pop& city, const net::Pop& colo) {
  // A fixed order of keys: the text is part of what a Worker sees.
  nlohmann::ordered_json cf;
  cf["colo"] = colo.iata;
  cf["country"] = city.cca2;
  cf["continent"] = continent_code(city.region);
  cf["city"] = city.city;
  cf["latitude"] = city.lat;
  cf["longitude"] = city.lon;
  cf["timezone"] = city.timezone;
  cf["asn"] = 64512;  // from the private range: no real network is meant
  cf["asOrganization"] = "Orrery";
  cf["httpProtocol"] = "HTTP/2";
  cf["requestPriority"] = "weight=16;exclusive=0;group=0;group-weight=0";
  cf["tlsVersion"] = "TLSv1.3";
  cf["tlsCipher"] = "AEAD-AES128-GCM-SHA256";
  cf["edgeRequestKeepAliveStatus"] = 1;
  return cf.dump();
}

void add_edge_headers(runtime::HeaderList& headers, const net::Pop& city, const net::Pop& colo,
                      std::string_view address, uint64_t ray) {
  headers.append("cf-connecting-ip", address);
  headers.append("cf-ipcountry", city.cca2);
  headers.append("cf-ray", hex64(ray) + "-" + std::string(colo.iata));
  headers.append("cf-visitor", "{\"scheme\":\"https\"}");
  headers.append("x-forwarded-proto", "https");
  headers.append("x-real-ip", address);
}

}  // namespace orrery::edge
