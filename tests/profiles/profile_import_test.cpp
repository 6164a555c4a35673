// SPDX-License-Identifier: Apache-2.0
// Importers: data in another format are read as they were meant, and bad files are refused.
#include "sim/profiles/profile_import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/base/refusal.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

const ImportInfo kInfo{"imported", "a test", 0.6};

std::string npy(const std::vector<std::uint64_t>& shape, const std::vector<double>& values,
                bool wide, int version) {
  std::string sizes;
  for (const std::uint64_t n : shape) sizes += std::to_string(n) + ", ";
  std::string header = std::string("{'descr': '") + (wide ? "<f8" : "<f4") +
                       "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  while ((header.size() + (version == 1 ? 11 : 13)) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  if (version == 2) bytes += std::string(2, '\0');
  bytes += header;
  for (const double value : values) {
    char raw[8];
    const auto narrow = static_cast<float>(value);
    std::memcpy(raw, wide ? static_cast<const void*>(&value) : &narrow, wide ? 8 : 4);
    bytes.append(raw, wide ? 8 : 4);
  }
  return bytes;
}

class Import : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& bytes) {
    write_bytes(folder_.path() / name, bytes);
    return folder_.path() / name;
  }
  std::string bram(int blocks) { return std::string(static_cast<std::size_t>(blocks) * 4096, 'F'); }

  std::string bram_refusal(const std::string& bytes) {
    return refusal([&] { import_bram_hex({{0.9, file("b.hex", bytes)}}, kInfo); });
  }
  std::string stuck_refusal(const std::string& bytes) {
    return refusal([&] { import_stuck_at({{0.9, file("s.csv", bytes)}}, 3, 4, kInfo); });
  }
  std::string npy_refusal(const std::string& p01, const std::string& p10) {
    return refusal([&] { import_npy({{0.9, file("01.npy", p01), file("10.npy", p10)}}, kInfo); });
  }
  TestFolder folder_;
};

TEST_F(Import, BramHexCountsEveryByteOnce) {
  std::string low = bram(3);
  low.replace(0, 4, "FEFE");                    // row 0: bit 0
  low.replace(4096 * 2 + 4 * 1023, 4, "7d7d");  // last row: bits 7 and 1
  const std::string high = bram(3);
  std::vector<BramTotals> totals;
  const Profile profile =
      import_bram_hex({{0.95, file("high.hex", high)}, {0.9, file("low.hex", low + "\n")}}, kInfo,
                      &totals)
          .profile;
  EXPECT_EQ(profile.arrays, 3);
  EXPECT_EQ(profile.rows, 1024);
  EXPECT_EQ(profile.columns, 8);
  ASSERT_EQ(profile.levels.size(), 2u);
  EXPECT_EQ(profile.levels[0].voltage, 0.9);
  ASSERT_EQ(profile.levels[0].cells.size(), 3u);
  EXPECT_EQ(profile.levels[0].cells[0].cell, 0u);
  EXPECT_EQ(profile.levels[0].cells[0].p01, 0.0f);
  EXPECT_EQ(profile.levels[0].cells[0].p10, 1.0f);
  EXPECT_EQ(profile.levels[0].cells[1].cell, 3u * 8192 - 8 + 1);
  EXPECT_EQ(profile.levels[0].cells[2].cell, 3u * 8192 - 8 + 7);
  EXPECT_TRUE(profile.levels[1].cells.empty());
  EXPECT_EQ(totals[0].faults, 6u);
  EXPECT_EQ(totals[0].real_faults, 3u);
  EXPECT_EQ(totals[0].bits, 3u * 16384);
  EXPECT_EQ(totals[0].real_cells, profile.cells());
  EXPECT_FALSE(profile.synthetic);
}

