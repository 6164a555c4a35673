// SPDX-License-Identifier: Apache-2.0
// How much a faulty cell costs, by the tensor and the bit position that it holds. `brownout
// sensitivity` measures it; a placement by sensitivity reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/mitigation/repair.hpp"

namespace brownout::weights {

/// Points of error that wrong bits cost when only one group of cells fails.
struct GroupSensitivity {
  double rise_points = 0.0;      // mean error over the chips less the clean error; noise below 0
  double bits_wrong_mean = 0.0;  // over the chips
  double per_bit_points = 0.0;   // of one wrong bit; 0 when none was wrong
};

struct TensorSensitivity : GroupSensitivity {
  std::string name;
  int bits = 0;  // of a code
  std::int64_t codes = 0;
};

/// The sensitivity of one network.
struct Sensitivity {
  std::string model, model_sha256;
  double rate = 0.0;  // of the cells of a group
  std::int64_t chips = 0, images = 0;
  std::uint64_t seed = 0;                  // chips random:seed … random:seed+chips-1
  double err = 0.0;                        // clean, percent
  std::vector<TensorSensitivity> tensors;  // all coded ones, in code order
  std::vector<GroupSensitivity> bits;      // by bit position, 0 the lowest, over all tensors
};

/// The sensitivity of one network from a file that may hold several. InputError (file, place) for
/// anything but what `brownout sensitivity` writes, for a file without this network (with a list of
/// the networks in it), and for tensors that are not the network's.
Sensitivity read_sensitivity(const std::filesystem::path& file, const std::string& model_sha256,
                             const network::Network& network);

/// Cost of a faulty cell, summed over the cells of each array's data columns (arrays × 64). It is
/// the tensor's points per bit, times those of the bit position relative to the mean over the
/// code's positions; values below 0 count as 0. The cost of a cell that holds several codes is
/// their sum. The largest cost of a cell is 2²⁸, and the others are rounded to integers relative to
/// it, so that sums are exact.
std::vector<std::uint64_t> column_sensitivity(const network::Network& network,
                                              const mapping::Placement& placement,
                                              const Sensitivity& sensitivity,
                                              const mitigation::ArrayGeometry& geometry,
                                              std::uint32_t arrays);

}  // namespace brownout::weights
