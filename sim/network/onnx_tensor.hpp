// SPDX-License-Identifier: Apache-2.0
// Internal: checked access to the tensors and attributes of an ONNX file.
#pragma once
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/network/onnx_format.hpp"

namespace brownout::network {

/// The tensor's elements, whichever field holds them. T: float, int8_t, uint8_t or int64_t. `place`
/// begins the messages ("<file>: initializer "x": "). InputError for another type, for dims and
/// data that disagree, and for external data.
template <typename T>
std::vector<T> tensor_data(const onnx::TensorProto& tensor, const std::string& place);

/// The attributes of one node. Attributes that were not asked for are errors.
class Attributes {
 public:
  Attributes(const onnx::NodeProto& node, const std::string& place);

  std::int64_t integer(const std::string& name, std::int64_t fallback);
  float number(const std::string& name, float fallback);
  std::string text(const std::string& name, const std::string& fallback);
  /// `count` integers in [0, 2^20], or the fallback.
  std::vector<int> integers(const std::string& name, std::size_t count, std::vector<int> fallback);
  bool has(const std::string& name) const;
  /// Throws unless the attribute is absent or has this value.
  void expect(const std::string& name, std::int64_t value);
  void finish() const;

 private:
  const onnx::AttributeProto* find(const std::string& name,
                                   onnx::AttributeProto::AttributeType type);
  const onnx::NodeProto& node_;
  std::string place_;
  std::set<std::string> known_;
};

/// The N numbers of a list that Attributes::integers returned.
template <std::size_t N>
std::array<int, N> to_array(const std::vector<int>& values) {
  std::array<int, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = values[i];
  return out;
}

}  // namespace brownout::network
