// SPDX-License-Identifier: Apache-2.0
// Folders of JPEG and PNG files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace brownout::data::formats {

/// What is in a folder, in the order of the bytes of the names, except hidden files and those that
/// file managers leave behind (Thumbs.db, desktop.ini).
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder);

/// The folders of a folder that has nothing else in it, one for each class: 2 to `most`.
std::vector<std::filesystem::path> class_folders(const std::filesystem::path& folder,
                                                 std::size_t most);

/// A class has the same number in two splits only if both have the same folders.
void expect_same_classes(const std::vector<std::filesystem::path>& classes,
                         const std::vector<std::filesystem::path>& others);

/// The pictures of a folder that has nothing else in it: at least one.
std::vector<std::filesystem::path> pictures_of(const std::filesystem::path& folder);

struct ClassedPicture {
  const std::filesystem::path* file = nullptr;
  std::size_t label = 0;
};
/// The first picture of every class, the second of every class, …: the first N show all classes.
/// The files must outlive the result.
std::vector<ClassedPicture> in_turns(const std::vector<std::vector<std::filesystem::path>>& files);

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // H × W × RGB; a grey file has three equal channels
};
/// A decoded file. InputError for other formats, and for damaged files.
Picture read_picture(const std::filesystem::path& path);

}  // namespace brownout::data::formats
