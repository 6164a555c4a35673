// SPDX-License-Identifier: Apache-2.0
// Internal: what every user of oneDNN shares. Brownout runs one primitive per thread, so oneDNN's
// own OpenMP teams are switched off around every call.
#pragma once
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

namespace brownout::inference {

/// The calling thread's OpenMP team has one member as long as this lives.
class SingleThread {
 public:
  SingleThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThread() { omp_set_num_threads(before_); }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

inline const dnnl::engine& onednn_cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

}  // namespace brownout::inference
