// Where a world is looked at between two steps of its loop: pauses, redraws, a rule that ends the run when it is broken,
// and the recording of a part of a run.
#include "pybindings/module/native_world.h"

namespace orrery::python {

void NativeWorld::before_step() {
  // Always here, so that a world that went on from a pause and one made again redraw at the same step.
  while (!redraws_.empty() && steps() >= redraws_.back().at_step) {
    const uint64_t seed = redraws_.back().seed;
    redraws_.pop_back();
    redraw(seed);
  }
  if (world().trace().events() >= record_from_) {
    record_from_ = UINT64_MAX;
    world().trace().start_recording(false);
    world().decide().record_into(&window_decisions_, world().trace().sequence());
    world().cause().keep_parents(&window_parents_);
  }
}

bool NativeWorld::pause_due(Instant deadline) {
  const bool by_time = pause_at_ <= deadline && world().loop().next_at() > pause_at_;
  paused_ = by_time || world().trace().events() >= pause_after_;
  if (!paused_) return false;
  pause_at_ = kNever;
  pause_after_ = UINT64_MAX;
  return true;
}

bool NativeWorld::broke_rule() {
  if (monitors_)
    for (const auto& breaches = monitors_->breaches(); breaches_seen_ < breaches.size(); ++breaches_seen_)
      broken_ |= rules::rule(breaches[breaches_seen_].rule).id == until_rule_;
  for (; failures_seen_ < findings_->failure_count(); ++failures_seen_)
    broken_ |= findings_->failure_rule(failures_seen_) == until_rule_;
  return broken_;
}

std::string NativeWorld::window() const {
  const Trace& trace = cloud_->world().trace();
  Json events = Json::array(), decisions = Json::array();
  constexpr size_t kChainMax = 6;
  for (const RecordedEvent& e : trace.recorded()) {
    Json chain = Json::array();
    uint64_t cause = e.cause;
    for (auto it = window_parents_.find(cause); it != window_parents_.end() && chain.size() < kChainMax;
         it = window_parents_.find(cause)) {
      chain.push_back({hex64(cause), it->second.site});
      cause = it->second.id;
    }
    events.push_back({{"event", e.sequence}, {"at_us", e.at.us}, {"lane", trace.lane_at(e.lane).name},
                      {"kind", e.kind}, {"cause", hex64(e.cause)}, {"chain", chain},
                      {"operation", e.operation}, {"text", e.text}, {"data", e.data}});
  }
  for (const DecisionRecord& d : window_decisions_)
    decisions.push_back({{"key", d.key}, {"value", d.value}, {"event", d.sequence}});
  return Json{{"events", events}, {"decisions", decisions}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace orrery::python
