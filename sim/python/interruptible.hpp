// SPDX-License-Identifier: Apache-2.0
// Long work for Python: it runs in a thread of its own, while the caller shows its progress and
// answers Ctrl-C.
#pragma once
#include <functional>

#include "brownout/experiment.hpp"
#include "sim/python/binding.hpp"

namespace brownout::python {

/// Calls work(progress), which must not touch Python, in another thread. Meanwhile the GIL is free.
/// A few times a second the calling thread takes it, calls update(done, total), and runs the
/// handlers of signals that came. When one of these raises, `progress` returns false from then on
/// so that the work ends, and the exception goes on. The GIL must be held.
void run_interruptibly(const py::object& update,
                       const std::function<void(const ProgressFunction&)>& work);

}  // namespace brownout::python
