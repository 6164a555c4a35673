// SPDX-License-Identifier: Apache-2.0
// Profile files: what is written is read, h5py reads ours and we read h5py's, bad ones are refused.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

/// A valid file, then `edit` in Python: f is the open file, np is NumPy.
constexpr const char* kWrite = R"(
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'w') as f:
    f.attrs['brownout_profile_format'] = 1
    f.attrs['voltage_unit'] = 'Vmin'
    f.attrs['name'] = 'by h5py'
    f.attrs['origin'] = 'a test'
    f.attrs['synthetic'] = np.bool_(True)
    f.attrs['arrays'], f.attrs['rows'], f.attrs['columns'] = 2, 4, 8
    f.attrs['vmin_volt'] = 0.5
    f['voltages'] = np.array([0.8, 0.9])
    a, b = f.create_group('level_0'), f.create_group('level_1')
    dense01 = np.zeros((2, 4, 8)); dense01[0, 1, 2] = 0.25; dense01[1, 3, 7] = 1
    dense10 = np.zeros((2, 4, 8)); dense10[0, 1, 2] = 0.5
    a['p01'] = dense01; a['p10'] = dense10
    b['cells'] = np.array([3, 63]); b['p01'] = np.array([0, 0.75], 'f4'); b['p10'] = np.array([1, 0], 'f4')
)";

class ProfileFile : public testing::Test {
 protected:
  ProfileFile() : file_(folder_.path() / "chip.h5") {}

  void write_by_h5py(const std::string& edit) {
    ASSERT_EQ(run_python(folder_.path(), kWrite + ("    " + edit + "\n"), file_.string()), 0)
        << edit;
  }
  std::string refusal() {
    try {
      read_profile(file_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }

  TestFolder folder_;
  std::filesystem::path file_;
};

TEST_F(ProfileFile, GivesBackWhatWasWritten) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Profile profile = random_profile(seed, seed % 3 == 0 ? 1000 : 4);
    write_profile(file_, profile);
    EXPECT_TRUE(same(read_profile(file_), profile)) << "seed " << seed;
  }
}

TEST_F(ProfileFile, HasTheSameBytesForTheSameProfile) {
  std::vector<std::string> first;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    write_profile(file_, random_profile(seed));
    first.push_back(read_file(file_));
    EXPECT_EQ(profile_bytes(random_profile(seed), "x"), first.back());
  }
  // HDF5 stores the times of objects in seconds.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    write_profile(folder_.path() / "another.h5", random_profile(seed));
    EXPECT_EQ(read_file(folder_.path() / "another.h5"), first[seed]) << "seed " << seed;
  }
}

TEST_F(ProfileFile, LeavesTheOldFileAndNothingElseWhenAProfileIsBad) {
  write_profile(file_, random_profile(1));
  const std::string once = read_file(file_);
  Profile bad = random_profile(2);
  bad.levels[0].cells.at(0).p01 = 1.5f;
  EXPECT_THROW(write_profile(file_, bad), InputError);
  EXPECT_THROW(write_profile(folder_.path() / "none" / "chip.h5", random_profile(1)), InputError);
  EXPECT_EQ(read_file(file_), once);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(ProfileFile, OfH5pyIsRead) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py is not installed";
  write_by_h5py("pass");
  Profile expected;
  expected.name = "by h5py";
  expected.origin = "a test";
  expected.synthetic = true;
  expected.arrays = 2;
  expected.rows = 4;
  expected.columns = 8;
  expected.vmin_volt = 0.5;
  expected.levels = {{0.8, {{10, 0.25f, 0.5f}, {63, 1.0f, 0.0f}}},
                     {0.9, {{3, 0.0f, 1.0f}, {63, 0.75f, 0.0f}}}};
  EXPECT_TRUE(same(read_profile(file_), expected));
  // What h5py users also write: text of fixed length, big-endian and half-precision numbers,
  // integers as booleans, an array without its first dimension.
  write_by_h5py("f.attrs['name'] = np.bytes_('by h5py'); f.attrs['synthetic'] = 1");
  EXPECT_TRUE(same(read_profile(file_), expected));
  write_by_h5py(
      "del b['p01'], b['cells']; b['p01'] = np.array([0, 0.75], '>f8'); "
      "b['cells'] = np.array([3, 63], '>i2')");
  EXPECT_TRUE(same(read_profile(file_), expected));
  write_by_h5py("del a['p01']; a.create_dataset('p01', data=dense01.astype('f2'), compression=9)");
  EXPECT_TRUE(same(read_profile(file_), expected));
  expected.arrays = 1;
  expected.rows = 8;
  write_by_h5py(
      "f.attrs['arrays'] = 1; f.attrs['rows'] = 8; del a['p01'], a['p10']; "
      "a['p01'] = dense01.reshape(8, 8); a['p10'] = dense10.reshape(8, 8)");
  EXPECT_TRUE(same(read_profile(file_), expected));
}

