// Goal: what SQLite and our log find on a real file system after a crash is what the disk model allows. Method: the same
// program on both; the real one is killed before every disk call (killed.h), the model is asked there what a crash may leave.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "conformance/properties/disk/killed.h"
#include "sim/disk/tests/every_crash.h"

namespace orrery::disk {
namespace {

using Flaw = RealDisk::Flaw;

uint64_t seeds(uint64_t ordinary) { return std::getenv("ORRERY_TEST_LONG") ? ordinary * 20 : ordinary; }

// The first difference, in words; empty: none.
std::string difference(const Files& real, const Files& model) {
  for (const auto& [name, bytes] : real) {
    auto other = model.find(name);
    if (other == model.end()) return name + " is there, by the model it is not";
    if (bytes == other->second) continue;
    size_t at = 0;
    while (at < bytes.size() && at < other->second.size() && bytes[at] == other->second[at]) ++at;
    return name + " has " + std::to_string(bytes.size()) + " bytes, by the model " +
           std::to_string(other->second.size()) + "; they differ at byte " + std::to_string(at);
  }
  for (const auto& [name, bytes] : model)
    if (!real.count(name)) return name + " is missing, by the model it is there";
  return {};
}

// What a power cut could leave of what is promised and what was written after: names as promised or as they are now, each
// page of each file as promised or as last written, its length likewise.
Files mixed(const Left& left, Draw& draw) {
  Files out = draw.below(2) ? left.only_names : left.promised;
  for (auto& [name, bytes] : out) {
    auto now = left.now.find(name), then = left.only_names.find(name);
    if (now == left.now.end() || then->second != bytes) continue;  // another file had the name
    const std::string a = bytes;
    const std::string& b = now->second;
    if (draw.below(2)) bytes = b;
    for (size_t at = 0; at < bytes.size(); at += kPageBytes) {
      // What was cut off is either all there or not: the length says which.
      const std::string& from = draw.below(2) && at < b.size() ? b : a;
      for (size_t i = at; i < std::min(bytes.size(), at + kPageBytes); ++i) bytes[i] = i < from.size() ? from[i] : 0;
    }
  }
  return out;
}

struct Found {
  size_t calls = 0, checks = 0, contents = 0;
  std::string wrong;
};

// The model of one workload, stopped at each call to be compared.
class Beside {
 public:
  Beside(MakeWorkload make, uint64_t seed) : workload_(make(seed)), draw_(seed) {}

  // `left(n)` is what the real one left before call n, null: not looked at.
  Found run(const std::function<const Left*(size_t)>& left) {
    return walk([&](const Disk& disk) {
      if (const Left* real = left(found_.calls)) compare(*real, disk);
    });
  }

  // The real one was killed somewhere in call `n`: what it left is what the model allows before it or after it.
  Found run_to(size_t n, const Left& real) {
    std::vector<std::string> open;
    return walk([&](const Disk& disk) {
      if (found_.calls != n && found_.calls != n + 1) return;
      begin();
      if (found_.calls == n)
        for (const Files* files : {&real.now, &real.promised}) {
          open.push_back(read_back("killed in a call: ", *files));
          fail(files == &real.now ? "killed in a call: " : "power cut in a call: ", workload_->wrong(open.back()));
        }
      std::erase_if(open, [&](const std::string& content) { return allows(disk, content); });
      if (found_.calls == n + 1 && !open.empty()) fail("killed in a call: ", "the model allows no such content: " + open[0].substr(0, 200));
    });
  }

 private:
  Found walk(const std::function<void(const Disk&)>& visit) {
    World world{{}};
    auto disk = make_disk(world, world.trace().lane("host:FRA/1", "host"));
    auto here = [&] {
      if (found_.wrong.empty()) visit(*disk);
      ++found_.calls;
    };
    WatchedDisk watched(*disk, here);
    workload_->run(watched);
    here();
    return found_;
  }

