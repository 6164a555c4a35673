// SPDX-License-Identifier: Apache-2.0
// Work on files that may crash the library that reads them. The work is done in a separate process.
#pragma once

#include <functional>
#include <string>

namespace brownout {

/// What `work` returns, computed in a child process. An InputError that it throws is thrown here.
/// When the process dies, takes more than `seconds` of processor time or runs out of memory, an
/// InputError that begins with `what` is thrown.
/// Damaged files crash or stop the HDF5 library (1.10 at least) and the MATLAB one; with this
/// function that is only an error message.
std::string run_isolated(const std::string& what, unsigned seconds,
                         const std::function<std::string()>& work);

}  // namespace brownout
