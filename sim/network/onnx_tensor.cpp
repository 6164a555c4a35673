// SPDX-License-Identifier: Apache-2.0
// Tensor data and node attributes; every claim of the file is checked before it is used.
#include "sim/network/onnx_tensor.hpp"

#include <cstring>
#include <limits>

#include "sim/base/error.hpp"

namespace brownout::network {

namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;
constexpr std::int64_t kMaxAttribute = 1 << 20;

std::int64_t element_count(const onnx::TensorProto& tensor, const std::string& place) {
  std::int64_t count = 1;
  for (const std::int64_t extent : tensor.dims()) {
    if (extent < 0 || extent > kMaxElements || count * extent > kMaxElements) {
      throw InputError("{}found dimensions of {} ..., expected at most 2^31 elements", place,
                       extent);
    }
    count *= extent;
  }
  return count;
}

template <typename T, typename Field>
std::vector<T> narrow(const Field& field, const std::string& place) {
  std::vector<T> data;
  data.reserve(field.size());
  for (const auto value : field) {
    if constexpr (std::is_same_v<T, std::int8_t> || std::is_same_v<T, std::uint8_t>) {
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
        throw InputError("{}found element {}, expected it to fit 8 bits", place, value);
      }
    }
    data.push_back(static_cast<T>(value));
  }
  return data;
}

template <typename T>
struct Traits;
template <>
struct Traits<float> {
  static constexpr int kType = onnx::TensorProto::FLOAT;
  static const auto& field(const onnx::TensorProto& tensor) { return tensor.float_data(); }
};
template <>
struct Traits<std::int8_t> {
  static constexpr int kType = onnx::TensorProto::INT8;
  static const auto& field(const onnx::TensorProto& tensor) { return tensor.int32_data(); }
};
template <>
struct Traits<std::uint8_t> {
  static constexpr int kType = onnx::TensorProto::UINT8;
  static const auto& field(const onnx::TensorProto& tensor) { return tensor.int32_data(); }
};
template <>
struct Traits<std::int64_t> {
  static constexpr int kType = onnx::TensorProto::INT64;
  static const auto& field(const onnx::TensorProto& tensor) { return tensor.int64_data(); }
};

std::string type_name(int type) {
  if (!onnx::TensorProto::DataType_IsValid(type)) return fmt::format("type {}", type);
  return onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type));
}

}  // namespace

template <typename T>
std::vector<T> tensor_data(const onnx::TensorProto& tensor, const std::string& place) {
  if (tensor.data_type() != Traits<T>::kType) {
    throw InputError("{}found elements of {}, expected {}", place, type_name(tensor.data_type()),
                     type_name(Traits<T>::kType));
  }
  if (tensor.data_location() != onnx::TensorProto::DEFAULT || tensor.has_segment()) {
    throw InputError("{}its data is in another file, expected it inside", place);
  }
  const std::size_t count = element_count(tensor, place);
  std::vector<T> data;
  if (tensor.has_raw_data()) {
    const std::string& raw = tensor.raw_data();
    if (raw.size() != count * sizeof(T)) {
      throw InputError("{}found {} bytes of data, its dimensions [{}] expect {}", place, raw.size(),
                       fmt::join(tensor.dims(), ", "), count * sizeof(T));
    }
    data.resize(count);
    if (count > 0) std::memcpy(data.data(), raw.data(), raw.size());
  } else {
    data = narrow<T>(Traits<T>::field(tensor), place);
    if (data.size() != count) {
      throw InputError("{}found {} elements, its dimensions [{}] expect {}", place, data.size(),
                       fmt::join(tensor.dims(), ", "), count);
    }
  }
  return data;
}

template std::vector<float> tensor_data(const onnx::TensorProto&, const std::string&);
template std::vector<std::int8_t> tensor_data(const onnx::TensorProto&, const std::string&);
template std::vector<std::uint8_t> tensor_data(const onnx::TensorProto&, const std::string&);
template std::vector<std::int64_t> tensor_data(const onnx::TensorProto&, const std::string&);

Attributes::Attributes(const onnx::NodeProto& node, const std::string& place)
    : node_(node), place_(place) {
  std::set<std::string> seen;
  for (const auto& attribute : node.attribute()) {
    if (!seen.insert(attribute.name()).second) {
      throw InputError("{}attribute {} occurs twice", place, attribute.name());
    }
  }
}

const onnx::AttributeProto* Attributes::find(const std::string& name,
                                             onnx::AttributeProto::AttributeType type) {
  known_.insert(name);
  for (const auto& attribute : node_.attribute()) {
    if (attribute.name() != name) continue;
    if (attribute.type() != type) {
      throw InputError("{}attribute {} is of type {}, expected {}", place_, name,
                       onnx::AttributeProto::AttributeType_Name(attribute.type()),
                       onnx::AttributeProto::AttributeType_Name(type));
    }
    return &attribute;
  }
  return nullptr;
}

std::int64_t Attributes::integer(const std::string& name, std::int64_t fallback) {
  const auto* found = find(name, onnx::AttributeProto::INT);
  return found == nullptr ? fallback : found->i();
}

float Attributes::number(const std::string& name, float fallback) {
  const auto* found = find(name, onnx::AttributeProto::FLOAT);
  return found == nullptr ? fallback : found->f();
}

std::string Attributes::text(const std::string& name, const std::string& fallback) {
  const auto* found = find(name, onnx::AttributeProto::STRING);
  return found == nullptr ? fallback : found->s();
}

std::vector<int> Attributes::integers(const std::string& name, std::size_t count,
                                      std::vector<int> fallback) {
  const auto* found = find(name, onnx::AttributeProto::INTS);
  if (found == nullptr) return fallback;
  if (static_cast<std::size_t>(found->ints_size()) != count) {
    throw InputError("{}attribute {} has {} numbers, expected {}", place_, name, found->ints_size(),
                     count);
  }
  std::vector<int> numbers;
  for (const std::int64_t value : found->ints()) {
    if (value < 0 || value > kMaxAttribute) {
      throw InputError("{}attribute {} holds {}, expected 0 to {}", place_, name, value,
                       kMaxAttribute);
    }
    numbers.push_back(static_cast<int>(value));
  }
  return numbers;
}

bool Attributes::has(const std::string& name) const {
  for (const auto& attribute : node_.attribute()) {
    if (attribute.name() == name) return true;
  }
  return false;
}

void Attributes::expect(const std::string& name, std::int64_t value) {
  const std::int64_t found = integer(name, value);
  if (found != value) {
    throw InputError("{}attribute {} is {}, supported is {}", place_, name, found, value);
  }
}

void Attributes::finish() const {
  for (const auto& attribute : node_.attribute()) {
    if (known_.count(attribute.name()) == 0) {
      throw InputError("{}attribute {} is not supported", place_, attribute.name());
    }
  }
}

}  // namespace brownout::network
