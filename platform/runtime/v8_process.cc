#include "platform/runtime/v8_process.h"

#include <unistd.h>
#include <v8.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>

#include "platform/runtime/fatal.h"
#include "platform/runtime/limits.h"
#include "platform/runtime/page_allocator.h"
#include "sim/core/check.h"

namespace orrery::runtime {
namespace {

// Flags that make equal inputs give equal runs. Order does not matter; the set does: another set gives
// other garbage collection points and so another hash.
constexpr char kFlags[] =
    "--predictable --single-threaded --random-seed=1 --hash-seed=1 "
    // Bounds a regular expression by its number of backtracks, not by time.
    "--enable-experimental-regexp-engine-on-excessive-backtracks "
    "--regexp-backtracks-before-fallback=50000 "
    // A run is over in tenths of a second: feedback from the first call on makes inline caches early, and the
    // optimizing compiler waits for what is three times as hot as V8's default (132 KiB of bytecode a tick).
    "--no-lazy-feedback-allocation --interrupt-budget=400000 "
    "--sparkplug --stack-size=984 --wasm-max-mem-pages=2048 "
    "--harmony-rab-gsab --harmony-import-assertions --no-verify-snapshot-checksum";

double g_clock_ms = 0;
const int32_t* g_clock_meter = nullptr;
int32_t g_clock_meter_began = 0;
ClockReads g_clock_reads;
size_t g_tasks_waiting = 0;

using TaskQueue = std::deque<std::unique_ptr<v8::Task>>;

// Tasks of one isolate, run only by run_posted_tasks.
class QueueRunner final : public v8::TaskRunner {
 public:
  void PostTask(std::unique_ptr<v8::Task> task) override {
    queue_.push_back(std::move(task));
    ++g_tasks_waiting;
  }
  void PostNonNestableTask(std::unique_ptr<v8::Task> task) override { PostTask(std::move(task)); }
  // Delayed and idle tasks are hints (memory reduction); there is no clock to run them by.
  void PostDelayedTask(std::unique_ptr<v8::Task>, double) override {}
  void PostNonNestableDelayedTask(std::unique_ptr<v8::Task>, double) override {}
  void PostIdleTask(std::unique_ptr<v8::IdleTask>) override {}
  bool IdleTasksEnabled() override { return false; }
  bool NonNestableTasksEnabled() const override { return true; }
  bool NonNestableDelayedTasksEnabled() const override { return true; }

  void run_all() {
    while (!queue_.empty()) {
      std::unique_ptr<v8::Task> task = std::move(queue_.front());
      queue_.pop_front();
      --g_tasks_waiting;
      task->Run();
    }
  }
  void drop_all() {
    g_tasks_waiting -= queue_.size();
    queue_.clear();
  }

 private:
  TaskQueue queue_;
};

// A job has no workers: whoever joins it does the work.
class InlineJob final : public v8::JobHandle, private v8::JobDelegate {
 public:
  explicit InlineJob(std::unique_ptr<v8::JobTask> task) : task_(std::move(task)) {}

  void NotifyConcurrencyIncrease() override {}
  void Join() override {
    while (task_ && task_->GetMaxConcurrency(0) > 0) task_->Run(this);
    task_.reset();
  }
  void Cancel() override { task_.reset(); }
  void CancelAndDetach() override { task_.reset(); }
  bool IsActive() override { return task_ && task_->GetMaxConcurrency(0) > 0; }
  bool IsValid() override { return task_ != nullptr; }

 private:
  bool ShouldYield() override { return false; }
  uint8_t GetTaskId() override { return 0; }
  bool IsJoiningThread() const override { return true; }

  std::unique_ptr<v8::JobTask> task_;
};

class WorldPlatform final : public v8::Platform {
 public:
  v8::PageAllocator* GetPageAllocator() override { return &pages_; }
  int NumberOfWorkerThreads() override { return 0; }
  std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate* isolate) override {
    std::shared_ptr<QueueRunner>& runner = runners_[isolate];
    if (!runner) runner = std::make_shared<QueueRunner>();
    return runner;
  }
  // Never used under --single-threaded; run at once rather than lost.
  void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override { task->Run(); }
  void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task>, double) override {}
  std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority,
                                         std::unique_ptr<v8::JobTask> task) override {
    return std::make_unique<InlineJob>(std::move(task));
  }
  // Feeds garbage collection heuristics only. It counts its readings, so it moves the same way each time.
  double MonotonicallyIncreasingTime() override { return ++ticks_ * 1e-6; }
  double CurrentClockTimeMillis() override {
    double now = g_clock_ms;
    if (g_clock_meter)
      now += static_cast<double>((g_clock_meter_began - *g_clock_meter) /
                                 (kMeterUnitsPerMicrosecond * 1000));
    ClockReads& reads = g_clock_reads;
    if (reads.count++ == 0) reads.first_ms = now;
    else if (now != reads.last_ms) reads.moved = true;
    reads.last_ms = now;
    return now;
  }
  v8::TracingController* GetTracingController() override { return &tracing_; }

  void run_all(v8::Isolate* isolate) {
    auto found = runners_.find(isolate);
    if (found != runners_.end()) found->second->run_all();
  }
  void forget(v8::Isolate* isolate) {
    auto found = runners_.find(isolate);
    if (found == runners_.end()) return;
    found->second->drop_all();
    runners_.erase(found);
  }

 private:
  PlainPageAllocator pages_;
  v8::TracingController tracing_;
  std::map<v8::Isolate*, std::shared_ptr<QueueRunner>> runners_;  // tidy: looked up, never walked
  int64_t ticks_ = 0;
};

WorldPlatform* g_platform = nullptr;

}  // namespace

[[noreturn]] void fatal_v8(const char* where, const char* what) {
  std::fprintf(stderr, "orrery: fatal: v8: %s%s%s\n", where ? where : "", where && what ? ": " : "",
               what ? what : "");
  std::fflush(stderr);
  _exit(kV8FatalExit);
}

void on_v8_fatal(const char* location, const char* message) { fatal_v8(location, message); }

void on_v8_out_of_memory(const char* location, bool is_heap) {
  fatal_v8(location, is_heap ? "the JavaScript heap is exhausted" : "the process is out of memory");
}

void start_v8() {
  if (g_platform) return;
  setenv("TZ", "UTC", 1);
  setenv("LC_ALL", "C.UTF-8", 1);  // ICU's default locale becomes en-US
  tzset();
  v8::V8::SetFlagsFromString(kFlags);
  v8::V8::SetFatalMemoryErrorCallback(on_v8_out_of_memory);
  g_platform = new WorldPlatform();  // lives as long as the process, like V8 itself
  v8::V8::InitializePlatform(g_platform);
  ORRERY_CHECK(v8::V8::Initialize());
}

void set_frozen_clock_ms(double unix_ms, const int32_t* meter) {
  g_clock_ms = unix_ms;
  g_clock_meter = meter;
  g_clock_meter_began = meter ? *meter : 0;
  g_clock_reads = {};
}
const ClockReads& clock_reads() { return g_clock_reads; }

void run_posted_tasks(v8::Isolate* isolate) {
  if (g_tasks_waiting == 0) return;
  g_platform->run_all(isolate);
}

void drop_posted_tasks(v8::Isolate* isolate) { g_platform->forget(isolate); }

}  // namespace orrery::runtime
