// SPDX-License-Identifier: Apache-2.0
// Sizes and conversions of constants.
#include "sim/import/tensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/base/error.hpp"

namespace brownout::importing {

namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 31;

template <typename T>
std::vector<T> converted(const Tensor::Data& data) {
  return std::visit(
      [](const auto& elements) {
        std::vector<T> result;
        result.reserve(elements.size());
        for (const auto element : elements) result.push_back(static_cast<T>(element));
        return result;
      },
      data);
}

}  // namespace

std::string to_string(const Dims& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

std::int64_t element_count(const Dims& dims, const std::string& place) {
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) {
    if (extent < 0 || extent > kMostElements || count * extent > kMostElements) {
      throw InputError("{}: found dimensions {}, expected at most 2^31 elements", place,
                       to_string(dims));
    }
    count *= extent;
  }
  return count;
}

std::int64_t Tensor::size() const {
  return std::visit([](const auto& elements) { return static_cast<std::int64_t>(elements.size()); },
                    data);
}

std::vector<std::int64_t> Tensor::integers() const { return converted<std::int64_t>(data); }

std::vector<float> Tensor::floats() const { return converted<float>(data); }

Tensor float_tensor(Dims dims, std::vector<float> data) {
  return {std::move(dims), {std::move(data)}};
}

Tensor integer_tensor(Dims dims, std::vector<std::int64_t> data) {
  return {std::move(dims), {std::move(data)}};
}

Tensor integer_tensor(std::vector<std::int64_t> data) {
  Dims dims{static_cast<std::int64_t>(data.size())};
  return integer_tensor(std::move(dims), std::move(data));
}

}  // namespace brownout::importing