TEST_F(Import, BramHexOfTheWholeBoardHasBothPublishedSizes) {
  std::vector<BramTotals> totals;
  import_bram_hex({{0.9, file("board.hex", bram(890))}}, kInfo, &totals);
  EXPECT_EQ(totals[0].bits, 14581760u);       // 14.58 Mbit
  EXPECT_EQ(totals[0].real_cells, 7290880u);  // 7.29 Mbit
}

/// A map as the published BRAM files have it: all ones were written, a 0 is a fault, bytes twice.
std::string bram_hex(const Profile& profile, std::size_t level, bool lower_case) {
  std::vector<unsigned> bytes(profile.cells() / 8, 0xff);
  for (const ProfileCell& cell : profile.levels[level].cells)
    bytes[cell.cell / 8] &= ~(1u << cell.cell % 8);
  std::string text;
  for (const unsigned byte : bytes)
    text += lower_case ? fmt::format("{0:02x}{0:02x}", byte) : fmt::format("{0:02X}{0:02X}", byte);
  return text;
}

TEST_F(Import, BramHexGivesBackEveryMap) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    Dice dice(seed + 100);
    Profile profile;
    profile.name = kInfo.name;
    profile.origin = kInfo.origin;
    profile.vmin_volt = kInfo.vmin_volt;
    profile.arrays = 1 + static_cast<int>(dice.below(3));
    profile.rows = 1024;
    profile.columns = 8;
    const std::uint64_t sparsity = 2 + dice.below(300);
    for (const double voltage : {0.8, 0.85, 0.9}) {
      ProfileLevel level;
      level.voltage = voltage;
      for (std::uint64_t cell = 0; cell < profile.cells(); ++cell) {
        if (dice.below(sparsity) == 0) level.cells.push_back({cell, 0.0f, 1.0f});
      }
      profile.levels.push_back(level);
    }
    const char* const ends[] = {"", "\n", "\r\n"};
    std::vector<VoltageFile> files;
    for (std::size_t i = 0; i < 3; ++i)
      files.insert(files.begin() + static_cast<std::ptrdiff_t>(dice.below(files.size() + 1)),
                   {profile.levels[i].voltage,
                    file(std::to_string(i), bram_hex(profile, i, i == 1) + ends[i])});
    std::vector<BramTotals> totals;
    EXPECT_TRUE(same(import_bram_hex(files, kInfo, &totals).profile, profile)) << "seed " << seed;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(totals[i].voltage, profile.levels[i].voltage);
      EXPECT_EQ(totals[i].real_faults, profile.levels[i].cells.size());
      EXPECT_EQ(totals[i].faults, 2 * totals[i].real_faults);
      EXPECT_EQ(totals[i].bits, 2 * totals[i].real_cells);
    }
  }
}

TEST_F(Import, StuckAtGivesBackEveryMapAsCsvAndAsMatrix) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Dice dice(seed + 200);
    Profile profile = random_profile(seed, 3);
    profile.name = kInfo.name;
    profile.origin = kInfo.origin;
    profile.vmin_volt = kInfo.vmin_volt;
    profile.synthetic = false;
    profile.arrays = 1;
    std::vector<VoltageFile> csv, matrix;
    for (ProfileLevel& level : profile.levels) {
      level.cells.erase(
          std::remove_if(level.cells.begin(), level.cells.end(),
                         [&](const ProfileCell& cell) { return cell.cell >= profile.cells(); }),
          level.cells.end());
      std::vector<std::string> lines;
      std::string map(profile.cells(), '.');
      for (ProfileCell& cell : level.cells) {
        const bool one = dice.below(2) == 0;
        cell.p01 = one ? 1.0f : 0.0f;
        cell.p10 = one ? 0.0f : 1.0f;
        map[cell.cell] = one ? '1' : '0';
        const auto columns = static_cast<std::uint64_t>(profile.columns);
        const std::string line = fmt::format(dice.below(2) == 0 ? "{},{},{}" : " {} ,\t{}, {}",
                                             cell.cell / columns, cell.cell % columns, one ? 1 : 0);
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(dice.below(lines.size() + 1)),
                     line);
      }
      const std::string tag = std::to_string(csv.size());
      csv.push_back({level.voltage, file(tag + ".csv", fmt::format("row,column,value\n{}\n",
                                                                   fmt::join(lines, "\n")))});
      std::string rows;
      for (int row = 0; row < profile.rows; ++row) {
        for (int column = 0; column < profile.columns; ++column) {
          rows += map[static_cast<std::size_t>(row * profile.columns + column)];
          if (dice.below(4) == 0) rows += ' ';
        }
        rows += dice.below(5) == 0 ? "\r\n\n" : "\n";
      }
      matrix.push_back({level.voltage, file(tag + ".txt", rows)});
    }
    for (const std::vector<VoltageFile>& files : {csv, matrix}) {
      EXPECT_TRUE(same(
          import_stuck_at(files, profile.rows, profile.columns, kInfo, ZeroMeans::kStuck).profile,
          profile))
          << "seed " << seed;
    }
  }
}

