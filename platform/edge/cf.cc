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

std::string edge_headers(const net::Pop& city, std::string_view address) {
  runtime::HeaderList headers;
  headers.append("cf-connecting-ip", address);
  headers.append("cf-ipcountry", city.cca2);
  headers.append("cf-visitor", "{\"scheme\":\"https\"}");
  headers.append("x-forwarded-proto", "https");
  headers.append("x-real-ip", address);
  return headers.flat();
}

std::string ray_header(uint64_t ray, const net::Pop& colo) {
  std::string out = "cf-ray\n";
  out += hex64(ray);
  out += '-';
  out += colo.iata;
  out += '\n';
  return out;
}

}  // namespace orrery::edge
