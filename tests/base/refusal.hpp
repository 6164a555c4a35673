// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include "sim/base/error.hpp"

namespace brownout {

/// The message with which `work` refuses its input.
inline std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace brownout
