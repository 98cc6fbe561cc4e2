#include "sim/fault/fault.h"

#include <algorithm>
#include <optional>

namespace orrery::fault {

namespace {

// One field of a fault, read and written by the same table.
struct Reader {
  const nlohmann::json& json;
  std::string* error;

  bool fail(const char* key, const char* what) {
    *error = std::string("fault: \"") + key + "\" must be " + what;
    return false;
  }
  bool number(const char* key, int64_t low, int64_t high, int64_t* out) {
    auto it = json.find(key);
    if (it == json.end()) return true;
    if (!it->is_number_integer()) return fail(key, "a whole number");
    if (it->is_number_unsigned() && it->get<uint64_t>() > uint64_t{INT64_MAX})
      return fail(key, "smaller");
    int64_t v = it->get<int64_t>();
    if (v < low || v > high)
      return fail(key, ("within " + std::to_string(low) + " .. " + std::to_string(high)).c_str());
    *out = v;
    return true;
  }
  bool text(const char* key, std::string* out) {
    auto it = json.find(key);
    if (it == json.end()) return true;
    if (!it->is_string() || it->get_ref<const std::string&>().empty())
      return fail(key, "a text that is not empty");
    *out = it->get<std::string>();
    return true;
  }
  bool flag(const char* key, bool* out) {
    auto it = json.find(key);
    if (it == json.end()) return true;
    if (!it->is_boolean()) return fail(key, "true or false");
    *out = it->get<bool>();
    return true;
  }
  bool texts(const char* key, std::vector<std::string>* out) {
    auto it = json.find(key);
    if (it == json.end()) return true;
    if (!it->is_array()) return fail(key, "a list of names");
    for (const auto& e : *it) {
      if (!e.is_string() || e.get_ref<const std::string&>().empty())
        return fail(key, "a list of names");
      out->push_back(e.get<std::string>());
    }
    return true;
  }
};

constexpr int64_t kMaxUs = int64_t{1} << 62;
constexpr int64_t kMillion = 1'000'000;
// A slow host stands still for at most 10 s at a stretch.
constexpr int64_t kSlowest = 1'000;

bool check_shape(const nlohmann::json& json, FaultKind kind, std::string* error) {
  const std::vector<const char*>* fields = fields_of(kind);
  if (!fields) return true;
  auto known = [&](const std::string& key) {
    if (key == "kind" || key == "name" || key == "at_us") return true;
    return std::any_of(fields->begin(), fields->end(), [&](const char* f) { return key == (*f == '*' ? f + 1 : f); });
  };
  for (const auto& [key, value] : json.items()) {
    if (known(key)) continue;
    *error = std::string("fault: ") + to_string(kind) + " has no field \"" + key + "\"";
    return false;
  }
  for (const char* f : *fields) {
    if (*f != '*' || json.contains(f + 1)) continue;
    *error = std::string("fault: ") + to_string(kind) + " needs \"" + (f + 1) + "\"";
    return false;
  }
  return true;
}

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "" : ",") + n;
  return out;
}

}  // namespace

Duration Fault::end() const { return at + (for_.us > 0 ? for_ : restart_after); }

bool Fault::permanent() const {
  switch (kind) {
    case FaultKind::kCrash: return restart_after.us == 0;
    case FaultKind::kDisk:
      // A lost disk is replaced when its host restarts; a torn one is a crash.
      if (disk == DiskFaultKind::kLost || disk == DiskFaultKind::kTorn) return false;
      return for_.us == 0;
    case FaultKind::kPartition:
    case FaultKind::kClog:
    case FaultKind::kLoss:
    case FaultKind::kSlowHost:
    case FaultKind::kLosePop: return for_.us == 0;
    case FaultKind::kClock: return drift_ppm != 0 && for_.us == 0;
    default: return false;
  }
}

std::string Fault::where() const {
  if (backbone && a.empty()) return "all of the backbone";
  if (a.empty()) return target;
  return join(a) + (inbound ? " <- " : one_way ? " -> " : " <-> ") + (b.empty() ? "all others" : join(b));
}

