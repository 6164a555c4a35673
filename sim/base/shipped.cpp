// SPDX-License-Identifier: Apache-2.0
// Looked for beside the program (installed), above it (a build folder), and where it was built.
#include "sim/base/shipped.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml.hpp"

namespace brownout {

namespace fs = std::filesystem;

namespace {

fs::path folder_of(const ShippedKind& kind) {
  const fs::path program = program_folder();
  for (const fs::path& root : {program / ".." / "share" / "brownout", program / ".." / "..",
                               fs::path(BROWNOUT_SHIPPED_FILES)}) {
    std::error_code error;
    if (fs::is_directory(root / kind.folder, error))
      return fs::weakly_canonical(root / kind.folder);
  }
  return {};
}

bool is_yaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

/// Whether a line of the file begins with `mark`.
bool has_line(const fs::path& file, const std::string& mark) {
  if (mark.empty()) return true;
  const std::string text = read_own_file(file);  // looked at, not an input
  return text.compare(0, mark.size(), mark) == 0 || text.find("\n" + mark) != std::string::npos;
}

bool names_a_file(const std::string& text, const fs::path& folder) {
  std::error_code error;
  return text.empty() || text.find('/') != std::string::npos || is_yaml(text) ||
         fs::is_regular_file(folder / text, error);
}

/// All names, after the nearest one.
std::string suggestion(const std::string& text, const std::vector<std::string>& names) {
  if (names.empty()) return "none are installed";
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  const std::string near = did_you_mean(text, names);
  if (!near.empty()) return near + " There are: " + all;
  std::vector<std::string> longer;  // "lpddr4" for "lpddr4-3200"
  std::copy_if(names.begin(), names.end(), std::back_inserter(longer),
               [&](const std::string& name) { return name.compare(0, text.size(), text) == 0; });
  if (longer.size() == 1)
    return fmt::format("did you mean \"{}\"? There are: {}", longer.front(), all);
  return "there are: " + all;
}

}  // namespace

fs::path program_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

std::vector<fs::path> shipped_files(const ShippedKind& kind) {
  const fs::path folder = folder_of(kind);
  std::vector<fs::path> files;
  if (folder.empty()) return files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml" || !entry.is_regular_file()) continue;
    if (has_line(entry.path(), kind.mark)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string shipped_name(const ShippedKind& kind, const fs::path& file) {
  for (const fs::path& shipped : shipped_files(kind)) {
    std::error_code error;
    if (fs::equivalent(shipped, file, error)) return shipped.stem().string();
  }
  return "";
}

fs::path find_shipped(const ShippedKind& kind, const std::string& text, const std::string& where,
                      const fs::path& folder) {
  if (names_a_file(text, folder)) return folder.empty() ? fs::path(text) : folder / text;
  std::vector<std::string> names;
  for (const fs::path& file : shipped_files(kind)) {
    names.push_back(file.stem().string());
    if (names.back() == text) return file;
  }
  throw InputError("{}: expected a file or the name of a shipped {}, got {}; {}", where, kind.what,
                   in_quotes(text), suggestion(text, names));
}

fs::path shipped_input_file(YamlMap& map, const std::string& key, const ShippedKind& kind) {
  const std::string text = map.text(key);
  const fs::path folder = fs::absolute(map.file()).parent_path();
  if (names_a_file(text, folder)) return map.input_file(key);
  const fs::path file = find_shipped(kind, text, map.where(key), folder);
  note_input(file);
  return file;
}

}  // namespace brownout
