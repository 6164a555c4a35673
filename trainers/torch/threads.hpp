// SPDX-License-Identifier: Apache-2.0
// How many threads a training uses: in LibTorch, in the BLAS that LibTorch calls, in our kernels.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace brownout::trainers {

/// From here on LibTorch, its BLAS and in_parallel use this many threads.
void use_threads(int threads);
int threads_in_use();

/// Runs work(first, last) on shares of [0, total), one on each thread in use. No other code in this
/// room starts threads for a kernel: LibTorch's at::parallel_for is a template that runs on one
/// thread, without a warning, in every file that is compiled without OpenMP.
void in_parallel(std::int64_t total,
                 const std::function<void(std::int64_t first, std::int64_t last)>& work);

/// The library that multiplies LibTorch's matrices.
struct Blas {
  std::string name;        // "OpenBLAS 0.3.21 Haswell"; of an unknown one the file name
  bool reference = false;  // plain loops: about ten times slower than the others
  int threads = 0;         // that it uses; 0 where it does not say
};
Blas blas_in_use();

/// Starts this program anew, once, if its libraries read something wrong for this machine from the
/// environment when they are loaded. An OpenBLAS that takes a processor newer than itself for one
/// of 2004 (Prescott) is told what the processor can do, which makes its products about four times
/// as fast. With several threads, those of LibTorch that wait do not spin, because on a busy
/// machine spinning takes the processor from the threads they wait for. What the user set is kept.
/// If the start fails, results are still right, but the program may be slower.
void restart_where_that_is_faster(char** argv, bool several_threads);

}  // namespace brownout::trainers
