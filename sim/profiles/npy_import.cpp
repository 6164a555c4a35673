// SPDX-License-Identifier: Apache-2.0
// Importer of .npy pairs.
#include <fmt/ranges.h>

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/npy_array.hpp"
#include "sim/profiles/profile_format.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

struct DenseMap {
  std::vector<std::uint64_t> shape;
  std::vector<double> numbers;
};

DenseMap read_dense_map(const std::filesystem::path& path) {
  const std::unique_ptr<NumberArray> array = open_npy(path);
  if (array->shape().size() != 2 && array->shape().size() != 3) {
    throw InputError("{}: expected rows x columns or arrays x rows x columns, got the shape {}",
                     array->where(), array->shape_text());
  }
  DenseMap map{array->shape(), array->next_numbers(array->size())};
  for (std::size_t i = 0; i < map.numbers.size(); ++i) {
    const double p = map.numbers[i];
    if (!(p >= 0.0 && p <= 1.0))  // negated, so that NaN fails too
      throw InputError("{}: number {}: expected a probability in [0, 1], got {}", array->where(), i,
                       p);
  }
  return map;
}

}  // namespace

Imported import_npy(const std::vector<VoltagePair>& files, const ImportInfo& info) {
  Imported result{profile_of(info), {}};
  Profile& profile = result.profile;
  std::vector<std::uint64_t> shape;
  for (const VoltagePair& source : files) {
    const DenseMap p01 = read_dense_map(source.first);
    const DenseMap p10 = read_dense_map(source.second);
    if (p01.shape != p10.shape)
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.second.string(),
                       source.first.string(), fmt::join(p01.shape, ", "),
                       fmt::join(p10.shape, ", "));
    if (shape.empty()) {
      shape = p01.shape;
    } else if (p01.shape != shape) {
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.first.string(),
                       files.front().first.string(), fmt::join(shape, ", "),
                       fmt::join(p01.shape, ", "));
    }
    ProfileLevel level{source.voltage, {}};
    for (std::size_t i = 0; i < p01.numbers.size(); ++i) {
      const ProfileCell cell{i, static_cast<float>(p01.numbers[i]),
                             static_cast<float>(p10.numbers[i])};
      if (cell.p01 > 0.0f || cell.p10 > 0.0f) level.cells.push_back(cell);
    }
    profile.levels.push_back(std::move(level));
  }
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  for (const std::uint64_t n : shape) {
    if (n > static_cast<std::uint64_t>(kMostPerAxis))
      throw InputError("{}: expected at most {} arrays, rows and columns, got {}",
                       files.front().first.string(), kMostPerAxis, n);
  }
  if (!shape.empty()) {
    profile.arrays = static_cast<int>(shape[0]);
    profile.rows = static_cast<int>(shape[1]);
    profile.columns = static_cast<int>(shape[2]);
  } else {
    profile.rows = profile.columns = 1;
  }
  finish_import(result);
  return result;
}

}  // namespace brownout::profiles
