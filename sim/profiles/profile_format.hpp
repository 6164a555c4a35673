// SPDX-License-Identifier: Apache-2.0
// What the reader and the writer of profile files share: format 1 of docs/profile-file.md.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "sim/base/error.hpp"

namespace brownout::profiles {

inline constexpr std::int64_t kProfileFormat = 1;
inline constexpr const char* kVoltageUnit = "Vmin";
inline constexpr std::int64_t kMostPerAxis = 1 << 24;
inline constexpr std::uint64_t kMostProfileCells = 1ull << 34;

inline std::string level_name(std::size_t index) { return fmt::format("level_{}", index); }

/// The HDF5 library has global state, so only one user at a time.
inline std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace brownout::profiles
