// SPDX-License-Identifier: Apache-2.0
// Internal: what every user of oneDNN shares. Brownout runs one primitive per thread, so oneDNN's
// own OpenMP teams are switched off around every call. Versions 2 and 3 differ here only.
#pragma once
#include <omp.h>

#include <cstdint>
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

/// oneDNN's int8 kernels for VNNI round sums above 2^24 and those for AMX crash on some shapes (2.6),
/// so that it takes no instructions beyond those of AVX-512. An earlier choice, by DNNL_MAX_CPU_ISA
/// or another user of oneDNN in the process, stays.
inline const dnnl::engine& onednn_cpu() {
  static const dnnl::status capped = dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx512_core);
  static_cast<void>(capped);
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// A convolution for inference by the direct algorithm; `bias` is an empty descriptor for none.
/// Strides are those of rows and columns, paddings those above and left, below and right.
inline dnnl::convolution_forward::primitive_desc direct_convolution(
    const dnnl::memory::desc& source, const dnnl::memory::desc& weights,
    const dnnl::memory::desc& bias, const dnnl::memory::desc& target,
    const dnnl::memory::dims& strides, const dnnl::memory::dims& before,
    const dnnl::memory::dims& after, const dnnl::primitive_attr& attributes) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {onednn_cpu(), kKind,  kAlgorithm, source, weights,   bias,
          target,       strides, before,    after,  attributes};
#else
  using Description = dnnl::convolution_forward::desc;
  const Description description =
      !bias.is_zero() ? Description(kKind, kAlgorithm, source, weights, bias, target, strides, before, after)
           : Description(kKind, kAlgorithm, source, weights, target, strides, before, after);
  return {description, attributes, onednn_cpu()};
#endif
}

/// The zero point of the source: a part of the primitive up to version 2, whose kernels for zero
/// points that come later crash on some shapes; since version 3 the argument kSourceZeroPoint of
/// every execution.
inline constexpr bool kZeroPointAtExecution = DNNL_VERSION_MAJOR >= 3;
inline void set_source_zero_point(dnnl::primitive_attr& attributes,
                                  [[maybe_unused]] std::int32_t zero_point) {
#if DNNL_VERSION_MAJOR >= 3
  attributes.set_zero_points_mask(DNNL_ARG_SRC, 0);
#else
  attributes.set_zero_points(DNNL_ARG_SRC, 0, {zero_point});
#endif
}
inline constexpr int kSourceZeroPoint = DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC;

}  // namespace brownout::inference
