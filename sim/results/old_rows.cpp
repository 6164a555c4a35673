// SPDX-License-Identifier: Apache-2.0
#include "sim/results/old_rows.hpp"

#include <cstdint>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"

namespace brownout::results {

namespace {

/// {"key": …, "row": …, "check": first 16 digits of the hash of the line without "check"}; false
/// for any other text.
bool read_line(const std::string& text, OldRow& row) {
  Json line;
  try {
    line = parse_json(text, "");
  } catch (const InputError&) {
    return false;
  }
  if (!line.is_object() || !line.contains("check") || !line.contains("key") ||
      !line.contains("row") || !line["check"].is_string() || !line["key"].is_string()) {
    return false;
  }
  const std::string check = line["check"];
  line.erase("check");
  if (sha256_hex(json_text(line)).substr(0, 16) != check) return false;
  row.key = line["key"].get<std::string>();
  row.row = json_text(line["row"]);
  return true;
}

}  // namespace

void for_each_old_row(const std::filesystem::path& file, const std::string& what,
                      const std::function<void(OldRow)>& take) {
  const std::string content = read_file(file, UINT64_MAX);
  std::size_t begin = 0;
  for (int number = 1; begin < content.size(); ++number) {
    const std::size_t end = content.find('\n', begin);
    OldRow row;
    row.line = number;
    if (end == std::string::npos || !read_line(content.substr(begin, end - begin), row)) {
      // Only the last line can be torn, because each line was synced before the next one was
      // written.
      if (end != std::string::npos && end + 1 != content.size()) {
        throw InputError(
            "{}:{}: damaged row; expected what a {} wrote. Delete the folder to start anew",
            file.string(), number, what);
      }
      return;
    }
    take(std::move(row));
    begin = end + 1;
  }
}

}  // namespace brownout::results