  void begin() {
    allowed_.clear();
    seen_.clear();
    enumerated_ = false;
  }

  void compare(const Left& real, const Disk& disk) {
    const Disk::Unsynced unsynced = disk.unsynced();
    // A killed process loses nothing: all that was written is there.
    auto all = disk.after_crash(std::vector<bool>(unsynced.writes, true), unsynced.names);
    fail("killed: ", difference(real.now, files_of(*all)));
    // What no sync covered is lost, but for names, which a folder's sync makes durable all at once.
    std::string differs;
    for (size_t names = 0; names <= unsynced.names; ++names) {
      auto least = disk.after_crash(std::vector<bool>(unsynced.writes, false), names);
      differs = difference(real.promised, files_of(*least));
      if (differs.empty()) break;
    }
    fail("power cut: ", differs);
    auto only_names = disk.after_crash(std::vector<bool>(unsynced.writes, false), unsynced.names);
    fail("power cut, names written back: ", difference(real.only_names, files_of(*only_names)));
    begin();
    recover("killed: ", real.now, disk);
    recover("power cut: ", real.promised, disk);
    recover("power cut, names written back: ", real.only_names, disk);
    for (int n = 0; n < 2; ++n) recover("power cut, some written back: ", mixed(real, draw_), disk);
  }

  void fail(const std::string& how, const std::string& what) {
    if (found_.wrong.empty() && !what.empty())
      found_.wrong = how + "before call " + std::to_string(found_.calls) + ": " + what;
  }

  std::string read_back(const char* how, const Files& files) {
    ++found_.checks;
    if (auto same = read_.find(files); same != read_.end()) return same->second;
    if (read_.size() > 50) read_.clear();
    folder_.put(files);
    const std::string alone = workload_->recover_without_us(folder_);
    folder_.put(files);
    RealDisk disk(folder_, {.syncs = false});
    const std::string content = workload_->recover(disk);
    if (!alone.empty() && alone != content) fail(how, "SQLite's own VFS reads otherwise: " + alone.substr(0, 200));
    contents_.insert(content);
    found_.contents = contents_.size();
    return read_[files] = content;
  }

  void recover(const char* how, const Files& files, const Disk& model) {
    if (!found_.wrong.empty()) return;
    const std::string content = read_back(how, files);
    fail(how, workload_->wrong(content));
    if (!allows(model, content)) fail(how, "the model allows no such content: " + content.substr(0, 200));
  }

  // Whether one of the crashes that the model knows leaves this content: everything or nothing kept, the oldest writes
  // kept, then every choice of every_crash.h.
  bool allows(const Disk& disk, const std::string& content) {
    const Disk::Unsynced unsynced = disk.unsynced();
    const size_t writes = unsynced.writes;
    struct Enough {};
    auto add = [&](const std::vector<bool>& keep, size_t names) {
      auto after = disk.after_crash(keep, names);
      if (!seen_.insert(hash_of(*after)).second) return;
      allowed_.insert(workload_->recover(*after));
      if (allowed_.count(content)) throw Enough();
    };
    try {
      if (allowed_.count(content)) throw Enough();
      if (enumerated_) return false;
      add(std::vector<bool>(writes, true), unsynced.names);
      for (size_t names = unsynced.names + 1; names-- > 0;)
        for (size_t kept = 0; kept <= writes; ++kept) {
          std::vector<bool> keep(writes, false);
          std::fill_n(keep.begin(), kept, true);
          add(keep, names);
        }
      for (size_t names = unsynced.names + 1; names-- > 0;)
        for_each_crash_outcome(writes, [&](const std::vector<bool>& keep) { add(keep, names); });
      enumerated_ = true;
      return false;
    } catch (Enough) {
      return true;
    }
  }

