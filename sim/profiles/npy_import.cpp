// SPDX-License-Identifier: Apache-2.0
// Importer of .npy pairs.
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/npy_array.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

struct NpyArray {
  std::vector<std::uint64_t> shape;
  std::vector<double> numbers;
};

NpyArray read_npy(const std::filesystem::path& path) {
  const std::unique_ptr<NumberArray> array = open_npy(path);
  if (array->type().is_integer()) {
    throw InputError("{}: expected float16, float32 or float64, got {}", array->where(),
                     array->type().name());
  }
  if (array->shape().size() != 2 && array->shape().size() != 3) {
    throw InputError("{}: expected rows x columns or arrays x rows x columns, got the shape {}",
                     array->where(), array->shape_text());
  }
  return {array->shape(), array->next_numbers(array->size())};
}

}  // namespace

Profile import_npy(const std::vector<VoltageNpy>& files, const ImportInfo& info) {
  Profile profile;
  profile.name = info.name;
  profile.origin = info.origin;
  profile.vmin_volt = info.vmin_volt;
  std::vector<std::uint64_t> shape;
  for (const VoltageNpy& source : files) {
    const NpyArray p01 = read_npy(source.p01);
    const NpyArray p10 = read_npy(source.p10);
    if (p01.shape != p10.shape)
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.p10.string(),
                       source.p01.string(), fmt::join(p01.shape, ", "), fmt::join(p10.shape, ", "));
    if (shape.empty()) {
      shape = p01.shape;
    } else if (p01.shape != shape) {
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.p01.string(),
                       files.front().p01.string(), fmt::join(shape, ", "),
                       fmt::join(p01.shape, ", "));
    }
    ProfileLevel level;
    level.voltage = source.voltage;
    for (std::size_t i = 0; i < p01.numbers.size(); ++i) {
      for (const auto& [array, file] :
           {std::pair(&p01, &source.p01), std::pair(&p10, &source.p10)}) {
        const double p = array->numbers[i];
        if (!(p >= 0.0 && p <= 1.0))  // negated, so that NaN fails too
          throw InputError("{}: number {}: expected a probability in [0, 1], got {}",
                           file->string(), i, p);
      }
      const ProfileCell cell{i, static_cast<float>(p01.numbers[i]),
                             static_cast<float>(p10.numbers[i])};
      if (cell.p01 > 0.0f || cell.p10 > 0.0f) level.cells.push_back(cell);
    }
    profile.levels.push_back(std::move(level));
  }
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  constexpr std::uint64_t kMostPerAxis = 1 << 24;
  for (const std::uint64_t n : shape) {
    if (n > kMostPerAxis)
      throw InputError("{}: expected at most {} arrays, rows and columns, got {}",
                       files.front().p01.string(), kMostPerAxis, n);
  }
  if (!shape.empty()) {
    profile.arrays = static_cast<int>(shape[0]);
    profile.rows = static_cast<int>(shape[1]);
    profile.columns = static_cast<int>(shape[2]);
  } else {
    profile.rows = profile.columns = 1;
  }
  std::sort(profile.levels.begin(), profile.levels.end(),
            [](const ProfileLevel& a, const ProfileLevel& b) { return a.voltage < b.voltage; });
  check_profile(profile, profile.name.empty() ? "imported profile" : profile.name);
  return profile;
}

}  // namespace brownout::profiles
