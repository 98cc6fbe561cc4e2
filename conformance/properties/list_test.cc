// Goal: list() gives the keys of a range in the order of their bytes, whatever was written in the same turn, by every way
// of asking (durable-objects.md 3.10 to 3.12). Method: drawn writes, deletions and lists with start, startAfter, end,
// prefix, reverse and limit over keys of odd characters, empty ones too; the model is a sorted map of bytes. Writes are not
// awaited; between requests the object may be evicted or its host crash.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "conformance/properties/rig.h"
#include "sim/core/tests/property.h"

namespace orrery::properties {
namespace {

// `slip` names a mistake that the Worker makes for the platform, to show that it would be seen.
constexpr std::string_view kThing = R"js(
export class Thing extends DurableObject {
  async run({ steps }) {
    const { storage } = this.ctx, out = [];
    const entries = (list) => {
      const all = [...list];
      if (slip === "utf-16") all.sort(([a], [b]) => (a < b ? -1 : 1));
      return all;
    };
    for (const { op, how, key, keys, value, options } of steps) {
      (meter[0] -= 20) < 0 && trip();
      try {
        if (op === "put" && how === 0) storage.put(key, value);
        else if (op === "put" && how === 1) storage.kv.put(key, value);
        else if (op === "put") storage.put(Object.fromEntries(keys.map((k) => [k, value])));
        else if (op === "delete" && how === 0) storage.delete(key);
        else if (op === "delete" && how === 1) out.push(storage.kv.delete(key));
        else if (op === "delete") out.push(await storage.delete(keys));
        else if (how === 0) out.push(entries(await storage.list(options)));
        else if (how === 1) out.push(entries(storage.kv.list(options)));
        else out.push(entries(await storage.transaction((txn) => txn.list(options))));
      } catch (error) {
        out.push(`${error}`);
      }
    }
    return out;
  }
}
)js";

struct Options {
  std::optional<std::string> start, start_after, end, prefix;
  std::optional<bool> reverse;
  std::optional<int> limit;
};
struct Step {
  enum Op { kPut, kDelete, kList } op;
  int how;
  std::vector<std::string> keys;
  int value;
  Options options;
};

Json json_of(const Step& s) {
  Json out = {{"op", s.op == Step::kPut ? "put" : s.op == Step::kDelete ? "delete" : "list"}, {"how", s.how}, {"value", s.value}};
  if (s.op != Step::kList) {
    out["key"] = s.keys[0];
    out["keys"] = s.keys;
    return out;
  }
  Json options = Json::object();
  const Options& o = s.options;
  if (o.start) options["start"] = *o.start;
  if (o.start_after) options["startAfter"] = *o.start_after;
  if (o.end) options["end"] = *o.end;
  if (o.prefix) options["prefix"] = *o.prefix;
  if (o.reverse) options["reverse"] = *o.reverse;
  if (o.limit) options["limit"] = *o.limit;
  out["options"] = options;
  return out;
}

struct Request {
  enum After { kNothing, kEvict, kCrash };
  std::vector<Step> steps;
  After after;
};
void showValue(const Request& r, std::ostream& os) {
  for (const Step& s : r.steps) os << "\n  " << json_of(s).dump();
  os << (r.after == Request::kEvict ? "\n  evict" : r.after == Request::kCrash ? "\n  crash" : "") << "\n";
}

// The order of bytes is not that of JavaScript's strings once there are surrogates.
rc::Gen<std::string> keys() {
  using Parts = std::vector<std::string>;
  auto part = rc::gen::element<std::string>("a", "a", "b", "ab", std::string(1, '\0'), "\x7f", "é", "\xed\x9f\xbf",
                                            "\xee\x80\x80", "\xef\xbf\xbf", "😀", "\xf4\x8f\xbf\xbf");
  return rc::gen::map(rc::gen::resize(3, rc::gen::container<Parts>(part)), [](const Parts& parts) {
    std::string key;
    for (const std::string& p : parts) key += p;
    return key;
  });
}

rc::Gen<Step> steps() {
  return rc::gen::exec([] {
    Step s{};
    s.op = *rc::gen::weightedElement<Step::Op>({{5, Step::kPut}, {2, Step::kDelete}, {6, Step::kList}});
    s.how = *number(0, 3);
    s.value = *number(0, 100);
    if (s.op != Step::kList) {
      s.keys = *rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::unique<std::vector<std::string>>(keys())));
      return s;
    }
    auto maybe = [](int one_in) { return *number(0, one_in) == 0; };
    if (maybe(3)) s.options.start = *keys();
    if (maybe(s.options.start ? 12 : 3)) s.options.start_after = *keys();
    if (maybe(3)) s.options.end = *keys();
    if (maybe(3)) s.options.prefix = *keys();
    if (maybe(2)) s.options.reverse = *rc::gen::arbitrary<bool>();
    if (maybe(3)) s.options.limit = *number(maybe(8) ? -1 : 1, 6);
    return s;
  });
}

