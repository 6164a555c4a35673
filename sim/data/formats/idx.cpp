// SPDX-License-Identifier: Apache-2.0
// MNIST-like datasets: two IDX files a split, plain or gzipped.
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/data/formats/formats.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kImageMagic = 0x00000803;  // IDX: unsigned bytes, 3 dimensions
constexpr std::uint32_t kLabelMagic = 0x00000801;  // IDX: unsigned bytes, 1 dimension
constexpr std::uint32_t kMaxSide = 4096;
constexpr std::uint32_t kMaxImages = 10'000'000;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  }
  return number;
}

/// The file's bytes after checks of magic and header length; `dimensions` receives the extents.
std::string read_idx(const fs::path& path, std::uint32_t magic, const char* what,
                     std::vector<std::uint32_t>& dimensions) {
  std::string bytes = read_file_gz(path, kMaxFileBytes);
  const std::size_t header = 4 * (1 + (magic & 0xff));
  if (bytes.size() >= 4 && big_endian(bytes, 0) != magic) {
    throw InputError("{}: byte 0: found magic {:#010x}, expected {:#010x} (IDX {})", path.string(),
                     big_endian(bytes, 0), magic, what);
  }
  if (bytes.size() < header) {
    throw InputError("{}: cut short: found {} bytes, expected an IDX header of {}", path.string(),
                     bytes.size(), header);
  }
  std::uint64_t size = 1;
  for (std::size_t at = 4; at < header; at += 4) {
    const std::uint32_t extent = big_endian(bytes, at);
    const std::uint32_t limit = at == 4 ? kMaxImages : kMaxSide;
    if (extent == 0 || extent > limit) {
      throw InputError("{}: byte {}: found an extent of {}, expected 1 to {}", path.string(), at,
                       extent, limit);
    }
    dimensions.push_back(extent);
    size *= extent;
  }
  if (bytes.size() != header + size) {
    throw InputError("{}: {}: found {} bytes, its header expects {}", path.string(),
                     bytes.size() < header + size ? "cut short" : "too long", bytes.size(),
                     header + size);
  }
  bytes.erase(0, header);
  return bytes;
}

/// `name` with or without .gz, in the usual spelling or with a dot ("train-images.idx3-ubyte").
fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& kind,
                   const std::string& hint) {
  for (const char* separator : {"-", "."}) {
    for (const char* suffix : {"", ".gz"}) {
      const fs::path path = folder / fmt::format("{}{}{}{}", stem, separator, kind, suffix);
      if (is_there(path)) return path;
    }
  }
  throw InputError("{}: no file {}-{}[.gz]; {}", folder.string(), stem, kind, hint);
}

}  // namespace

Dataset read_idx(const fs::path& folder, Split split, const std::string& hint) {
  const std::string prefix = split == Split::kTrain ? "train" : "t10k";
  const fs::path image_file = find_file(folder, prefix + "-images", "idx3-ubyte", hint);
  const fs::path label_file = find_file(folder, prefix + "-labels", "idx1-ubyte", hint);

  // The other half of the data set is no place for an output either, though nobody reads it here.
  for (const char* const other : {"train-images", "train-labels", "t10k-images", "t10k-labels"}) {
    for (const char* const kind : {"idx3-ubyte", "idx1-ubyte"}) {
      for (const char* const suffix : {"", ".gz"}) {
        note_input(folder / (std::string(other) + "-" + kind + suffix));
        note_input(folder / (std::string(other) + "." + kind + suffix));
      }
    }
  }

  std::vector<std::uint32_t> extents;
  const std::string images = read_idx(image_file, kImageMagic, "images", extents);
  std::vector<std::uint32_t> label_extents;
  const std::string labels = read_idx(label_file, kLabelMagic, "labels", label_extents);
  if (label_extents[0] != extents[0]) {
    throw InputError("{}: found {} labels, expected {}: one for each image of {}",
                     label_file.string(), label_extents[0], extents[0],
                     image_file.filename().string());
  }

  Dataset data;
  data.shape = {1, static_cast<int>(extents[1]), static_cast<int>(extents[2])};
  data.classes = 10;
  data.pixels.assign(images.begin(), images.end());
  data.labels.assign(labels.begin(), labels.end());
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] >= data.classes) {
      throw InputError("{}: label {}: found class {}, expected 0 to {}", label_file.string(), i,
                       data.labels[i], data.classes - 1);
    }
  }
  return data;
}

}  // namespace brownout::data::formats