TEST_F(Import, EveryTruncationIsRefusedOrIsASmallerMap) {
  // Whole blocks of a shorter hex file are a smaller board; anything else must be refused.
  const std::string hex = bram(2);
  for (std::size_t size = 0; size < hex.size(); size += size % 4096 == 4095 ? 1 : 97) {
    const std::string found = bram_refusal(hex.substr(0, size));
    if (size > 0 && size % 4096 == 0) {
      EXPECT_EQ(found, "accepted") << size;
    } else {
      EXPECT_NE(found.find("b.hex: expected "), std::string::npos) << size << found;
    }
  }
  const std::string array = npy({2, 3, 4}, std::vector<double>(24, 0.5), true, 1);
  for (std::size_t size = 0; size < array.size(); ++size) {
    const std::string found = npy_refusal(array, array.substr(0, size));
    EXPECT_NE(found.find("10.npy: "), std::string::npos) << size << found;
  }
  EXPECT_EQ(npy_refusal(array, array), "accepted");
  const std::string matrix = "..0.\n....\n1...\n";
  for (std::size_t size = 0; size + 1 < matrix.size(); ++size)
    EXPECT_NE(stuck_refusal(matrix.substr(0, size)).find("expected "), std::string::npos) << size;
}

TEST_F(Import, BramHexRefusesDamage) {
  EXPECT_NE(bram_refusal(bram(1) + "F").find("odd number of hex digits (4097)"), std::string::npos);
  EXPECT_NE(bram_refusal(bram(1) + "FF").find("expected blocks of 1024 rows"), std::string::npos);
  EXPECT_NE(bram_refusal("").find("got 0 digits"), std::string::npos);
  std::string bad = bram(1);
  bad[9] = 'G';
  EXPECT_NE(bram_refusal(bad).find("b.hex: digit 9: expected a hex digit, got \"G\""),
            std::string::npos);
  bad.replace(8, 4, "FFFE");
  EXPECT_NE(bram_refusal(bad).find("row 2 of block 0: expected one byte twice, got \"FFFE\""),
            std::string::npos);
  const auto one = file("1.hex", bram(1));
  const auto two = file("2.hex", bram(2));
  EXPECT_NE(refusal([&] {
              import_bram_hex({{0.8, one}, {0.9, two}}, kInfo);
            }).find("2.hex: expected 1 blocks as in"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              import_bram_hex({{0.8, one}, {0.8, one}}, kInfo);
            }).find("expected increasing voltages"),
            std::string::npos);
  EXPECT_NE(refusal([&] { import_bram_hex({}, kInfo); }).find("at least one voltage"),
            std::string::npos);
}

