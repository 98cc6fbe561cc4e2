// Goal: a fault means the same as text and as data. Method: every kind there and back; mistakes by
// hand.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/fault/fault.h"

namespace orrery::fault {
namespace {

Fault parsed(const char* text) {
  Fault f;
  std::string error;
  EXPECT_TRUE(parse_fault(nlohmann::json::parse(text), &f, &error)) << error;
  return f;
}
std::string mistake(const char* text) {
  Fault f;
  std::string error;
  EXPECT_FALSE(parse_fault(nlohmann::json::parse(text), &f, &error));
  return error;
}

TEST(FaultJson, ReadsWhatATimelineSends) {
  Fault f = parsed(R"({"kind":"partition","at_us":10000000,"name":"fra-sin","for_us":30000000,
                       "a":["FRA"],"b":["SIN"],"one_way":true})");
  EXPECT_EQ(f.kind, FaultKind::kPartition);
  EXPECT_EQ(f.end(), seconds(40));
  EXPECT_EQ(f.where(), "FRA -> SIN");
  EXPECT_FALSE(f.permanent());
  EXPECT_TRUE(parsed(R"({"kind":"crash","target":"host:FRA/1","at_us":1})").permanent());
  EXPECT_EQ(parsed(R"({"kind":"disk","target":"host:FRA/1","disk":"fsync_lies"})").disk,
            DiskFaultKind::kSyncLies);
  EXPECT_EQ(parsed(R"({"kind":"deploy","app":"x","share":10})").fields["share"], 10);
}

TEST(FaultJson, EachMistakeHasOneClearMessage) {
  EXPECT_EQ(mistake("[]"), "fault: not an object");
  EXPECT_EQ(mistake(R"({"kind":"quake"})"), "fault: no kind is named \"quake\"");
  EXPECT_EQ(mistake(R"({"kind":"crash"})"), "fault: crash needs \"target\"");
  EXPECT_EQ(mistake(R"({"kind":"crash","target":"x","for_us":1})"),
            "fault: crash has no field \"for_us\"");
  EXPECT_EQ(mistake(R"({"kind":"crash","target":"x","at_us":-1})").find("fault: \"at_us\""), 0u);
  EXPECT_EQ(mistake(R"({"kind":"crash","target":"x","at_us":1.5})"),
            "fault: \"at_us\" must be a whole number");
  EXPECT_EQ(mistake(R"({"kind":"crash","target":""})"),
            "fault: \"target\" must be a text that is not empty");
  EXPECT_EQ(mistake(R"({"kind":"disk","target":"host:FRA/1","disk":"fire"})"),
            "fault: no disk fault is named \"fire\"");
  EXPECT_EQ(mistake(R"({"kind":"partition","a":[]})"),
            "fault: \"a\" must be a list of at least one name");
  EXPECT_EQ(mistake(R"({"kind":"slow_host","target":"host:FRA/1","factor":1})"),
            "fault: \"factor\" must be within 2 .. 1000");
  EXPECT_EQ(mistake(R"({"kind":"slow_host","target":"host:FRA/1"})"), "fault: slow_host needs \"factor\"");
  EXPECT_EQ(mistake(R"({"kind":"clog","a":["FRA"],"direction":"up"})"),
            "fault: \"direction\" must be send, receive or both");
  EXPECT_EQ(mistake(R"({"kind":"partition","a":["FRA"],"every_us":5000,"open_us":5000})"),
            "fault: \"open_us\" must be shorter than every_us");
  EXPECT_EQ(mistake(R"({"kind":"partition","a":["FRA"],"every_us":500})"), "fault: \"every_us\" must be 2000 at least");
  EXPECT_EQ(mistake(R"({"kind":"partition","b":["FRA"],"backbone":true})"),
            "fault: \"a\" must be a list of at least one name");
  EXPECT_EQ(mistake(R"({"kind":"disk","disk":"full","target":"host:FRA/1","from_call":3})"),
            "fault: \"from_call\" must be left out but for io_error");
  EXPECT_EQ(mistake(R"({"kind":"disk","disk":"io_error","target":"host:FRA/1","from_call":0})").find("fault: \"from_call\""), 0u);
  EXPECT_EQ(mistake(R"({"kind":"partition","a":"FRA"})"), "fault: \"a\" must be a list of names");
}

RC_GTEST_PROP(FaultJson, ThereAndBackIsTheSame, ()) {
  Fault f;
  f.kind = static_cast<FaultKind>(*rc::gen::inRange(0, 11));
  f.name = "n" + std::to_string(*rc::gen::inRange(0, 100));
  f.at = micros(*rc::gen::inRange<int64_t>(0, 1'000'000'000));
  bool links =
      f.kind == FaultKind::kPartition || f.kind == FaultKind::kClog || f.kind == FaultKind::kLoss;
  if (links) {
    f.a = {"FRA", "host:SIN/2"};
    if (*rc::gen::arbitrary<bool>()) f.b = {"client/1"};
    f.one_way = *rc::gen::arbitrary<bool>();
    f.for_ = micros(*rc::gen::inRange<int64_t>(0, 1'000'000));
  } else if (f.kind != FaultKind::kHeal) {
    f.target = "host:FRA/1";
  }
  if (links && f.kind != FaultKind::kPartition && f.one_way) f.inbound = *rc::gen::arbitrary<bool>();
  if (links) f.backbone = *rc::gen::arbitrary<bool>();
  if (f.kind == FaultKind::kPartition && *rc::gen::arbitrary<bool>()) {
    f.every = micros(*rc::gen::inRange<int64_t>(2'000, 1'000'000));
    f.open = micros(*rc::gen::inRange<int64_t>(0, f.every.us));
  }
  if (f.kind == FaultKind::kPause) f.for_ = micros(*rc::gen::inRange<int64_t>(1, 1'000'000));
  if (f.kind == FaultKind::kLoss) f.loss_ppm = *rc::gen::inRange<int64_t>(0, 1'000'000);
  if (f.kind == FaultKind::kClock) f.step = micros(*rc::gen::inRange<int64_t>(-1000, 1000));
  if (f.kind == FaultKind::kDisk) f.disk = static_cast<DiskFaultKind>(*rc::gen::inRange(0, 10));
  if (f.disk == DiskFaultKind::kIoError && f.kind == FaultKind::kDisk) f.from_call = *rc::gen::inRange<int64_t>(0, 9);
  nlohmann::json json = to_json(f);
  Fault back;
  std::string error;
  RC_ASSERT(parse_fault(nlohmann::json::parse(json.dump()), &back, &error));
  RC_ASSERT(to_json(back) == json);
  RC_ASSERT(back.end() == f.end());
}

}  // namespace
}  // namespace orrery::fault
