// SPDX-License-Identifier: Apache-2.0
// The Python module brownout._core, a thin layer on the public headers. The package brownout checks
// arguments and documents what users see.
#include <atomic>
#include <chrono>
#include <thread>

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

/// Whether Python has begun to end, and the thread that it ends in.
std::atomic<bool> ending{false};
std::thread::id first_thread;

}  // namespace

void take_gil(PyThreadState* state) {
  if (ending && std::this_thread::get_id() != first_thread) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  PyEval_RestoreThread(state);
}

void add_ending() {
  const auto note = [] {
    first_thread = std::this_thread::get_id();
    ending = true;
    // Threads that wait for the GIL now still get it.
    const GilReleased released;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  py::module_::import("atexit").attr("register")(py::cpp_function(note));
}

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
  brownout::python::add_ending();
  brownout::python::add_errors(module);
  brownout::python::add_chips(module);
  brownout::python::add_networks(module);
  brownout::python::add_experiments(module);
  brownout::python::add_restored(module);
}
