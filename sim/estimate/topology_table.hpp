// SPDX-License-Identifier: Apache-2.0
// Lines and cells of a topology file, in the forms that editors and spreadsheets write.
#pragma once

#include <string>
#include <vector>

namespace brownout::estimate {

struct TopologyLine {
  std::string where;  // "file:3"
  std::vector<std::string> cells;
};

/// Lines that hold anything; a line ends in LF, CRLF or CR, "#" and "//" begin a comment line.
/// Cells are separated by commas, or by tabs or semicolons if the first line with any of the three
/// has no comma. Text is UTF-8, or UTF-16 that begins with its byte order mark. InputError for a
/// quoted cell that does not end, and for damaged UTF-16.
std::vector<TopologyLine> topology_lines(const std::string& text, const std::string& name);

}  // namespace brownout::estimate
