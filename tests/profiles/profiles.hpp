// SPDX-License-Identifier: Apache-2.0
// Test helpers: small random profiles, folders that are removed at the end, scripts with h5py.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim/base/random.hpp"
#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "brownout-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : philox_(seed, Purpose::kTest) {}
  std::uint64_t below(std::uint64_t limit) { return philox_(counter_++, 78)[0] % limit; }

 private:
  Philox philox_;
  std::uint64_t counter_ = 0;
};

/// Some arrays, rows, columns and voltages; about one cell in `sparsity` errs.
inline Profile random_profile(std::uint64_t seed, std::uint64_t sparsity = 8) {
  Dice dice(seed);
  Profile profile;
  profile.name = "random " + std::to_string(seed);
  profile.origin = "made by a test: \xc3\xa4 \xe2\x82\xac";
  profile.synthetic = seed % 2 == 0;
  profile.arrays = 1 + static_cast<int>(dice.below(3));
  profile.rows = 1 + static_cast<int>(dice.below(20));
  profile.columns = 1 + static_cast<int>(dice.below(20));
  profile.vmin_volt = static_cast<double>(dice.below(4)) * 0.2;
  const std::uint64_t levels = 1 + dice.below(4);
  for (std::uint64_t i = 0; i < levels; ++i) {
    ProfileLevel level;
    level.voltage = 0.7 + 0.05 * static_cast<double>(i) + 1e-3 * static_cast<double>(dice.below(9));
    for (std::uint64_t cell = 0; cell < profile.cells(); ++cell) {
      if (dice.below(sparsity) != 0) continue;
      level.cells.push_back({cell, static_cast<float>(dice.below(257)) / 256.0f,
                             static_cast<float>(1 + dice.below(256)) / 256.0f});
    }
    profile.levels.push_back(level);
  }
  return profile;
}

inline bool same(const Profile& a, const Profile& b) {
  if (a.name != b.name || a.origin != b.origin || a.synthetic != b.synthetic ||
      a.arrays != b.arrays || a.rows != b.rows || a.columns != b.columns ||
      a.vmin_volt != b.vmin_volt || a.levels.size() != b.levels.size())
    return false;
  for (std::size_t i = 0; i < a.levels.size(); ++i) {
    const ProfileLevel& x = a.levels[i];
    const ProfileLevel& y = b.levels[i];
    if (x.voltage != y.voltage || x.cells.size() != y.cells.size()) return false;
    for (std::size_t k = 0; k < x.cells.size(); ++k) {
      if (x.cells[k].cell != y.cells[k].cell || x.cells[k].p01 != y.cells[k].p01 ||
          x.cells[k].p10 != y.cells[k].p10)
        return false;
    }
  }
  return true;
}

/// python3 with h5py and NumPy, or not.
inline bool have_h5py() {
  return std::system("/usr/bin/python3 -c 'import h5py, numpy' >/dev/null 2>&1") == 0;
}

/// Runs a script with arguments; its exit status.
inline int run_python(const std::filesystem::path& folder, const std::string& script,
                      const std::string& arguments) {
  write_bytes(folder / "script.py", script);
  return std::system(
      ("/usr/bin/python3 '" + (folder / "script.py").string() + "' " + arguments).c_str());
}

}  // namespace brownout::profiles
