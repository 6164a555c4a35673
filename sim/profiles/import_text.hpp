// SPDX-License-Identifier: Apache-2.0
// Text files of maps, line by line and field by field.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::profiles {

/// The text of a map. InputError for UTF-16, for NumPy files, and for more than 1 GiB. A mark of
/// UTF-8 at the beginning is removed.
std::string read_map_text(const std::filesystem::path& file);

/// One line after the other, without "\n" or "\r\n".
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool next(std::string_view& line);
  int number() const { return number_; }  // of the line that came last, from 1 on

 private:
  std::string_view rest_;
  int number_ = 0;
};

/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// What separates the fields of a line: ',' if there is one, else ';', else ' ' for blanks and
/// tabs.
char separator_of(std::string_view line);
/// The fields of a line, trimmed and without quotation marks around them. Several blanks are one
/// separator; two commas have an empty field between them.
std::vector<std::string_view> fields_of(std::string_view line, char separator);

}  // namespace brownout::profiles
