// SPDX-License-Identifier: Apache-2.0
// Common leading and trailing parts of names.
#include "sim/report/names.hpp"

#include <algorithm>

#include "sim/base/text.hpp"

namespace brownout::report {

namespace {

using Parts = std::vector<std::string>;

Parts split(const std::string& name) {
  Parts parts{""};
  for (const char c : name) {
    if (c == '-') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string join(const Parts& parts, std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t i = first; i < last; ++i) text += (i == first ? "" : "-") + parts[i];
  return text;
}

}  // namespace

ShortNames short_names(const std::vector<std::string>& names) {
  ShortNames result{names, ""};
  if (names.size() < 2) return result;
  std::vector<Parts> all;
  std::size_t shortest = std::string::npos;
  for (const std::string& name : names) {
    all.push_back(split(name));
    shortest = std::min(shortest, all.back().size());
  }
  const Parts& one = all[0];
  std::size_t front = 0;
  std::size_t back = 0;
  const auto shared_front = [&](const Parts& p) { return p[front] == one[front]; };
  const auto shared_back = [&](const Parts& p) {
    return p[p.size() - 1 - back] == one[one.size() - 1 - back];
  };
  while (front + 1 < shortest && std::all_of(all.begin(), all.end(), shared_front)) ++front;
  while (front + back + 1 < shortest && std::all_of(all.begin(), all.end(), shared_back)) ++back;
  if (front + back == 0) return result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    result.names[i] = join(all[i], front, all[i].size() - back);
  }
  result.pattern = join(one, 0, front) + (front > 0 ? "-*" : "*") + (back > 0 ? "-" : "") +
                   join(one, one.size() - back, one.size());
  return result;
}

std::string chips_title(std::int64_t chips, const std::string& chip_note) {
  if (chip_note.empty()) return counted(chips, "random chip");
  return counted(chips, "place") + " of one die, " + chip_note.substr(0, chip_note.find(':'));
}

}  // namespace brownout::report
