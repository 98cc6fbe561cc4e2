#include "pybindings/module/python_model.h"

#include <pybind11/stl.h>

namespace py = pybind11;

namespace orrery::python {

PythonModel::PythonModel(const py::object& asked) : asked_(asked), step_(asked.attr("step")) {}

template <typename Question>
std::int64_t PythonModel::answer(const Question& question) {
  if (!raised_.is_none()) return kGivenUp;
  try {
    return question();
  } catch (py::error_already_set& error) {
    raised_ = error.value();
    if (PyException_GetTraceback(raised_.ptr()) == nullptr && error.trace()) {
      PyException_SetTraceback(raised_.ptr(), error.trace().ptr());
    }
  } catch (const py::cast_error&) {
    raised_ = py::module_::import("builtins").attr("TypeError")("the model's adapter answered no number");
  }
  return kGivenUp;
}

bool PythonModel::sees_process() {
  return answer([&] { return asked_.attr("sees_process")().cast<bool>() ? 1 : 0; }) == 1;
}

bool PythonModel::learn(const std::vector<std::string>& operations, std::vector<Kind>& kinds) {
  return answer([&] {
           for (const auto& [object, reads] :
                asked_.attr("learn")(operations).cast<std::vector<std::pair<std::uint32_t, bool>>>()) {
             kinds.push_back({object, reads});
           }
           return kinds.size() == operations.size() ? 1 : 0;
         }) == 1;
}

std::int64_t PythonModel::initial() {
  return answer([&] { return asked_.attr("initial")().cast<std::int64_t>(); });
}

std::int64_t PythonModel::ask(std::int64_t state, std::int64_t kind) {
  return answer([&] { return step_(state, kind).cast<std::int64_t>(); });
}

// An alarm is heard by Python only while Python runs.
bool PythonModel::poll() {
  return answer([] {
           if (PyErr_CheckSignals() != 0) throw py::error_already_set();
           return 1;
         }) == 1;
}

std::string PythonModel::why() const {
  return raised_.is_none() ? std::string() : std::string("the model gave up");
}

}  // namespace orrery::python
