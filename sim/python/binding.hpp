// SPDX-License-Identifier: Apache-2.0
// What the parts of the Python module share: their entry points, and how work leaves the GIL.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brownout/chip.hpp"

namespace brownout::python {

namespace py = pybind11;

/// A text that may name a file, whose name may be any bytes. In Python those that are not UTF-8 are
/// surrogates, as os.fsdecode makes them.
struct Text {
  std::string bytes;
};

inline std::vector<std::string> bytes_of(std::vector<Text>&& texts) {
  std::vector<std::string> all;
  for (Text& text : texts) all.push_back(std::move(text.bytes));
  return all;
}

/// Each part adds its classes and functions to the module.
void add_chips(py::module_& module);
void add_networks(py::module_& module);
void add_experiments(py::module_& module);
void add_restored(py::module_& module);

/// Notes when Python ends, for take_gil.
void add_ending();

/// C++ errors become the exceptions of the package brownout.
void add_errors(py::module_& module);

/// Takes the GIL. When Python has begun to end, a thread other than its first one stays here for
/// ever: Python would end the thread by unwinding its stack, which C++ answers by aborting.
void take_gil(PyThreadState* state);

/// Without the GIL for as long as this object lives.
class GilReleased {
 public:
  GilReleased() : state_(PyEval_SaveThread()) {}
  ~GilReleased() { take_gil(state_); }
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

  /// Calls work(), which touches Python, with the GIL.
  template <typename Work>
  void with_gil(Work&& work) {
    take_gil(state_);
    work();
    state_ = PyEval_SaveThread();
  }

 private:
  PyThreadState* state_;
};

/// The result of `work`, which must not touch Python.
template <typename Work>
auto without_gil(Work&& work) {
  const GilReleased released;
  return work();
}

/// An array that owns the numbers of a vector; nothing is copied.
template <typename T>
py::array_t<T> array_of(std::vector<T>&& numbers, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<std::vector<T>>(std::move(numbers));
  T* const data = owner->data();
  const py::capsule capsule(owner.get(),
                            [](void* vector) { delete static_cast<std::vector<T>*>(vector); });
  owner.release();
  return py::array_t<T>(std::move(shape), data, capsule);
}

template <typename T>
py::array_t<T> array_of(std::vector<T>&& numbers) {
  const auto size = static_cast<py::ssize_t>(numbers.size());
  return array_of(std::move(numbers), {size});
}

}  // namespace brownout::python

namespace pybind11::detail {

template <>
struct type_caster<brownout::python::Text> {
  PYBIND11_TYPE_CASTER(brownout::python::Text, const_name("str"));

  bool load(handle source, bool /*convert*/) {
    if (!PyUnicode_Check(source.ptr())) return false;
    const auto bytes = reinterpret_steal<pybind11::bytes>(
        PyUnicode_AsEncodedString(source.ptr(), "utf-8", "surrogateescape"));
    if (!bytes) {
      PyErr_Clear();
      return false;
    }
    value.bytes = std::string(bytes);
    return true;
  }
  static handle cast(const brownout::python::Text& text, return_value_policy /*policy*/,
                     handle /*parent*/) {
    return PyUnicode_DecodeUTF8(text.bytes.data(), static_cast<ssize_t>(text.bytes.size()),
                                "surrogateescape");
  }
};

}  // namespace pybind11::detail
