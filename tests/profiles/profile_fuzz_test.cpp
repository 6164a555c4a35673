// SPDX-License-Identifier: Apache-2.0
// Damaged profiles, ours and h5py's: every outcome is a valid profile or an InputError.
#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

/// A dense and a sparse level as h5py writes them by default: the oldest structures of the format.
constexpr const char* kWriteByH5py = R"(
import sys, h5py, numpy as np
rng = np.random.default_rng(5)
with h5py.File(sys.argv[1], 'w') as f:
    f.attrs['brownout_profile_format'] = 1
    f.attrs['voltage_unit'] = 'Vmin'
    f.attrs['name'] = 'by h5py'
    f.attrs['origin'] = 'a test'
    f.attrs['synthetic'] = True
    f.attrs['arrays'], f.attrs['rows'], f.attrs['columns'] = 2, 16, 8
    f.attrs['vmin_volt'] = 0.5
    f['voltages'] = np.array([0.8, 0.9])
    g = f.create_group('level_0')
    g['p01'] = rng.random((2, 16, 8)) * (rng.random((2, 16, 8)) < 0.2)
    g['p10'] = np.zeros((2, 16, 8))
    g = f.create_group('level_1')
    cells = np.sort(rng.choice(256, 20, replace=False))
    g.create_dataset('cells', data=cells, compression='gzip')
    g['p01'] = rng.random(20).astype('f4')
    g['p10'] = rng.random(20).astype('f4')
)";

class ProfileFuzz : public testing::Test {
 protected:
  ProfileFuzz() : file_(folder_.path() / "fuzz.h5") {}

  /// Whether the bytes make a profile; any exception but an InputError ends the test.
  bool accepted(const std::string& bytes, std::uint64_t round) {
    write_bytes(file_, bytes);
    try {
      check_profile(read_profile(file_), "a profile that was read");
      return true;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("fuzz.h5"), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "round " << round << ": " << error.what();
    }
    return false;
  }

  /// Flips bits, overwrites runs, truncates; returns how many of the rounds still made a profile.
  std::uint64_t survivors(const std::string& valid, std::uint64_t rounds, std::uint64_t seed) {
    Dice dice(seed);
    std::uint64_t result = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      std::string bytes = valid;
      switch (dice.below(4)) {
        case 0:
          bytes.resize(dice.below(bytes.size()));
          break;
        case 1:
          bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
          break;
        case 2:
          for (int i = 0; i < 8; ++i)
            bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
          break;
        default: {
          const std::uint64_t start = dice.below(bytes.size());
          const char value = dice.below(2) == 0 ? '\0' : '\xff';
          for (std::uint64_t i = start; i < std::min<std::uint64_t>(start + 8, bytes.size()); ++i)
            bytes[i] = value;
        }
      }
      result += accepted(bytes, round) ? 1 : 0;
      if (HasFailure()) break;
    }
    return result;
  }

  TestFolder folder_;
  std::filesystem::path file_;
};

TEST_F(ProfileFuzz, DamagedFilesOfOursAreRefusedOrRead) {
  write_profile(file_, random_profile(3));
  const std::string valid = read_file(file_);
  ASSERT_TRUE(accepted(valid, 0));
  const std::uint64_t rounds = 800;
  // Checksums notice nearly all damage.
  EXPECT_LT(survivors(valid, rounds, 1), rounds / 2);
}

TEST_F(ProfileFuzz, DamagedFilesOfH5pyAreRefusedOrRead) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py is not installed";
  ASSERT_EQ(run_python(folder_.path(), kWriteByH5py, file_.string()), 0);
  const std::string valid = read_file(file_);
  ASSERT_TRUE(accepted(valid, 0));
  EXPECT_LT(survivors(valid, 800, 2), 800u);
}

}  // namespace
}  // namespace brownout::profiles
