// SPDX-License-Identifier: Apache-2.0
// Listing in a fixed order; decoding by stb, after checks of what it does not check.
#include "sim/data/formats/pictures.hpp"

#include <stb_image.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxPictureSide = 1 << 14;
constexpr std::uint64_t kMaxPictureBytes = std::uint64_t{1} << 28;

bool is_left_behind(const std::string& name) {
  return name.front() == '.' || name == "Thumbs.db" || name == "desktop.ini";
}

/// Whether the data of a JPEG go on to its end marker. Newer decoders fill in what a file that was
/// cut short lacks and say nothing.
bool reaches_its_end(const std::string& jpeg) {
  const std::size_t scan = jpeg.rfind("\xff\xda");  // a thumbnail before it has an end of its own
  return scan != std::string::npos && jpeg.find("\xff\xd9", scan) != std::string::npos;
}

}  // namespace

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_left_behind(it->path().filename().string())) found.push_back(it->path());
  }
  if (error) throw InputError("{}: cannot be listed: {}", folder.string(), error.message());
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename().string() < b.filename().string();
  });
  return found;
}

std::vector<fs::path> class_folders(const fs::path& folder, std::size_t most) {
  std::vector<fs::path> found = entries(folder);
  for (const fs::path& path : found) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      throw InputError("{}: found a file among the classes, expected folders only", path.string());
    }
  }
  if (found.size() < 2 || found.size() > most) {
    throw InputError("{}: found {} folders, expected 2 to {}: one for each class", folder.string(),
                     found.size(), most);
  }
  return found;
}

void expect_same_classes(const std::vector<fs::path>& classes,
                         const std::vector<fs::path>& others) {
  for (std::size_t i = 0; i < std::max(classes.size(), others.size()); ++i) {
    const std::string a = i < classes.size() ? classes[i].filename().string() : "";
    const std::string b = i < others.size() ? others[i].filename().string() : "";
    if (a == b) continue;
    const fs::path here = classes[0].parent_path(), there = others[0].parent_path();
    const bool missing_here = a.empty() || (!b.empty() && b < a);
    throw InputError("{}: no folder {}, which {} has; expected the same classes in both",
                     (missing_here ? here : there).string(), missing_here ? b : a,
                     (missing_here ? there : here).string());
  }
}

std::vector<fs::path> pictures_of(const fs::path& folder) {
  std::vector<fs::path> found = entries(folder);
  for (const fs::path& path : found) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (ending != ".jpeg" && ending != ".jpg" && ending != ".png") {
      throw InputError("{}: expected an image: .JPEG, .jpg or .png", path.string());
    }
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      throw InputError("{}: expected an image, found no regular file", path.string());
    }
  }
  if (found.empty()) throw InputError("{}: found no image, expected at least one", folder.string());
  return found;
}

std::vector<ClassedPicture> in_turns(const std::vector<std::vector<fs::path>>& files) {
  std::vector<ClassedPicture> order;
  for (std::size_t turn = 0, last = 1; last > 0; ++turn) {
    last = 0;
    for (std::size_t c = 0; c < files.size(); ++c) {
      if (turn >= files[c].size()) continue;
      ++last;
      order.push_back({&files[c][turn], c});
    }
  }
  return order;
}

Picture read_picture(const fs::path& path) {
  const std::string bytes = read_file(path, kMaxPictureBytes);
  // The decoder knows more formats, but is unreliable in some of them.
  const bool jpeg = bytes.compare(0, 3, "\xff\xd8\xff") == 0;
  const bool png = bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0;
  if (!jpeg && !png) {
    std::string start;
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 4); ++i) {
      start += fmt::format(" {:02x}", static_cast<std::uint8_t>(bytes[i]));
    }
    throw InputError("{}: found a file that starts with{}, expected a JPEG or PNG image",
                     path.string(), start.empty() ? " nothing" : start);
  }
  const auto* const data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  const auto refuse = [&] {
    const char* const reason = stbi_failure_reason();
    const bool said = reason != nullptr && *reason != '\0';
    throw InputError("{}: this {} image cannot be decoded: {}", path.string(),
                     jpeg ? "JPEG" : "PNG",
                     said ? printable(reason) : "it is cut short or damaged");
  };
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) refuse();
  if (width < 1 || height < 1 || width > kMaxPictureSide || height > kMaxPictureSide) {
    throw InputError("{}: found {} x {} pixels, expected sides of 1 to {}", path.string(), width,
                     height, kMaxPictureSide);
  }
  if (jpeg && !reaches_its_end(bytes)) {
    throw InputError("{}: this JPEG image cannot be decoded: its data have no end", path.string());
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, 3), stbi_image_free);
  if (pixels == nullptr) refuse();
  const std::ptrdiff_t numbers = std::ptrdiff_t{3} * width * height;
  return {width, height, {pixels.get(), pixels.get() + numbers}};
}

}  // namespace brownout::data::formats
