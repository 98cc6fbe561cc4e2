#include "conformance/properties/disk/killed.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "sim/core/check.h"
#include "sim/disk/tests/every_crash.h"

namespace orrery::disk {
namespace {

// Memory that outlives the process that counts in it.
class SharedCount {
 public:
  SharedCount()
      : count_(static_cast<std::atomic<size_t>*>(
            mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    ORRERY_CHECK(count_ != MAP_FAILED);
  }
  ~SharedCount() { munmap(count_, sizeof *count_); }
  SharedCount(const SharedCount&) = delete;
  std::atomic<size_t>& operator*() { return *count_; }

 private:
  std::atomic<size_t>* count_;
};

// Starts a process that runs the workload on the folder, and calls `before` before each disk call and after the last.
pid_t start(MakeWorkload make, uint64_t seed, const Folder& folder, RealDisk::Flaw flaw,
            const std::function<void()>& before) {
  const pid_t child = fork();
  ORRERY_CHECK(child >= 0);
  if (child != 0) return child;
  {
    RealDisk real(folder, {.flaw = flaw});
    WatchedDisk watched(real, before);
    make(seed)->run(watched);
    before();
  }
  _exit(0);
}

bool killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

pid_t wait_for(pid_t which, int* status) {
  pid_t ended = -1;
  do ended = waitpid(which, status, 0);
  while (ended < 0 && errno == EINTR);
  return ended;
}

}  // namespace

std::vector<Left> kill_before_every_call(MakeWorkload make, uint64_t seed, RealDisk::Flaw flaw, std::string* wrong) {
  Folder folder;
  int go[2];
  ORRERY_CHECK(pipe(go) == 0);
  ORRERY_CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);  // copies of the copies are ours to wait for
  bool closed = false;
  auto before = [&] {
    const pid_t copy = fork();
    if (copy != 0) raise(SIGKILL);
    char told = 0;
    if (!closed) closed = close(go[1]) == 0;
    if (read(go[0], &told, 1) != 1) _exit(1);  // whoever waits for us is gone
  };
  (void)start(make, seed, folder, flaw, before);
  std::vector<Left> left;
  int status = 0;
  while (wait_for(-1, &status) > 0 && killed(status)) {
    left.emplace_back(folder);
    ORRERY_CHECK(write(go[1], "g", 1) == 1);
  }
  close(go[0]);
  close(go[1]);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    *wrong = "the workload came to no end: status " + std::to_string(status);
    left.clear();
  }
  return left;
}

Left kill_before_call(MakeWorkload make, uint64_t seed, size_t n, std::string* wrong) {
  Folder folder;
  size_t calls = 0;
  int status = 0;
  wait_for(start(make, seed, folder, RealDisk::Flaw::kNone, [&] { if (calls++ == n) raise(SIGKILL); }), &status);
  if (!killed(status)) *wrong = "the workload was not killed before call " + std::to_string(n);
  return Left(folder);
}

Left kill_after_call(MakeWorkload make, uint64_t seed, size_t n, size_t* reached, std::string* wrong) {
  Folder folder;
  SharedCount calls;
  // After the last call it waits for the end that it is to have.
  auto before = [&] { ++*calls; };
  const pid_t child = fork();
  ORRERY_CHECK(child >= 0);
  if (child == 0) {
    RealDisk real(folder, {});
    WatchedDisk watched(real, before);
    make(seed)->run(watched);
    before();
    for (;;) pause();
  }
  while (*calls <= n) usleep(50);
  kill(child, SIGKILL);
  int status = 0;
  wait_for(child, &status);
  if (!killed(status)) *wrong = "the workload ended by itself: status " + std::to_string(status);
  *reached = *calls - 1;
  return Left(folder);
}

}  // namespace orrery::disk
