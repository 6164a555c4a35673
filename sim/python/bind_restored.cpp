// SPDX-License-Identifier: Apache-2.0
// A block of Python after which PyTorch tensors hold what they held before. It is compiled, because
// Python runs handlers of signals, such as Ctrl-C, between its own instructions only: nothing can
// come between the end of the block and the last tensor. PyTorch itself is reached through Python's
// objects alone.
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "sim/python/binding.hpp"

namespace brownout::python {
namespace {

class Restored {
 public:
  explicit Restored(py::list tensors) : tensors_(std::move(tensors)) {}

  /// Copies all tensors aside.
  void save() {
    if (saved_) throw std::runtime_error("this block has been entered already");
    py::list copies;
    for (const py::handle tensor : tensors_) copies.append(tensor.attr("detach")().attr("clone")());
    saved_ = std::move(copies);
  }

  /// Copies all tensors back, also those after one that refuses; the first refusal is raised. Does
  /// nothing when nothing was saved.
  void restore() {
    if (!saved_) return;
    const py::list saved = *std::move(saved_);
    saved_.reset();
    std::exception_ptr refusal;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      try {
        tensors_[i].attr("detach")().attr("copy_")(saved[i]);
      } catch (const py::error_already_set&) {
        if (!refusal) refusal = std::current_exception();
      }
    }
    if (refusal) std::rethrow_exception(refusal);
  }

  /// Whether tensors are copied aside now.
  bool in_force() const { return saved_.has_value(); }

  /// How often each tensor was changed in place; None for tensors that do not count it.
  py::list versions() const {
    py::list versions;
    for (const py::handle tensor : tensors_) {
      try {
        versions.append(tensor.attr("_version"));
      } catch (py::error_already_set& error) {
        if (!error.matches(PyExc_RuntimeError)) throw;
        versions.append(py::none());
      }
    }
    return versions;
  }

 private:
  py::list tensors_;
  std::optional<py::list> saved_;
};

/// A class of Python that is made of this one may define _restored(versions), which is called after
/// the block with the versions that the tensors had at its end, or with None if an exception left
/// it.
void leave(const py::object& self, const py::args& exception) {
  auto& block = self.cast<Restored&>();
  const py::list versions = block.versions();
  block.restore();
  if (!py::hasattr(self, "_restored")) return;
  const bool whole = exception.empty() || exception[0].is_none();
  self.attr("_restored")(whole ? py::object(versions) : py::none());
}

}  // namespace

void add_restored(py::module_& module) {
  py::class_<Restored>(module, "Restored")
      .def(py::init<py::list>(), py::arg("tensors"))
      .def("save", &Restored::save)
      .def("restore", &Restored::restore)
      .def("versions", &Restored::versions)
      .def_property_readonly("in_force", &Restored::in_force)
      .def("__enter__",
           [](const py::object& self) {
             self.cast<Restored&>().save();
             return self;
           })
      .def("__exit__", leave);
}

}  // namespace brownout::python
