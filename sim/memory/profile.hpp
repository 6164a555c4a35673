// SPDX-License-Identifier: Apache-2.0
// A profile: the measured (or generated) bit cells of a chip at each voltage, as the HDF5 files in
// profiles/ store it. Format: docs/profile-file.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace brownout::memory {

/// A cell that may read wrong: p01 = P(reads 1 | 0 stored), p10 = P(reads 0 | 1 stored).
struct ProfileCell {
  std::uint64_t cell = 0;  // (array·rows + row)·columns + column
  float p01 = 0.0f, p10 = 0.0f;
};

/// What was seen at one voltage: cells in ascending order, without those that make no errors.
struct ProfileLevel {
  double voltage = 1.0;  // units of Vmin
  std::vector<ProfileCell> cells;
};

struct Profile {
  std::string name;
  std::string origin;      // who measured or generated it, and how
  bool synthetic = false;  // generated, not measured: every output says so
  int arrays = 1, rows = 0, columns = 0;
  double vmin_volt = 0.0;            // 0: not known
  std::vector<ProfileLevel> levels;  // strictly ascending voltages, at least one

  std::uint64_t cells() const {
    return static_cast<std::uint64_t>(arrays) * static_cast<std::uint64_t>(rows) *
           static_cast<std::uint64_t>(columns);
  }
};

/// From this probability on a cell counts as persistent. Gaussian read noise never reaches 1, so
/// published evaluations put the limit here.
inline constexpr float kPersistentProbability = 0.985f;

/// InputError that names file, data set and place for anything that is not a profile: truncated or
/// foreign files, probabilities outside [0, 1], shapes that differ, voltages that do not ascend,
/// geometry that contradicts the data.
Profile read_profile(const std::filesystem::path& file);
/// The file that holds a profile: the same profile, the same bytes. `where` begins the message of
/// an InputError (check_profile).
std::string profile_bytes(const Profile& profile, const std::string& where);
/// The file is written beside its place and renamed.
void write_profile(const std::filesystem::path& file, const Profile& profile);
/// The same checks on a profile in memory; `where` begins the message.
void check_profile(const Profile& profile, const std::string& where);

}  // namespace brownout::memory
