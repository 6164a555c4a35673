// SPDX-License-Identifier: Apache-2.0
// Test helper: the bytes of .npy, .npz and HDF5 files with arrays of numbers.
#pragma once
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace brownout::arrays {

struct NpyForm {
  int version = 1;
  bool big_endian = false;
};

/// An array as NumPy stores it. `kind`: "u1", "i8", "f4", …; `raw`: its numbers, little endian.
std::string npy_of(const std::string& kind, const std::vector<std::uint64_t>& shape,
                   const std::string& raw, NpyForm form = {});

/// The bytes of numbers.
template <typename Number>
std::string raw_of(const std::vector<Number>& numbers) {
  std::string raw(numbers.size() * sizeof(Number), '\0');
  if (!numbers.empty()) std::memcpy(raw.data(), numbers.data(), raw.size());
  return raw;
}

enum class Packing { kStored, kDeflated, kZip64 };

/// A zip archive of members (name, bytes).
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& members,
                   Packing packing);

/// Writes the data sets (name, kind, shape, raw) into an HDF5 file; compressed ones are chunked.
struct Hdf5Set {
  std::string name, kind;
  std::vector<std::uint64_t> shape;
  std::string raw;
  bool compressed = false;
};
void write_hdf5(const std::filesystem::path& file, const std::vector<Hdf5Set>& sets);

}  // namespace brownout::arrays
