// SPDX-License-Identifier: Apache-2.0
// Hexadecimal digits in text files: a stream, lines of words, or a file of $readmemh.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::profiles {

/// Digits between blanks, ends of lines and comments.
struct HexRun {
  std::string_view digits;    // hexadecimal ones, and those of `also`
  std::uint64_t address = 0;  // of the @address right before it
  bool has_address = false;   // whether there is one
  int line = 1;               // from 1 on
  std::size_t column = 0;     // of its first digit in the line, from 0 on
};

/// The runs of a file in their order. Comments (// and /* */) and "0x" before digits are passed
/// over. InputError for other characters than those of `also`, for a comment that does not end, and
/// for an address without digits after it or above 2^40.
std::vector<HexRun> hex_runs(const std::string& name, std::string_view text,
                             std::string_view also = "");

/// "a.hex:3: digit 8"; "a.hex: digit 8" in a file of one line.
std::string hex_place(const std::string& name, bool one_line, const HexRun& run, std::size_t digit);

/// 0 to 15, or -1 for what is no hexadecimal digit.
int hex_value(char digit);

}  // namespace brownout::profiles
