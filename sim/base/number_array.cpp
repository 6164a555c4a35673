// SPDX-License-Identifier: Apache-2.0
// Numbers of every type as double, or as int64_t.
#include "sim/base/number_array.hpp"

#include <fmt/ranges.h>

#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/half.hpp"

namespace brownout {

namespace {

constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 62;

template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_same_v<From, std::uint64_t> && std::is_same_v<To, std::int64_t>) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    return value > static_cast<std::uint64_t>(kMost) ? kMost : static_cast<std::int64_t>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename From, typename To>
void convert(const std::string& raw, std::vector<To>& to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, raw.data() + i * sizeof value, sizeof value);
    to[i] = converted<To>(value);
  }
}

}  // namespace

std::string NumberType::name() const {
  if (kind == Kind::kBoolean) return "bool";
  const char* const kinds[] = {"uint", "int", "float"};
  return fmt::format("{}{}", kinds[static_cast<int>(kind)], 8 * bytes);
}

NumberArray::NumberArray(std::string where, NumberType type, std::vector<std::uint64_t> shape)
    : where_(std::move(where)), type_(type), shape_(std::move(shape)) {
  for (const std::uint64_t extent : shape_) {
    if (extent == 0) {
      throw InputError("{}: expected numbers, found none: the shape is {}", where_, shape_text());
    }
    if (size_ > kMostNumbers / extent) {
      throw InputError("{}: found the shape {}, which no file can hold", where_, shape_text());
    }
    size_ *= extent;
  }
}

std::string NumberArray::shape_text() const { return fmt::format("({})", fmt::join(shape_, ", ")); }

template <typename To>
std::vector<To> NumberArray::next(std::size_t count) {
  BROWNOUT_CHECK(count <= size_ - done_, "{} of {} numbers after {}", count, size_, done_);
  done_ += count;
  std::string raw(count * static_cast<std::size_t>(type_.bytes), '\0');
  next_raw(count, raw.data());
  std::vector<To> result(count);
  const auto of_size = [&](auto one, auto two, auto four, auto eight) {
    switch (type_.bytes) {
      case 1:
        return convert<decltype(one)>(raw, result);
      case 2:
        return convert<decltype(two)>(raw, result);
      case 4:
        return convert<decltype(four)>(raw, result);
      default:
        return convert<decltype(eight)>(raw, result);
    }
  };
  if (type_.kind == NumberType::Kind::kUnsigned || type_.kind == NumberType::Kind::kBoolean) {
    of_size(std::uint8_t{}, std::uint16_t{}, std::uint32_t{}, std::uint64_t{});
  } else if (type_.kind == NumberType::Kind::kSigned) {
    of_size(std::int8_t{}, std::int16_t{}, std::int32_t{}, std::int64_t{});
  } else if (type_.bytes == 2) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, raw.data() + i * sizeof bits, sizeof bits);
      result[i] = static_cast<To>(from_half(bits));
    }
  } else if (type_.bytes == 4) {
    convert<float>(raw, result);
  } else {
    convert<double>(raw, result);
  }
  return result;
}

std::vector<double> NumberArray::next_numbers(std::size_t count) { return next<double>(count); }

std::vector<std::int64_t> NumberArray::next_integers(std::size_t count) {
  BROWNOUT_CHECK(type_.is_integer(), "{}", type_.name());
  return next<std::int64_t>(count);
}

void NumberArray::next_bytes(std::size_t count, std::uint8_t* to) {
  BROWNOUT_CHECK(type_.kind == NumberType::Kind::kUnsigned && type_.bytes == 1, "{}", type_.name());
  BROWNOUT_CHECK(count <= size_ - done_, "{} of {} numbers after {}", count, size_, done_);
  done_ += count;
  next_raw(count, reinterpret_cast<char*>(to));
}

}  // namespace brownout