TEST_F(ProfileFile, OfOursIsReadByH5py) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py is not installed";
  const Profile profile = random_profile(6);
  write_profile(file_, profile);
  const std::string again = (folder_.path() / "again.h5").string();
  ASSERT_EQ(run_python(folder_.path(), R"(
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r') as f, h5py.File(sys.argv[2], 'w') as out:
    assert isinstance(f.attrs['name'], str) and f.attrs['synthetic'] == True
    shape = tuple(int(f.attrs[k]) for k in ('arrays', 'rows', 'columns'))
    for k, v in f.attrs.items(): out.attrs[k] = v
    out['voltages'] = f['voltages'][:]
    for i in range(len(f['voltages'])):
        g = f[f'level_{i}']
        for p in ('p01', 'p10'):
            dense = np.zeros(int(np.prod(shape)), 'f4')
            dense[g['cells'][:]] = g[p][:]
            out[f'level_{i}/{p}'] = dense.reshape(shape)
)",
                       file_.string() + " " + again),
            0);
  EXPECT_TRUE(same(read_profile(again), profile));
}

TEST_F(ProfileFile, RefusesWhatIsNoHdf5) {
  write_bytes(file_, "");
  EXPECT_NE(refusal().find("chip.h5: expected an HDF5 file"), std::string::npos) << refusal();
  write_bytes(file_, "name: chip\n");
  EXPECT_NE(refusal().find("something else"), std::string::npos) << refusal();
  write_profile(file_, random_profile(1));
  const std::string bytes = read_file(file_);
  write_bytes(file_, bytes.substr(0, bytes.size() / 2));
  EXPECT_NE(refusal().find("damaged or truncated"), std::string::npos) << refusal();
  file_ = folder_.path() / "missing.h5";
  EXPECT_NE(refusal().find("missing.h5"), std::string::npos);
}

TEST_F(ProfileFile, RefusesWithPlaceAndExpectation) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py is not installed";
  const struct {
    const char* edit;
    const char* message;
  } cases[] = {
      {"del f.attrs['brownout_profile_format']", "attribute brownout_profile_format: expected it"},
      {"f.attrs['brownout_profile_format'] = 2", "expected 1, got 2"},
      {"f.attrs['voltage_unit'] = 'V'", "expected \"Vmin\""},
      {"f.attrs['name'] = 7", "attribute name: expected text, got integers"},
      {"f.attrs['name'] = 'a\\nb'", "attribute name: expected one line"},
      {"f.attrs['arrays'] = 0", "attribute arrays: expected an integer in [1"},
      {"f.attrs['rows'] = 4.0", "attribute rows: expected an integer, got floating-point"},
      {"f.attrs['rows'] = [4, 4]", "attribute rows: expected one value"},
      {"f.attrs['synthetic'] = 2", "attribute synthetic: expected a boolean"},
      {"f.attrs['vmin_volt'] = np.nan", "vmin_volt: expected a voltage in [0, 100]"},
      {"f['voltages'][:] = [0.9, 0.8]", "voltages[1]: expected increasing voltages, got 0.8"},
      {"f['voltages'][:] = [0.8, 0.8]", "voltages[1]: expected increasing voltages"},
      {"f['voltages'][0] = np.nan", "voltages[0]: expected a voltage in (0, 10] Vmin, got nan"},
      {"del f['voltages']; f['voltages'] = np.array([1, 2])", "voltages: expected floating-point"},
      {"del f['voltages']; f['voltages'] = np.array([.7, .8, .9])", "level_2: expected a group"},
      {"del f['voltages']; f['voltages'] = np.array([.7])",
       "level_1: expected voltages and level_0"},
      {"f['notes'] = 1", "notes: expected voltages and level_0"},
      {"f['level_2'] = h5py.ExternalLink('other.h5', '/')", "got a link to elsewhere"},
      {"del a['p10']", "level_0: expected the data sets p01 and p10"},
      {"del a['p10']; a['p10'] = np.zeros((2, 4, 7))", "level_0: expected p01 and p10 of the same"},
      {"f.attrs['rows'] = 5", "level_0: expected p01 and p10 of the geometry's shape (2, 5, 8)"},
      {"f.attrs['rows'] = 2; f.attrs['columns'] = 16", "geometry's shape"},
      {"del a['p10']; a['p10'] = np.zeros((2, 4, 8), int)", "level_0/p10: expected floating-point"},
      {"a['p01'][0, 0, 0] = 1.001", "level_0/p01: cell 0: expected a probability in [0, 1]"},
      {"a['p10'][1, 3, 7] = -1e-9", "level_0/p10: cell 63: expected a probability"},
      {"a['p10'][1, 0, 0] = np.nan", "level_0/p10: cell 32: expected a probability in [0, 1], got"},
      {"b['p01'][0] = np.inf", "level_1/p01: cell 3: expected a probability"},
      {"b['cells'][1] = 64", "level_1/cells: entry 1: expected a cell below 64"},
      {"b['cells'][0] = -1", "level_1/cells: expected numbers from 0 on, got -1"},
      {"b['cells'][1] = 3", "level_1/cells: entry 1: expected ascending cells, got 3 after 3"},
      {"del b['cells']; b['cells'] = np.array([3., 4.])", "level_1/cells: expected integers"},
      {"del b['p01']; b['p01'] = np.zeros(3)", "level_1: expected cells, p01 and p10 of one"},
      {"del b['p01']; b.create_group('p01')", "level_1/p01: expected a data set"},
  };
  for (const auto& test : cases) {
    write_by_h5py(test.edit);
    EXPECT_NE(refusal().find(test.message), std::string::npos) << test.edit << "\n" << refusal();
    EXPECT_EQ(refusal().find(file_.string()), 0u) << refusal();
  }
}

}  // namespace
}  // namespace brownout::profiles