rc::Gen<std::vector<Request>> requests() {
  return rc::gen::resize(5, rc::gen::container<std::vector<Request>>(rc::gen::build<Request>(
      rc::gen::set(&Request::steps, rc::gen::resize(24, rc::gen::container<std::vector<Step>>(steps()))),
      rc::gen::set(&Request::after, rc::gen::weightedElement<Request::After>(
                                        {{2, Request::kNothing}, {1, Request::kEvict}, {1, Request::kCrash}})))));
}

using Model = std::map<std::string, int>;

Json list(const Model& model, const Options& o) {
  if (o.start && o.start_after) return "TypeError: list() cannot be called with both start and startAfter values.";
  if (o.limit && *o.limit <= 0) return "TypeError: List limit must be positive.";
  std::vector<Json> found;
  for (const auto& [key, value] : model) {
    if ((o.start && key < *o.start) || (o.start_after && key <= *o.start_after)) continue;
    if ((o.end && key >= *o.end) || (o.prefix && !key.starts_with(*o.prefix))) continue;
    found.push_back({key, value});
  }
  if (o.reverse && *o.reverse) std::reverse(found.begin(), found.end());
  if (o.limit && found.size() > static_cast<size_t>(*o.limit)) found.resize(static_cast<size_t>(*o.limit));
  return Json(found);
}

Json run(Model& model, const std::vector<Step>& steps) {
  Json out = Json::array();
  for (const Step& s : steps) {
    if (s.op == Step::kList) {
      out.push_back(list(model, s.options));
    } else if (s.op == Step::kPut) {
      for (const std::string& key : s.keys)
        if (s.how == 2 || &key == &s.keys[0]) model[key] = s.value;
    } else if (s.how == 2) {
      size_t gone = 0;
      for (const std::string& key : s.keys) gone += model.erase(key);
      out.push_back(gone);
    } else {
      const bool was_there = model.erase(s.keys[0]) > 0;
      if (s.how == 1) out.push_back(was_there);
    }
  }
  return out;
}

const App& app(const std::string& slip) {
  static std::map<std::string, App> made;
  return made.try_emplace(slip, "const slip = '" + slip + "';\n" + std::string(kThing)).first->second;
}

void lists_are_those_of_a_sorted_map(const std::string& slip) {
  const auto program = *requests();
  Rig rig(app(slip), {.seed = *number<uint64_t>(0, 1000)});
  client::Client& client = rig.add_client("FRA");
  Model model;
  for (const Request& request : program) {
    Json steps = Json::array();
    for (const Step& s : request.steps) steps.push_back(json_of(s));
    const Reply reply = rig.insist(client, "a", {{"steps", steps}});
    RC_ASSERT(reply.error == "");
    RC_ASSERT(reply.body.dump() == run(model, request.steps).dump());
    if (request.after == Request::kEvict) rig.evict("a");
    if (request.after == Request::kCrash) RC_ASSERT(rig.crash_owner("a"));
  }
}

TEST(List, GivesTheRangesOfASortedMap) {
  expect_holds(120, [] { lists_are_those_of_a_sorted_map(""); });
}

// Strings of JavaScript compare by UTF-16: there the end of this range is before its start.
TEST(List, ARangeThatEndsAtCharactersOfTwoUnitsIsNotTakenForEmpty) {
  Rig rig(app(""), {});
  client::Client& client = rig.add_client("FRA");
  Step put{.op = Step::kPut, .how = 0, .keys = {"\xef\xbf\xbf"}, .value = 1, .options = {}};
  Step range{.op = Step::kList, .how = 0, .keys = {}, .value = 0, .options = {}};
  range.options.start = "\xee\x80\x80";
  range.options.end = "😀";
  const Reply reply = rig.call(client, "a", {{"steps", {json_of(put), json_of(range)}}});
  EXPECT_EQ(reply.body.dump(), Json::array({Json::array({Json::array({"\xef\xbf\xbf", 1})})}).dump());
}

TEST(List, AnotherOrderThanThatOfBytesIsFound) {
  expect_found(100, [] { lists_are_those_of_a_sorted_map("utf-16"); });
}

}  // namespace
}  // namespace orrery::properties
