// SPDX-License-Identifier: Apache-2.0
// Arrays of NumPy: .npy files of versions 1 to 3, and those within .npz archives. Nothing is ever
// unpickled. Arrays in Fortran order are held in memory as a whole.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/number_array.hpp"

namespace brownout {

/// InputError names the file and what was found: pickled objects, text, a header
/// whose numbers the file is too short (or too long) for, ….
std::unique_ptr<NumberArray> open_npy(const std::filesystem::path& path);

/// The array `name` ("images" or "images.npy") of an archive that numpy.savez or savez_compressed
/// wrote; "" is the only one that there is.
std::unique_ptr<NumberArray> open_npz(const std::filesystem::path& path, const std::string& name);

}  // namespace brownout
