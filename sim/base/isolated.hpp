// SPDX-License-Identifier: Apache-2.0
// Work on files that may kill the library that reads them, in a process of its own.
#pragma once

#include <functional>
#include <string>

namespace brownout {

/// What `work` returns, computed in a child process. An InputError that it throws is thrown here;
/// when the process dies, takes more than `seconds` of processor time or runs out of memory, an
/// InputError that begins with `what`.
/// Damaged files crash or stop the HDF5 library (1.10 at least) and the MATLAB one; this keeps them
/// an error message.
std::string run_isolated(const std::string& what, unsigned seconds,
                         const std::function<std::string()>& work);

}  // namespace brownout
