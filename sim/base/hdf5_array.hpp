// SPDX-License-Identifier: Apache-2.0
// A data set of an HDF5 file as an array of numbers.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "sim/base/number_array.hpp"

namespace brownout {

/// The data set `name` of a file; "" is the only member of its root. Whole entries of the first
/// dimension are read. Damaged files may crash the library, so whoever calls it does that within
/// run_isolated.
std::unique_ptr<NumberArray> open_hdf5_array(const std::filesystem::path& file,
                                             const std::string& name);

}  // namespace brownout
