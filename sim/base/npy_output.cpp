// SPDX-License-Identifier: Apache-2.0
// A header in Python's notation, padded to 64 bytes, then the numbers.
#include "sim/base/npy_output.hpp"

#include <fmt/ranges.h>

#include "sim/base/error.hpp"

namespace brownout {

std::string npy_bytes(const std::vector<std::int64_t>& dims, const std::vector<float>& numbers) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "<f4");
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) count *= extent;
  BROWNOUT_CHECK(count == static_cast<std::int64_t>(numbers.size()), "{} numbers, {} elements",
                 numbers.size(), count);
  constexpr std::size_t kPrefix = 10;  // magic, version, length of the header
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(dims, ", "), dims.size() == 1 ? "," : "");
  header.append(63 - (kPrefix + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  const void* data = numbers.data();
  bytes.append(static_cast<const char*>(data), numbers.size() * sizeof(float));
  return bytes;
}

}  // namespace brownout