bool parse_fault(const nlohmann::json& json, Fault* fault, std::string* error) {
  *fault = {};
  if (!json.is_object()) {
    *error = "fault: not an object";
    return false;
  }
  std::string kind;
  Reader read{json, error};
  if (!read.text("kind", &kind)) return false;
  const std::optional<FaultKind> found = find_kind(kind);
  if (!found) {
    *error = "fault: no kind is named \"" + kind + "\"";
    return false;
  }
  fault->kind = *found;
  if (!check_shape(json, fault->kind, error)) return false;
  bool good = read.text("name", &fault->name) && read.number("at_us", 0, kMaxUs, &fault->at.us) &&
              read.number("for_us", 0, kMaxUs, &fault->for_.us) &&
              read.text("target", &fault->target);
  if (!good) return false;
  if (of_platform(fault->kind)) {
    fault->fields = json;
    return true;
  }
  std::string disk, direction;
  good = read.texts("a", &fault->a) && read.texts("b", &fault->b) &&
         read.flag("one_way", &fault->one_way) &&
         read.number("restart_after_us", 0, kMaxUs, &fault->restart_after.us) &&
         read.number("delay_us", 0, kMaxUs, &fault->delay.us) &&
         read.number("loss_ppm", 0, kMillion, &fault->loss_ppm) &&
         read.number("tail_ppm", 0, kMillion, &fault->tail_ppm) &&
         read.number("bytes_per_second", 0, kMaxUs, &fault->bytes_per_second) &&
         read.number("step_us", -kMaxUs, kMaxUs, &fault->step.us) &&
         read.number("drift_ppm", -kMillion / 2, kMillion / 2, &fault->drift_ppm) &&
         read.number("chance_ppm", 0, kMillion, &fault->chance_ppm) &&
         read.number("factor", 0, kMillion, &fault->factor) &&
         read.number("capacity_bytes", 0, kMaxUs, &fault->capacity_bytes) &&
         read.flag("backbone", &fault->backbone) && read.number("every_us", 0, kMaxUs, &fault->every.us) &&
         read.number("open_us", 1, kMaxUs, &fault->open.us) && read.number("from_call", 1, kMaxUs, &fault->from_call) &&
         read.number("calls", 1, kMaxUs, &fault->calls) && read.text("direction", &direction) &&
         read.text("disk", &disk);
  if (!good) return false;
  if (!direction.empty() && direction != "both") {
    if (direction != "send" && direction != "receive") return read.fail("direction", "send, receive or both");
    fault->one_way = true;
    fault->inbound = direction == "receive";
  }
  if (fault->kind == FaultKind::kDisk) {
    const std::optional<DiskFaultKind> d = find_disk_kind(disk);
    if (!d) {
      *error = "fault: no disk fault is named \"" + disk + "\"";
      return false;
    }
    fault->disk = *d;
    if ((fault->from_call > 0 || fault->calls > 0) && fault->disk != DiskFaultKind::kIoError)
      return read.fail("from_call", "left out but for io_error");
    if (fault->calls > 0 && fault->from_call == 0) return read.fail("calls", "given with from_call");
  }
  if (fault->kind == FaultKind::kSlowHost && (fault->factor < 2 || fault->factor > kSlowest))
    return read.fail("factor", ("within 2 .. " + std::to_string(kSlowest)).c_str());
  if (fault->open.us > 0 && fault->open >= fault->every) return read.fail("open_us", "shorter than every_us");
  if (fault->every.us > 0 && fault->every < millis(2)) return read.fail("every_us", "2000 at least");
  bool has_sides = fault->kind == FaultKind::kPartition || fault->kind == FaultKind::kClog ||
                   fault->kind == FaultKind::kLoss;
  if (has_sides && fault->a.empty() && !(fault->backbone && fault->b.empty())) return read.fail("a", "a list of at least one name");
  return true;
}

nlohmann::json to_json(const Fault& f) {
  if (of_platform(f.kind) && f.fields.is_object()) {
    nlohmann::json json = f.fields;
    if (!f.name.empty()) json["name"] = f.name;
    return json;
  }
  nlohmann::json json = {{"kind", to_string(f.kind)}, {"at_us", f.at.us}};
  auto put = [&](const char* key, int64_t v) {
    if (v != 0) json[key] = v;
  };
  if (!f.name.empty()) json["name"] = f.name;
  if (!f.target.empty()) json["target"] = f.target;
  if (!f.a.empty()) json["a"] = f.a;
  if (!f.b.empty()) json["b"] = f.b;
  if (f.inbound) json["direction"] = "receive";
  else if (f.one_way) json["one_way"] = true;
  if (f.backbone) json["backbone"] = true;
  put("every_us", f.every.us);
  put("open_us", f.open.us);
  put("for_us", f.for_.us);
  put("restart_after_us", f.restart_after.us);
  put("delay_us", f.delay.us);
  put("loss_ppm", f.loss_ppm);
  put("tail_ppm", f.tail_ppm);
  put("bytes_per_second", f.bytes_per_second);
  put("step_us", f.step.us);
  put("drift_ppm", f.drift_ppm);
  if (f.kind == FaultKind::kDisk) json["disk"] = to_string(f.disk);
  put("chance_ppm", f.chance_ppm);
  put("factor", f.factor);
  put("capacity_bytes", f.capacity_bytes);
  put("from_call", f.from_call);
  put("calls", f.calls);
  return json;
}

}  // namespace orrery::fault
