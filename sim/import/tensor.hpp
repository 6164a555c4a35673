// SPDX-License-Identifier: Apache-2.0
// Constants of an ONNX graph, and the shapes of its values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace brownout::importing {

/// Extents, outermost first. Of images: batch, channels, height, width.
using Dims = std::vector<std::int64_t>;

/// "[1, 3, 224, 224]".
std::string to_string(const Dims& dims);

/// Product of the extents; 1 for a scalar. InputError, which begins with `place`, for negative
/// extents and for more than 2^31 elements.
std::int64_t element_count(const Dims& dims, const std::string& place);

/// A constant. Half, bfloat16 and double precision are held as float, bool as uint8.
struct Tensor {
  using Data = std::variant<std::vector<float>, std::vector<std::int8_t>, std::vector<std::uint8_t>,
                            std::vector<std::int32_t>, std::vector<std::int64_t>>;
  Dims dims;
  Data data;

  std::int64_t size() const;
  bool is_float() const { return std::holds_alternative<std::vector<float>>(data); }
  /// The elements, whatever their type; a float is truncated towards zero.
  std::vector<std::int64_t> integers() const;
  std::vector<float> floats() const;
};

Tensor float_tensor(Dims dims, std::vector<float> data);
Tensor integer_tensor(Dims dims, std::vector<std::int64_t> data);
/// One axis.
Tensor integer_tensor(std::vector<std::int64_t> data);

}  // namespace brownout::importing
