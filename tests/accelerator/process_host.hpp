// SPDX-License-Identifier: Apache-2.0
// The host of a test program's kernel, which elaborates once: all its tests share it.
#pragma once

#include <memory>

#include "sim/accelerator/kernel_host.hpp"

namespace brownout::accelerator {

inline const std::shared_ptr<KernelHost>& process_host() {
  // Never destroyed, because at the end of the process the kernel may be destroyed first.
  static const auto* const host = new std::shared_ptr<KernelHost>(std::make_shared<KernelHost>());
  return *host;
}

}  // namespace brownout::accelerator
