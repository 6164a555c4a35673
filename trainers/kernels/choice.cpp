// SPDX-License-Identifier: Apache-2.0
// Reads the environment once.
#include "trainers/kernels/choice.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::trainers {
namespace {

bool own_by_environment() {
  const char* value = std::getenv("BROWNOUT_TRAINING_KERNELS");
  const std::string name = value == nullptr ? "own" : value;
  if (name != "own" && name != "libtorch") {
    throw InputError("BROWNOUT_TRAINING_KERNELS: expected own or libtorch, got {}",
                     in_quotes(name));
  }
  return name == "own";
}

std::atomic<bool>& choice() {
  static std::atomic<bool> own{own_by_environment()};
  return own;
}

}  // namespace

bool own_kernels() { return choice(); }
void use_own_kernels(bool own) { choice() = own; }

}  // namespace brownout::trainers