TEST_F(Import, StuckAtReadsCsvAndMatrixAlike) {
  const auto csv = file("s.csv", "row,column,value\r\n2,3,1\n0, 1 ,0\n\n");
  const auto matrix = file("s.txt", ".0..\n- - . .\n...1\n");
  const Profile a = import_stuck_at({{0.9, csv}}, 3, 4, kInfo).profile;
  const Profile b = import_stuck_at({{0.9, matrix}}, 3, 4, kInfo).profile;
  EXPECT_TRUE(same(a, b));
  ASSERT_EQ(a.levels[0].cells.size(), 2u);
  EXPECT_EQ(a.levels[0].cells[0].cell, 1u);
  EXPECT_EQ(a.levels[0].cells[0].p10, 1.0f);
  EXPECT_EQ(a.levels[0].cells[0].p01, 0.0f);
  EXPECT_EQ(a.levels[0].cells[1].cell, 11u);
  EXPECT_EQ(a.levels[0].cells[1].p01, 1.0f);
  EXPECT_TRUE(import_stuck_at({{0.9, file("e.csv", "row,column,value\n")}}, 8192, 128, kInfo)
                  .profile.levels[0]
                  .cells.empty());
}

TEST_F(Import, StuckAtRefusesDamage) {
  for (const char* text : {"3,0,1\n", "0,4,1\n", "0,0,2\n", "-1,0,1\n", "0,5\n", "0,0,1,5\n",
                           "0,0,x\n", "0,,1\n", "0,0,1.0\n", "0,0,1\nrow,column,value\n"})
    EXPECT_NE(stuck_refusal(text).find("expected row,column,value with a row below 3"),
              std::string::npos)
        << text << stuck_refusal(text);
  EXPECT_NE(stuck_refusal("0,1,1\n0,1,0\n").find("each cell once, got row 0, column 1 again"),
            std::string::npos);
  EXPECT_NE(stuck_refusal("....\n....\n").find("expected 3 rows, got 2"), std::string::npos);
  EXPECT_NE(stuck_refusal("....\n....\n....\n....\n").find("s.csv:4: expected 3 rows, got more"),
            std::string::npos);
  EXPECT_NE(stuck_refusal("....\n...\n....\n").find("s.csv:2: expected 4 cells, got 3"),
            std::string::npos);
  EXPECT_NE(stuck_refusal("..2.\n....\n....\n").find("got \"2\""), std::string::npos);
}

TEST_F(Import, NpyReadsWhatNumpyWrites) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py and python3-numpy are not installed";
  ASSERT_EQ(run_python(folder_.path(), R"(
import sys, numpy as np
a = np.zeros((2, 3, 4)); a[0, 1, 2] = 0.5; a[1, 2, 3] = 1
np.save(sys.argv[1] + '/a.npy', a); np.save(sys.argv[1] + '/b.npy', a.astype('f4') / 4)
)",
                       folder_.path().string()),
            0);
  const Profile profile =
      import_npy({{0.9, folder_.path() / "a.npy", folder_.path() / "b.npy"}}, kInfo).profile;
  EXPECT_EQ(profile.arrays, 2);
  EXPECT_EQ(profile.rows, 3);
  EXPECT_EQ(profile.columns, 4);
  ASSERT_EQ(profile.levels[0].cells.size(), 2u);
  EXPECT_EQ(profile.levels[0].cells[0].cell, 6u);
  EXPECT_EQ(profile.levels[0].cells[0].p01, 0.5f);
  EXPECT_EQ(profile.levels[0].cells[0].p10, 0.125f);
  EXPECT_EQ(profile.levels[0].cells[1].cell, 23u);
}

