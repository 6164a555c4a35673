// SPDX-License-Identifier: Apache-2.0
// Tables with one entry per enumerator, for enums that count from 0 to their last enumerator.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

/// The number of enumerators.
template <auto kLast>
inline constexpr std::size_t kEnumerators = static_cast<std::size_t>(kLast) + 1;

/// The enumerators in order, for loops.
template <auto kLast>
constexpr auto enumerators() {
  std::array<decltype(kLast), kEnumerators<kLast>> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<decltype(kLast)>(i);
  return all;
}

/// An array that is indexed by an enum.
template <auto kLast, class T>
class EnumTable : public std::array<T, kEnumerators<kLast>> {
 public:
  constexpr T& operator[](decltype(kLast) value) {
    return (*this).data()[static_cast<std::size_t>(value)];
  }
  constexpr const T& operator[](decltype(kLast) value) const {
    return (*this).data()[static_cast<std::size_t>(value)];
  }
};

/// Names of an enum in the order of its enumerators. A list of another length does not compile.
template <auto kLast>
class EnumNames {
 public:
  using Enum = decltype(kLast);

  template <std::size_t N>
  constexpr explicit EnumNames(const char* const (&names)[N]) {
    static_assert(N == kEnumerators<kLast>, "one name for each enumerator");
    for (std::size_t i = 0; i < N; ++i) names_[i] = names[i];
  }

  constexpr const char* operator[](Enum value) const {
    return names_[static_cast<std::size_t>(value)];
  }
  /// The enumerator at a position in all().
  constexpr Enum value(std::size_t position) const { return static_cast<Enum>(position); }
  /// The enumerator of a name, if there is one.
  std::optional<Enum> find(std::string_view name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (name == names_[i]) return value(i);
    }
    return std::nullopt;
  }
  std::vector<std::string> all() const { return {names_.begin(), names_.end()}; }

 private:
  std::array<const char*, kEnumerators<kLast>> names_{};
};

}  // namespace brownout
