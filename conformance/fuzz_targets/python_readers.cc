// Runs a property of python_readers.py in an embedded CPython. Each line of ours that runs after another counts as an edge,
// as does each kind of answer (its digits and quoted words left out), so that libFuzzer is guided through Python too.
#include <Python.h>

#include <pybind11/embed.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "conformance/fuzz_targets/targets.h"
#include "sim/core/hash.h"

namespace orrery::fuzz_targets {
namespace {

namespace py = pybind11;

constexpr size_t kCounters = 1 << 14;
__attribute__((section("__libfuzzer_extra_counters"), used)) uint8_t seen[kCounters];

// The line before, by which an edge is told from another.
uint64_t line_before = 0;

int on_line(PyObject*, PyFrameObject* frame, int what, PyObject*) {
  if (what != PyTrace_LINE) return 0;
  static std::map<PyCodeObject*, uint64_t> codes;
  PyCodeObject* code = PyFrame_GetCode(frame);
  auto [at, added] = codes.try_emplace(code, codes.size() + 1);
  if (!added) Py_DECREF(code);  // A known one is kept alive by the map.
  const uint64_t line = at->second << 20 | static_cast<uint64_t>(PyFrame_GetLineNumber(frame));
  uint8_t& counter = seen[mix64(line_before, line) % kCounters];
  if (counter < 255) ++counter;
  line_before = line;
  return 0;
}

void note_answer(const std::string& answer) {
  uint64_t hash = 0;
  bool quoted = false;
  for (const char c : answer) {
    if (c == '"' || c == '\'') quoted = !quoted;
    if (!quoted && !std::isdigit(static_cast<unsigned char>(c))) hash = mix64(hash, static_cast<uint8_t>(c));
  }
  seen[hash % kCounters] = 1;
}

void run(const char* property, Bytes input) {
  // Never ended: CPython's own end is none of this test's business.
  static auto* python = new py::scoped_interpreter(false);
  (void)python;
  try {
    static auto* module = [] {
      auto path = py::module_::import("sys").attr("path");
      path.attr("insert")(0, ORRERY_SOURCE "/pybindings");
      path.attr("insert")(0, ORRERY_SOURCE "/conformance/fuzz_targets");
      return new py::module_(py::module_::import("python_readers"));
    }();
    const py::object call = module->attr(property);
    const py::bytes bytes(reinterpret_cast<const char*>(input.data()), input.size());
    line_before = 0;
    PyEval_SetTrace(on_line, nullptr);
    const py::object answer = call(bytes);
    PyEval_SetTrace(nullptr, nullptr);
    note_answer(answer.cast<std::string>());
  } catch (const py::error_already_set& error) {
    PyEval_SetTrace(nullptr, nullptr);
    std::fprintf(stderr, "%s\n", error.what());
    std::abort();
  }
}

}  // namespace

void capsule(Bytes input) { run("capsule", input); }
void requests(Bytes input) { run("requests", input); }

}  // namespace orrery::fuzz_targets
