// SPDX-License-Identifier: Apache-2.0
// Long work for Python: the GIL is free while it runs, its progress is shown, Ctrl-C ends it.
#pragma once
#include <functional>

#include "brownout/experiment.hpp"
#include "sim/python/binding.hpp"

namespace brownout::python {

/// Calls work(progress), which must not touch Python, without the GIL. A few times a second
/// `progress` takes it, runs the handlers of signals that came, and calls update(done, total). When
/// one of these raises, the work ends and the exception goes on. The GIL must be held.
void run_interruptibly(const py::object& update,
                       const std::function<void(const ProgressFunction&)>& work);

}  // namespace brownout::python
