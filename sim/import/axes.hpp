// SPDX-License-Identifier: Apache-2.0
// How ONNX counts axes, repeats extents, cuts slices and states target shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/import/tensor.hpp"

namespace brownout::importing {

/// Extents of an element-wise operator: missing ones count as 1, and 1 repeats. InputError, which
/// begins with `place`, when two differ.
Dims broadcast(const Dims& a, const Dims& b, const std::string& place);

/// An axis counted from the end when negative, in [0, rank). InputError for others.
std::size_t axis_of(std::int64_t axis, std::size_t rank, const std::string& place);

/// Slice: begin, extent and step of every axis, as ONNX counts ends.
struct SliceRange {
  std::int64_t begin = 0, count = 0, step = 1;
};
std::vector<SliceRange> slice_ranges(const Dims& dims, const std::vector<std::int64_t>& starts,
                                     const std::vector<std::int64_t>& ends,
                                     const std::vector<std::int64_t>& axes,
                                     const std::vector<std::int64_t>& steps,
                                     const std::string& place);

/// Reshape's target with 0 (as the input has it) and -1 (whatever is left) replaced.
Dims reshaped(const Dims& dims, const std::vector<std::int64_t>& target, bool zero_is_zero,
              const std::string& place);

}  // namespace brownout::importing
