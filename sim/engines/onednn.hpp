// SPDX-License-Identifier: Apache-2.0
// Internal: what every user of oneDNN shares. Brownout runs one primitive per thread, so oneDNN's
// own OpenMP teams are switched off around every call. Only this file differs between versions 2
// and 3.
#pragma once
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

namespace brownout::engines {

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

/// A convolution for inference by the direct algorithm.
/// Strides and dilations are those of rows and columns, paddings those above and left, below and
/// right. A dilation counts the pixels between two that the kernel sees: 0 is none.
inline dnnl::convolution_forward::primitive_desc direct_convolution(
    const dnnl::memory::desc& source, const dnnl::memory::desc& weights,
    const dnnl::memory::desc& bias, const dnnl::memory::desc& target,
    const dnnl::memory::dims& strides, const dnnl::memory::dims& dilations,
    const dnnl::memory::dims& before, const dnnl::memory::dims& after,
    const dnnl::primitive_attr& attributes) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {onednn_cpu(), kKind,   kAlgorithm, source, weights, bias,
          target,       strides, dilations,  before, after,   attributes};
#else
  return {{kKind, kAlgorithm, source, weights, bias, target, strides, dilations, before, after},
          attributes,
          onednn_cpu()};
#endif
}

}  // namespace brownout::engines
