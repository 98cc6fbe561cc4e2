#include "platform/durable/replicas/region.h"

namespace orrery::durable {

std::string_view name_of(Region region) {
  switch (region) {
    case Region::kEnam: return "ENAM";
    case Region::kWnam: return "WNAM";
    case Region::kWeur: return "WEUR";
    case Region::kEeur: return "EEUR";
    case Region::kApac: return "APAC";
    case Region::kOc: return "OC";
  }
  return "";
}

Region region_of(const net::Pop& pop) {
  if (pop.hint == "wnam") return Region::kWnam;
  if (pop.hint == "weur" || pop.hint == "afr") return Region::kWeur;
  if (pop.hint == "eeur" || pop.hint == "me") return Region::kEeur;
  if (pop.hint == "apac") return Region::kApac;
  if (pop.hint == "oc") return Region::kOc;
  return Region::kEnam;  // enam, sam
}

}  // namespace orrery::durable
