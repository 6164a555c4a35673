// SPDX-License-Identifier: Apache-2.0
// The Python module brownout._core, a thin layer on the public headers. The package brownout checks
// arguments and documents what users see.
#include "sim/python/binding.hpp"

namespace brownout::python {
namespace {

/// The exceptions of the package. They live as long as the process.
struct Exceptions {
  PyObject* input_error = nullptr;
  PyObject* run_error = nullptr;
};

Exceptions& exceptions() {
  static Exceptions classes;
  return classes;
}

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const InputError& error) {
    PyErr_SetString(exceptions().input_error, error.what());
  } catch (const Error& error) {
    PyErr_SetString(exceptions().run_error, error.what());
  }
}

}  // namespace

void add_errors(py::module_& /*module*/) {
  const py::module_ errors = py::module_::import("brownout._errors");
  exceptions().input_error = py::object(errors.attr("InputError")).release().ptr();
  exceptions().run_error = py::object(errors.attr("RunError")).release().ptr();
  py::register_exception_translator(translate);
}

}  // namespace brownout::python

// libsystemc brings a main that calls it. The interpreter's main is another one, so it is never
// called here, and a program that embeds Python may define its own.
extern "C" __attribute__((weak, visibility("default"))) int sc_main(int, char**) { return 1; }

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled part of the package brownout, whose documentation describes it.";
  module.attr("version") = BROWNOUT_VERSION;
  brownout::python::add_errors(module);
  brownout::python::add_chips(module);
  brownout::python::add_networks(module);
  brownout::python::add_experiments(module);
}