TEST_F(Import, NpyGivesBackEveryDenseMap) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Profile profile = random_profile(seed, 3);
    profile.name = kInfo.name;
    profile.origin = kInfo.origin;
    profile.vmin_volt = kInfo.vmin_volt;
    profile.synthetic = false;
    std::vector<VoltagePair> files;
    for (const ProfileLevel& level : profile.levels) {
      std::vector<double> p01(profile.cells()), p10(profile.cells());
      for (const ProfileCell& cell : level.cells) {
        p01[cell.cell] = double{cell.p01};
        p10[cell.cell] = double{cell.p10};
      }
      std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(profile.arrays),
                                       static_cast<std::uint64_t>(profile.rows),
                                       static_cast<std::uint64_t>(profile.columns)};
      if (profile.arrays == 1) shape.erase(shape.begin());
      const std::string tag = std::to_string(files.size());
      files.insert(files.begin(),
                   {level.voltage, file(tag + "a", npy(shape, p01, seed % 2 == 0, 1)),
                    file(tag + "b", npy(shape, p10, seed % 3 == 0, 2))});
    }
    EXPECT_TRUE(same(import_npy(files, kInfo).profile, profile)) << "seed " << seed;
  }
}

TEST_F(Import, NpyRefusesDamage) {
  const std::string good = npy({1, 2, 2}, {0, 0, 0.5, 1}, false, 1);
  EXPECT_EQ(npy_refusal(good, good), "accepted");
  const auto expect = [&](const std::string& bytes, const std::string& message) {
    EXPECT_NE(npy_refusal(bytes, good).find(message), std::string::npos)
        << npy_refusal(bytes, good);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  expect("", "01.npy: expected a NumPy .npy file");
  expect(good + "x", "expected 16 bytes of data for the shape (1, 2, 2), got 17");
  expect(good.substr(0, good.size() - 1), "got 15");
  expect(good.substr(0, 30), "ends inside its header");
  expect(with("<f4", "<i4"), "number 2: expected a probability in [0, 1], got 1056964608");
  expect(with("'<f4'", "'|O' "), "expected numbers, found pickled objects");
  expect(with("descr", "dexcr"), "expected the keys");
  expect(with("(1, 2, 2, )", "(4,       )"), "expected rows x columns");
  expect(with("(1, 2, 2, )", "(1, 4, 1, )"), "expected the shape of");
  expect(with(std::string("\x01", 1) + '\0', std::string("\x04", 1) + '\0'), "got 4.0");
  expect(npy({1, 2, 2}, {0, 0, 1.5, 1}, false, 1), "number 2: expected a probability in [0, 1]");
  expect(npy({1, 2, 2}, {0, -1e-300, 0, 1}, true, 1), "number 1: expected a probability");
  expect(npy({1, 2, 2}, {std::nan(""), 0, 0, 1}, true, 1), "number 0: expected a probability");
  expect(npy({0, 2, 2}, {}, true, 1), "expected numbers, found none: the shape is (0, 2, 2)");
}

TEST_F(Import, DamagedFilesAreRefusedOrRead) {
  Dice dice(9);
  const std::string maps[] = {bram(1), "row,column,value\n2,3,1\n0,1,0\n1,1,1\n",
                              ".0..\n--..\n...1\n",
                              npy({1, 3, 4}, std::vector<double>(12, 0.5), true, 1)};
  int accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    const int kind = round % 4;
    std::string bytes = maps[kind];
    if (dice.below(3) == 0) bytes.resize(dice.below(bytes.size()));
    for (std::uint64_t i = dice.below(4); i > 0 && !bytes.empty(); --i) {
      const bool plausible = dice.below(2) == 0;
      bytes[dice.below(bytes.size())] = plausible ? "0123456789,.-(){}'\n fF"[dice.below(22)]
                                                  : static_cast<char>(dice.below(256));
    }
    const auto path = file("fuzz", bytes);
    try {
      Profile profile;
      if (kind == 0) profile = import_bram_hex({{0.9, path}}, kInfo).profile;
      if (kind == 1 || kind == 2) profile = import_stuck_at({{0.9, path}}, 3, 4, kInfo).profile;
      if (kind == 3) profile = import_npy({{0.9, path, path}}, kInfo).profile;
      check_profile(profile, "imported");
      ++accepted;
    } catch (const InputError& error) {
      ASSERT_NE(std::string(error.what()).find("fuzz"), std::string::npos) << error.what();
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 3900);
}

}  // namespace
}  // namespace brownout::profiles
