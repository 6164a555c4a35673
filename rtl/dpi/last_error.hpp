// SPDX-License-Identifier: Apache-2.0
// No exception leaves the library: the reason for a failure is kept for brownout_last_error.
#pragma once
#include <exception>
#include <string>

namespace brownout::dpi {

/// Of this thread.
std::string& last_error();

/// What `work` returns; `failed` when it throws, and last_error() then says why.
template <typename Result, typename Work>
Result guarded(Result failed, const Work& work) noexcept {
  try {
    try {
      return work();
    } catch (const std::exception& error) {
      last_error() = error.what();
    }
  } catch (...) {  // no memory for the text
  }
  return failed;
}

}  // namespace brownout::dpi
