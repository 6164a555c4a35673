// SPDX-License-Identifier: Apache-2.0
// The head of a list of cells: comments that state what the lines with cells cannot, so that the
// list is the whole profile (docs/profile-file.md).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

/// Lines "# name: chip2", with a newline each. The first one says that it is a head.
std::string cells_head(const Profile& profile);

/// Reads a head line by line.
class CellsHeadReader {
 public:
  /// `where` begins the message of an InputError. Comments before and after a head are passed over.
  void read(const std::string& where, std::string_view comment);
  /// The profile without its cells; none if there was no head. InputError if the head lacks a line.
  std::optional<Profile> profile(const std::string& where) const;

 private:
  Profile profile_;
  bool begun_ = false;
  unsigned seen_ = 0;  // bit i: the line with key i
};

}  // namespace brownout::profiles