  std::unique_ptr<Workload> workload_;
  Draw draw_;
  Folder folder_{Folder::Where::kMemory};
  std::map<Files, std::string> read_;  // lately, with what was read back
  Found found_;
  std::set<std::string> contents_;
  // Of the call at hand.
  std::set<std::string> allowed_;
  std::set<uint64_t> seen_;
  bool enumerated_ = false;
};

Found compare_every_call(MakeWorkload make, uint64_t seed, Flaw flaw = Flaw::kNone) {
  Found found;
  const std::vector<Left> left = kill_before_every_call(make, seed, flaw, &found.wrong);
  if (!found.wrong.empty()) return found;
  found = Beside(make, seed).run([&](size_t n) { return n < left.size() ? &left[n] : nullptr; });
  if (found.wrong.empty() && found.calls != left.size())
    found.wrong = "the model made " + std::to_string(found.calls) + " calls, the real disk " + std::to_string(left.size());
  return found;
}

void holds_before_every_call(MakeWorkload make, uint64_t count) {
  size_t calls = 0, checks = 0, contents = 0;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    const Found found = compare_every_call(make, seed);
    ASSERT_EQ(found.wrong, "") << "seed " << seed;
    calls += found.calls;
    checks += found.checks;
    contents += found.contents;
  }
  std::printf("  %zu calls, %zu recoveries, %zu different contents\n", calls, checks, contents);
  EXPECT_GT(contents, 5 * count);
}

TEST(RealDisk, LeavesSqliteWhatTheModelAllowsBeforeEveryCall) {
  holds_before_every_call(make_sqlite_workload, seeds(3));
}

TEST(RealDisk, LeavesTheLogWhatTheModelAllowsBeforeEveryCall) { holds_before_every_call(make_log_workload, seeds(2)); }

// Without a copy that goes on: the process that is killed was the only one.
TEST(RealDisk, LeavesTheSameWhenNobodyGoesOn) {
  for (MakeWorkload make : {make_sqlite_workload, make_log_workload})
    for (uint64_t seed = 101; seed <= 100 + seeds(4); ++seed) {
      std::string wrong;
      const Found whole = Beside(make, seed).run([](size_t) -> const Left* { return nullptr; });
      const size_t n = Draw(seed).below(std::min<size_t>(whole.calls, 60));
      const Left left = kill_before_call(make, seed, n, &wrong);
      ASSERT_EQ(wrong, "") << "seed " << seed;
      const Found found = Beside(make, seed).run([&](size_t at) { return at == n ? &left : nullptr; });
      ASSERT_EQ(found.wrong, "") << "seed " << seed;
      EXPECT_EQ(found.checks, 5u);
    }
}

// Where in a call the kill comes is the machine's choice: in the middle of a write, of an fsync, of a rename.
TEST(RealDisk, LeavesWhatTheModelAllowsWhenKilledInACall) {
  for (MakeWorkload make : {make_sqlite_workload, make_log_workload})
    for (uint64_t seed = 201; seed <= 200 + seeds(6); ++seed) {
      std::string wrong;
      size_t reached = 0;
      const Left left = kill_after_call(make, seed, Draw(seed).below(60), &reached, &wrong);
      ASSERT_EQ(wrong, "") << "seed " << seed;
      ASSERT_EQ(Beside(make, seed).run_to(reached, left).wrong, "") << "seed " << seed << ", call " << reached;
    }
}

TEST(RealDisk, FindsFilesThatAreNotSynced) {
  EXPECT_NE(compare_every_call(make_sqlite_workload, 1, Flaw::kNoFileSync).wrong, "");
  EXPECT_NE(compare_every_call(make_log_workload, 1, Flaw::kNoFileSync).wrong, "");
}

TEST(RealDisk, FindsNamesThatAreNotSynced) {
  EXPECT_NE(compare_every_call(make_sqlite_workload, 1, Flaw::kNoNameSync).wrong, "");
  EXPECT_NE(compare_every_call(make_log_workload, 1, Flaw::kNoNameSync).wrong, "");
}

}  // namespace
}  // namespace orrery::disk
