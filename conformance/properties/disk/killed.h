// A workload in a process of its own, on the real file system, killed.
#pragma once

#include <functional>
#include <vector>

#include "conformance/properties/disk/workload.h"

namespace orrery::disk {

using MakeWorkload = std::unique_ptr<Workload> (*)(uint64_t seed);

// What the file system had when a process was killed: everything written, what fsync had promised, and the names of
// the first with the bytes of the second.
struct Left {
  explicit Left(const Folder& f)
      : now(f.now()), promised(f.promised()), only_names(f.promised_under_names_of_now()) {}
  Files now, promised, only_names;
};

// Runs the workload once. Before every disk call, and after the last, the process that made all calls so far kills
// itself with SIGKILL; a copy made by fork() a moment earlier goes on from there once the files have been read. Element n
// is what was left before call n. Empty, and *wrong set: the workload came to no end.
std::vector<Left> kill_before_every_call(MakeWorkload make, uint64_t seed, RealDisk::Flaw flaw, std::string* wrong);

// A run of its own, killed by itself before call `n`.
Left kill_before_call(MakeWorkload make, uint64_t seed, size_t n, std::string* wrong);

// A run of its own, killed from outside at some moment after call `n` has begun. *reached: the last call that began;
// it may have been done, in part or not at all.
Left kill_after_call(MakeWorkload make, uint64_t seed, size_t n, size_t* reached, std::string* wrong);

}  // namespace orrery::disk
