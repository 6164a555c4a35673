// SPDX-License-Identifier: Apache-2.0
// How far a program is, as a line that another program reads: one JSON object.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brownout {

struct ProgressReport {
  std::string title;  // what the program does
  std::int64_t done = 0;
  std::int64_t total = 1;
  std::string note;      // for people
  double seconds = 0.0;  // since it began
  std::optional<double> seconds_left;

  double share() const;  // in [0, 1]
};

/// {"progress":"train","done":42,"total":280,"note":"epoch 2","seconds":3.5,"seconds_left":19.8},
/// with a newline at the end. What is not known is null.
std::string progress_line(const ProgressReport& report);

/// Exactly one such line. InputError, which begins with `where`, for anything else.
ProgressReport read_progress_line(std::string_view line, const std::string& where);

}  // namespace brownout
