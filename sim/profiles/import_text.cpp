// SPDX-License-Identifier: Apache-2.0
// Lines and fields of text files.
#include "sim/profiles/import_text.hpp"

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::profiles {

std::string read_map_text(const std::filesystem::path& file) {
  constexpr std::uint64_t kMostTextBytes = 1ull << 30;
  constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
  std::string text = read_file(file, kMostTextBytes);
  if (text.rfind("\x93NUMPY", 0) == 0) {
    throw InputError("{}: expected text, got a NumPy file; maps of that kind are imported as npy",
                     file.string());
  }
  if (looks_like_utf16(text)) {
    throw InputError("{}: expected text in UTF-8, got UTF-16", file.string());
  }
  if (text.compare(0, kUtf8Mark.size(), kUtf8Mark) == 0) text.erase(0, kUtf8Mark.size());
  return text;
}

bool Lines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++number_;
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char separator_of(std::string_view line) {
  if (line.find(',') != std::string_view::npos) return ',';
  return line.find(';') != std::string_view::npos ? ';' : ' ';
}

std::vector<std::string_view> fields_of(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  const std::string_view ends(separator == ' ' ? " \t" : separator == ',' ? "," : ";");
  std::string_view rest = trimmed(line);
  while (true) {
    const std::size_t end = rest.find_first_of(ends);
    std::string_view field = trimmed(rest.substr(0, end));
    if (field.size() > 1 && field.front() == '"' && field.back() == '"') {
      field = trimmed(field.substr(1, field.size() - 2));
    }
    fields.push_back(field);
    if (end == std::string_view::npos) return fields;
    rest = rest.substr(end + 1);
    if (separator == ' ') rest = trimmed(rest);
  }
}

}  // namespace brownout::profiles
