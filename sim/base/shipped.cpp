// SPDX-License-Identifier: Apache-2.0
// Looked for in the folders above this code (an installation or a source tree), which may be the
// program or a shared library, then above the program, then where it was built.
#include "sim/base/shipped.hpp"

#include <dlfcn.h>
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

/// Folder of the program or shared library that this function is part of; "" when unknown.
fs::path code_folder() {
  static const char here = 0;
  Dl_info info{};
  if (::dladdr(&here, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : file.parent_path();
}

struct Place {
  fs::path folder;  // that holds configs, models and profiles
  bool installed;   // else a source tree
};

bool is_source_tree(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "sim" / "base" / "shipped.cpp", error);
}

std::vector<Place> find_places() {
  std::vector<Place> places;
  const auto add = [&](const fs::path& folder, bool installed) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) return;
    places.push_back({fs::weakly_canonical(folder, error), installed});
  };
  for (fs::path start : {code_folder(), program_folder()}) {
    for (; !start.empty(); start = start == start.root_path() ? fs::path() : start.parent_path()) {
      if (is_source_tree(start)) add(start, false);
      add(start / "share" / "brownout", true);
    }
  }
  const fs::path built = BROWNOUT_SHIPPED_FILES;
  add(built, !is_source_tree(built));
  return places;
}

/// The nearest first.
const std::vector<Place>& places() {
  static const std::vector<Place> found = find_places();
  return found;
}

fs::path folder_of(const ShippedKind& kind) {
  for (const Place& place : places()) {
    std::error_code error;
    if (fs::is_directory(place.folder / kind.folder, error)) return place.folder / kind.folder;
  }
  return {};
}

/// Whether the name of a file says that it is of the kind.
bool has_ending(const ShippedKind& kind, const fs::path& file) {
  const std::string ending = file.extension().string();
  const std::string usual = kind.ending;
  return ending == usual || (usual == ".yaml" && ending == ".yml") ||
         (usual == ".h5" && ending == ".hdf5");
}

/// Whether a line of the file begins with `mark`.
bool has_line(const fs::path& file, const std::string& mark) {
  if (mark.empty()) return true;
  const std::string text = read_own_file(file);  // looked at, not an input
  return text.compare(0, mark.size(), mark) == 0 || text.find("\n" + mark) != std::string::npos;
}

bool names_a_file(const ShippedKind& kind, const std::string& text, const fs::path& folder) {
  std::error_code error;
  const fs::file_status there = fs::status(folder / text, error);
  return text.find('/') != std::string::npos || has_ending(kind, text) ||
         (fs::exists(there) && !fs::is_directory(there));
}

/// All names, after the nearest one.
std::string suggestion(const std::string& text, const std::vector<std::string>& names) {
  if (names.empty()) return "none are installed";
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  const std::string near = did_you_mean(text, names);
  if (!near.empty()) return near + " There are: " + all;
  std::vector<std::string> longer;  // "lpddr4-3200" for "lpddr4"
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
    if (entry.path().extension() != kind.ending || !entry.is_regular_file()) continue;
    if (has_line(entry.path(), kind.mark)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> shipped_names(const ShippedKind& kind) {
  std::vector<std::string> names;
  for (const fs::path& file : shipped_files(kind)) names.push_back(file.stem().string());
  return names;
}

std::string shipped_name(const ShippedKind& kind, const fs::path& file) {
  for (const fs::path& shipped : shipped_files(kind)) {
    std::error_code error;
    if (fs::equivalent(shipped, file, error)) return shipped.stem().string();
  }
  return "";
}

fs::path documented_file(const fs::path& file) {
  std::error_code error;
  if (file.is_absolute() || fs::exists(file, error)) return file;
  const fs::path plain = file.lexically_normal();
  const std::string first = plain.empty() ? "" : plain.begin()->string();
  if (first != "configs" && first != "examples" && first != "models" && first != "profiles") {
    return file;
  }
  for (const Place& place : places()) {
    if (fs::is_regular_file(place.folder / plain, error)) return place.folder / plain;
  }
  return file;
}

fs::path find_shipped(const ShippedKind& kind, const std::string& text, const std::string& where,
                      const fs::path& folder) {
  if (text.empty())
    throw InputError("{}: expected a file or the name of a shipped {}, got \"\"", where, kind.what);
  if (names_a_file(kind, text, folder)) {
    return folder.empty() ? documented_file(text) : folder / text;
  }
  for (const fs::path& file : shipped_files(kind)) {
    if (file.stem() == text) return file;
  }
  throw InputError("{}: expected a file or the name of a shipped {}, got {}; {}", where, kind.what,
                   in_quotes(text), suggestion(text, shipped_names(kind)));
}

fs::path shipped_input_file(YamlMap& map, const std::string& key, const ShippedKind& kind) {
  return map.input_file(key, [&](const std::string& text, const std::string& where) {
    return find_shipped(kind, text, where, fs::absolute(map.file()).parent_path());
  });
}

std::vector<fs::path> shipped_input_files(YamlMap& map, const std::string& key,
                                          const ShippedKind& kind) {
  return map.input_files(key, [&](const std::string& text, const std::string& where) {
    return find_shipped(kind, text, where, fs::absolute(map.file()).parent_path());
  });
}

fs::path place_of_results(const fs::path& place) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(fs::absolute(place), error);
  for (const Place& shipped : places()) {
    if (!shipped.installed || error) continue;
    const fs::path inside = resolved.lexically_relative(shipped.folder);
    if (inside.empty() || *inside.begin() == "..") continue;
    return fs::current_path() / inside;
  }
  return place;
}

}  // namespace brownout
