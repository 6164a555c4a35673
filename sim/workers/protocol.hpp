// SPDX-License-Identifier: Apache-2.0
// What ranks say to each other: a letter, then text.
#pragma once
#include <string>
#include <utility>

namespace brownout::workers {

// To rank 0.
inline constexpr char kHello = 'h';  // identity, JSON
inline constexpr char kFind = 'f';   // key
inline constexpr char kAdd = 'a';    // key, line break, row
inline constexpr char kDone = 'd';   // the job
inline constexpr char kError = 'e';  // exit code, line break, message
inline constexpr char kBye = 'b';    // the last message of a rank that was told to stop
// From rank 0.
inline constexpr char kJob = 'j';    // the job
inline constexpr char kFound = 'r';  // the row
inline constexpr char kNone = 'n';   // there is no such row
inline constexpr char kStop = 's';   // exit code

inline std::string message(char kind, const std::string& text = "") { return kind + text; }

/// "first\nsecond".
inline std::pair<std::string, std::string> two_parts(const std::string& text) {
  const std::size_t end = text.find('\n');
  return {text.substr(0, end), end == std::string::npos ? "" : text.substr(end + 1)};
}

}  // namespace brownout::workers
