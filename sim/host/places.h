// The places a host may stand at: points of presence by index and name. `net::Geography` implements
// it; the seam keeps hosts from knowing how far apart places are.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace orrery::host {

class Places {
 public:
  virtual ~Places() = default;
  virtual uint32_t pop_count() const = 0;
  // The short code ("FRA") of the point of presence with this index; valid as long as the object.
  virtual std::string_view pop_code(uint32_t pop) const = 0;
  virtual std::optional<uint32_t> find_pop(std::string_view code) const = 0;
};

}  // namespace orrery::host
