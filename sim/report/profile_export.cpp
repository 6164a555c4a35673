// SPDX-License-Identifier: Apache-2.0
// CSV and NumPy's file format.
#include "sim/report/profile_export.hpp"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "sim/base/error.hpp"

namespace brownout::report {

std::string profile_csv(const profiles::Profile& profile) {
  const auto columns = static_cast<std::uint64_t>(profile.columns);
  const auto rows = static_cast<std::uint64_t>(profile.rows);
  std::string text = "voltage,array,row,column,p01,p10\n";
  for (const profiles::ProfileLevel& level : profile.levels) {
    for (const profiles::ProfileCell& cell : level.cells) {
      const std::uint64_t line = cell.cell / columns;
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{}\n", level.voltage, line / rows,
                     line % rows, cell.cell % columns, cell.p01, cell.p10);
    }
  }
  return text;
}

std::string profile_npy(const profiles::Profile& profile, const profiles::ProfileLevel& level,
                        bool p01) {
  static_assert(sizeof(float) == 4);
  BROWNOUT_CHECK(profile.cells() <= kMostNpyCells, "{} cells", profile.cells());
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}, {}), }}",
                  profile.arrays, profile.rows, profile.columns);
  // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  const std::size_t data = file.size();
  file.resize(data + profile.cells() * sizeof(float), '\0');
  for (const profiles::ProfileCell& cell : level.cells) {
    const float p = p01 ? cell.p01 : cell.p10;
    std::memcpy(file.data() + data + cell.cell * sizeof(float), &p, sizeof p);
  }
  return file;
}

}  // namespace brownout::report
