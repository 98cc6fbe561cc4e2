// A model written in Python, as the C++ search of `conformance/check` asks it.
//
// The Python side (`orrery/model_states.py`) numbers states and answers three questions; whatever it
// raises ends the search and is handed to the caller, never thrown through the search.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "conformance/check/outside_model.h"

namespace orrery::python {

class PythonModel : public check::OutsideModel {
 public:
  explicit PythonModel(const pybind11::object& asked);

  bool sees_process() override;
  bool learn(const std::vector<std::string>& operations, std::vector<Kind>& kinds) override;
  std::int64_t initial() override;
  std::string why() const override;

  // What the Python side raised, or None.
  const pybind11::object& raised() const { return raised_; }

 protected:
  std::int64_t ask(std::int64_t state, std::int64_t kind) override;
  bool poll() override;

 private:
  template <typename Question>
  std::int64_t answer(const Question& question);

  pybind11::object asked_;
  pybind11::object step_;
  pybind11::object raised_ = pybind11::none();
};

}  // namespace orrery::python
