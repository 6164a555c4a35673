// SPDX-License-Identifier: Apache-2.0
// Bytes within a page, RFC 4648.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace brownout::report {

inline std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) -> std::uint32_t { return k < bytes.size() ? bytes[k] : 0; };
    const std::uint32_t three = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (int digit = 3; digit >= 0; --digit) out += kDigits[three >> (6 * digit) & 63];
  }
  for (std::size_t i = bytes.size() % 3; i != 0 && i < 3; ++i) out[out.size() - (3 - i)] = '=';
  return out;
}

}  // namespace brownout::report
