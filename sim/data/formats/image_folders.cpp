// SPDX-License-Identifier: Apache-2.0
// Image folders like Imagenette's: one folder per class, with JPEG and PNG files of any size.
#include <stb_image.h>

#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/parallel.hpp"
#include "sim/data/formats/formats.hpp"
#include "sim/data/formats/shrink.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr int kSide = 64;
constexpr std::size_t kImage = kSide * kSide * 3;
constexpr int kMaxSide = 1 << 14;  // of a file's image
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 28;
constexpr std::size_t kMaxClasses = 256;  // labels are bytes
constexpr std::size_t kMaxImages = 10'000'000;

/// What is in a folder, except hidden files, in the order of the bytes of the names.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().front() != '.') found.push_back(it->path());
  }
  if (error) throw InputError("{}: cannot be listed: {}", folder.string(), error.message());
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename().string() < b.filename().string();
  });
  return found;
}

std::vector<fs::path> classes_of(const fs::path& split) {
  std::vector<fs::path> found = entries(split);
  for (const fs::path& path : found) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      throw InputError("{}: found a file among the classes, expected folders only", path.string());
    }
  }
  if (found.size() < 2 || found.size() > kMaxClasses) {
    throw InputError("{}: found {} folders, expected 2 to {}: one for each class", split.string(),
                     found.size(), kMaxClasses);
  }
  return found;
}

/// The folder that contains train and val: archives create one around them (imagenette2-160).
fs::path root_of(const fs::path& folder, const std::string& hint) {
  const auto holds = [](const fs::path& path) {
    return is_there(path / "train") || is_there(path / "val");
  };
  if (holds(folder)) return folder;
  std::vector<fs::path> roots;
  for (const fs::path& path : entries(folder)) {
    std::error_code error;
    if (fs::is_directory(path, error) && holds(path)) roots.push_back(path);
  }
  if (roots.size() == 1) return roots[0];
  if (roots.empty()) throw InputError("{}: no folders train and val; {}", folder.string(), hint);
  throw InputError("{}: folders train and val lie in {} and {}; expected one place, name it",
                   folder.string(), roots[0].filename().string(), roots[1].filename().string());
}

/// A class has the same number in both splits only if both have the same folders.
void check_other_split(const std::vector<fs::path>& classes, const fs::path& other) {
  if (!is_there(other)) return;
  const std::vector<fs::path> others = classes_of(other);
  for (std::size_t i = 0; i < std::max(classes.size(), others.size()); ++i) {
    const std::string a = i < classes.size() ? classes[i].filename().string() : "";
    const std::string b = i < others.size() ? others[i].filename().string() : "";
    if (a == b) continue;
    const bool missing_here = a.empty() || (!b.empty() && b < a);
    throw InputError("{}: no folder {}, which {} has; expected the same classes in both",
                     (missing_here ? classes[0].parent_path() : other).string(),
                     missing_here ? b : a,
                     (missing_here ? other : classes[0].parent_path()).string());
  }
}

std::vector<fs::path> images_of(const fs::path& folder) {
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

/// Whether the data of a JPEG go on to its end marker. Newer decoders fill in what a file that was
/// cut short lacks and say nothing.
bool reaches_its_end(const std::string& jpeg) {
  const std::size_t scan = jpeg.rfind("\xff\xda");  // a thumbnail before it has an end of its own
  return scan != std::string::npos && jpeg.find("\xff\xd9", scan) != std::string::npos;
}

void read_image(const fs::path& path, std::uint8_t* out) {
  const std::string bytes = read_file(path, kMaxFileBytes);
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
                     jpeg ? "JPEG" : "PNG", said ? reason : "it is cut short or damaged");
  };
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) refuse();
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    throw InputError("{}: found {} x {} pixels, expected sides of 1 to {}", path.string(), width,
                     height, kMaxSide);
  }
  if (jpeg && !reaches_its_end(bytes)) {
    throw InputError("{}: this JPEG image cannot be decoded: its data have no end", path.string());
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, 3), stbi_image_free);
  if (pixels == nullptr) refuse();
  shrink_to_square(pixels.get(), width, height, kSide, out);
}

}  // namespace

Dataset read_image_folders(const fs::path& folder, Split split, const std::string& hint) {
  const fs::path root = root_of(folder, hint);
  const fs::path own = root / (split == Split::kTrain ? "train" : "val");
  if (!is_there(own)) {
    throw InputError("{}: no folder {}; {}", root.string(), own.filename().string(), hint);
  }
  const std::vector<fs::path> classes = classes_of(own);
  check_other_split(classes, root / (split == Split::kTrain ? "val" : "train"));
  std::vector<std::vector<fs::path>> files;
  for (const fs::path& path : classes) files.push_back(images_of(path));

  Dataset data;
  data.shape = {3, kSide, kSide};
  data.classes = static_cast<int>(classes.size());
  std::vector<const fs::path*> order;
  for (std::size_t turn = 0, last = 1; last > 0; ++turn) {
    last = 0;
    for (std::size_t c = 0; c < files.size(); ++c) {
      if (turn >= files[c].size()) continue;
      ++last;
      order.push_back(&files[c][turn]);
      data.labels.push_back(static_cast<std::uint8_t>(c));
    }
  }
  if (order.size() > kMaxImages) {
    throw InputError("{}: found {} images, expected at most {}", own.string(), order.size(),
                     kMaxImages);
  }
  data.pixels.resize(order.size() * kImage);
  parallel_for(static_cast<std::int64_t>(order.size()), hardware_threads(),
               [&](std::int64_t i, int) {
                 const std::size_t index = i;
                 read_image(*order[index], data.pixels.data() + index * kImage);
               });
  return data;
}

}  // namespace brownout::data::formats
