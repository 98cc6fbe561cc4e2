#include "sim/host/clock.h"

namespace orrery::host {

namespace {
using Wide = __int128;
constexpr int64_t kMillion = 1'000'000;

int64_t floor_div(Wide a, int64_t b) {
  Wide q = a / b;
  if (a % b != 0 && (a < 0) != (b < 0)) --q;
  return static_cast<int64_t>(q);
}
}  // namespace

Instant Clock::local_at(Instant at) const {
  int64_t elapsed = (at - base_world_).us;
  if (drift_ppm_ == 0) [[likely]]
    return base_local_ + Duration{elapsed};
  return base_local_ + Duration{floor_div(Wide(elapsed) * (kMillion + drift_ppm_), kMillion)};
}

int64_t Clock::wall_ms() const { return kWorldEpochMs + floor_div(now().us, 1000); }

Duration Clock::world_duration(Duration local) const {
  if (local.us <= 0) return {0};
  if (drift_ppm_ == 0) [[likely]]
    return local;
  // The least e with floor(e * rate / M) >= target is ceil(target * M / rate).
  int64_t rate = kMillion + drift_ppm_;
  int64_t target = (now() - base_local_).us + local.us;
  int64_t least = -floor_div(-(Wide(target) * kMillion), rate);
  return Duration{least - (world_.now() - base_world_).us};
}

void Clock::step(Duration by) {
  // Rebasing at the shown time keeps the fraction lost below one microsecond a step.
  base_local_ = now() + by;
  base_world_ = world_.now();
}

void Clock::set_drift(int64_t parts_per_million) {
  ORRERY_CHECK(parts_per_million >= -kDriftLimitPpm && parts_per_million <= kDriftLimitPpm);
  step({0});
  drift_ppm_ = parts_per_million;
}

}  // namespace orrery::host
