// SPDX-License-Identifier: Apache-2.0
// A fixed set of threads that share out indices. Results must not depend on who takes which.
#pragma once
#include <cstdint>
#include <functional>

namespace brownout {

/// Threads the machine offers, at least 1.
int hardware_threads();

/// Calls task(index, worker) for every index in [0, count), worker in [0, threads). Dynamic:
/// indices are taken in order. The first exception stops the rest and is thrown here, as is the
/// Interrupted of a RunWatch.
void parallel_for(std::int64_t count, int threads,
                  const std::function<void(std::int64_t index, int worker)>& task);

}  // namespace brownout
