// SPDX-License-Identifier: Apache-2.0
// Block by block: pixels of any layout and type become u8 pixels, channels last.
#include "sim/data/own/array_images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string_view>

#include "sim/base/byte_source.hpp"
#include "sim/base/error.hpp"
#include "sim/base/hdf5_array.hpp"
#include "sim/base/isolated.hpp"
#include "sim/base/npy_array.hpp"

namespace brownout::data::own {

namespace {

constexpr std::uint64_t kMostChannels = 1 << 12;
constexpr std::uint64_t kMostImages = 100'000'000;
constexpr std::uint64_t kNumbersAtOnce = 1 << 20;

enum class Container { kNpy, kNpz, kHdf5 };

Container container_of(const ArrayPlace& place) {
  const PartedFile file(place.file);
  std::array<char, 8> start{};
  file.read(0, start.data(), static_cast<std::size_t>(std::min<std::uint64_t>(8, file.size())));
  const std::string_view text(start.data(), start.size());
  const Container container = text.substr(0, 6) == "\x93NUMPY"                   ? Container::kNpy
                              : text.substr(0, 2) == "PK"                        ? Container::kNpz
                              : text == std::string_view("\x89HDF\r\n\x1a\n", 8) ? Container::kHdf5
                                                                                 : Container::kNpy;
  if (container == Container::kNpy && text.substr(0, 6) != "\x93NUMPY") {
    throw InputError("{}: expected a .npy, .npz or HDF5 file, found something else", file.name());
  }
  if (container == Container::kNpy && !place.array.empty()) {
    throw InputError("{}: holds one array without a name; expected none, got \"{}\"", file.name(),
                     place.array);
  }
  return container;
}

/// Calls `use` with the open array; what it returns comes back, from another process for HDF5.
std::string with_array(const ArrayPlace& place,
                       const std::function<std::string(NumberArray&)>& use) {
  switch (container_of(place)) {
    case Container::kNpy:
      return use(*open_npy(place.file));
    case Container::kNpz:
      return use(*open_npz(place.file, place.array));
    case Container::kHdf5:
      break;
  }
  // Of processor time: far more than whole files need, and an end for damaged ones.
  const auto seconds = static_cast<unsigned>(60 + (PartedFile(place.file).size() >> 22));
  return run_isolated(place.file.string(), seconds,
                      [&] { return use(*open_hdf5_array(place.file, place.array)); });
}

/// Extents of an array of images. N×H×W is grey.
struct Layout {
  std::uint64_t images = 0, channels = 1, height = 0, width = 0;
  bool channels_first = true;

  std::uint64_t numbers() const { return channels * height * width; }
};

Layout layout_of(const NumberArray& array, const DataDescription& description) {
  const std::vector<std::uint64_t>& shape = array.shape();
  if (shape.size() != 3 && shape.size() != 4) {
    throw InputError("{}: expected N x H x W or four dimensions, found the shape {}", array.where(),
                     array.shape_text());
  }
  Layout layout;
  layout.images = shape[0];
  if (shape.size() == 3) {
    layout.height = shape[1];
    layout.width = shape[2];
  } else {
    const auto colours = [](std::uint64_t n) { return n == 1 || n == 3; };
    const bool one_pixel = shape[2] == 1 && shape[3] == 1;  // N x features x 1 x 1
    if (!description.channels_first && !one_pixel && !colours(shape[1]) && colours(shape[3])) {
      throw InputError(
          "{}: expected N x C x H x W, found the shape {}; N x H x W x C is layout: "
          "NHWC in {}",
          array.where(), array.shape_text(), description.file.string());
    }
    layout.channels_first = description.channels_first.value_or(true);
    layout.channels = shape[layout.channels_first ? 1 : 3];
    layout.height = shape[layout.channels_first ? 2 : 1];
    layout.width = shape[layout.channels_first ? 3 : 2];
  }
  constexpr std::uint64_t kMost = kMostSide;
  if (layout.images > kMostImages || layout.channels > kMostChannels || layout.height > kMost ||
      layout.width > kMost) {
    throw InputError(
        "{}: expected at most {} images of {} channels and sides of {}, found the "
        "shape {}",
        array.where(), kMostImages, kMostChannels, kMostSide, array.shape_text());
  }
  return layout;
}

void expect_pixel_type(const NumberArray& array, const DataDescription& description) {
  const NumberType type = array.type();
  const bool bytes = type.kind == NumberType::Kind::kUnsigned && type.bytes == 1;
  if (type.is_integer() && !bytes) {
    throw InputError("{}: expected uint8, float16, float32 or float64, found {}", array.where(),
                     type.name());
  }
  if (bytes && description.range_stated) {
    throw InputError("{}: range: is of floating-point pixels; found uint8 in {}",
                     description.file.string(), array.where());
  }
}

/// Reads the first images in blocks and hands each over: u8, channels last.
class ImageReader {
 public:
  ImageReader(NumberArray& array, const DataDescription& description)
      : array_(array), description_(description), layout_(layout_of(array, description)) {
    expect_pixel_type(array, description);
  }

  const Layout& layout() const { return layout_; }

  void read(std::uint64_t images, std::uint8_t* to) {
    const std::uint64_t numbers = layout_.numbers();
    const std::uint64_t block = std::max<std::uint64_t>(1, kNumbersAtOnce / numbers);
    std::vector<std::uint8_t> pixels;
    for (std::uint64_t first = 0; first < images; first += block) {
      const std::uint64_t count = std::min(block, images - first);
      pixels.resize(count * numbers);
      if (array_.type().is_integer()) {
        array_.next_bytes(pixels.size(), pixels.data());
      } else {
        convert(array_.next_numbers(pixels.size()), first, pixels);
      }
      for (std::uint64_t i = 0; i < count; ++i, to += numbers) {
        put(pixels.data() + i * numbers, to);
      }
    }
  }

 private:
  void convert(const std::vector<double>& values, std::uint64_t first,
               std::vector<std::uint8_t>& pixels) const {
    const double low = description_.low, high = description_.high;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] >= low && values[i] <= high)) {  // negated, so that NaN fails too
        throw InputError("{}: image {}, number {} of it: found {}, expected {} to {} (range in {})",
                         array_.where(), first + i / layout_.numbers(), i % layout_.numbers(),
                         values[i], low, high, description_.file.string());
      }
      pixels[i] =
          static_cast<std::uint8_t>(std::floor((values[i] - low) / (high - low) * 255.0 + 0.5));
    }
  }

  void put(const std::uint8_t* from, std::uint8_t* to) const {
    const std::uint64_t plane = layout_.height * layout_.width;
    if (!layout_.channels_first || layout_.channels == 1) {
      std::copy(from, from + layout_.numbers(), to);
      return;
    }
    for (std::uint64_t p = 0; p < plane; ++p) {
      for (std::uint64_t c = 0; c < layout_.channels; ++c) *to++ = from[c * plane + p];
    }
  }

  NumberArray& array_;
  const DataDescription& description_;
  const Layout layout_;
};

std::string bytes_of(const void* from, std::size_t size) {
  return {static_cast<const char*>(from), size};
}

}  // namespace

Dataset read_arrays(const DataDescription& description, const SplitPlaces& places, Split split,
                    std::int64_t count, bool fewer_will_do) {
  // What comes back from another process: the layout, and then the pixels.
  Dataset data;
  std::int64_t images = 0;
  const bool isolated = container_of(places.images) == Container::kHdf5;
  const auto adopt = [&](const Layout& layout) {
    data.shape = {static_cast<int>(layout.channels), static_cast<int>(layout.height),
                  static_cast<int>(layout.width)};
    data.there = static_cast<std::int64_t>(layout.images);
  };
  const std::string sent = with_array(places.images, [&](NumberArray& array) -> std::string {
    ImageReader reader(array, description);
    const Layout& layout = reader.layout();
    const auto there = static_cast<std::int64_t>(layout.images);
    if (fewer_will_do) count = std::min(count, there);
    if (isolated) {  // fields of messages do not come through: the count is refused here, below
      images = count == 0 ? there : count > there ? 0 : count;
    } else {
      images = count_images(count, there, description.file.string(), split);
    }
    const auto size = static_cast<std::size_t>(images) * layout.numbers();
    if (isolated) {
      std::string bytes = bytes_of(&layout, sizeof layout);
      bytes.resize(sizeof layout + size);
      reader.read(static_cast<std::uint64_t>(images),
                  reinterpret_cast<std::uint8_t*>(bytes.data() + sizeof layout));
      return bytes;
    }
    adopt(layout);
    data.pixels.resize(size);
    reader.read(static_cast<std::uint64_t>(images), data.pixels.data());
    return "";
  });
  if (isolated) {
    Layout layout;
    std::memcpy(&layout, sent.data(), sizeof layout);
    adopt(layout);
    if (fewer_will_do) count = std::min(count, data.there);
    images = count_images(count, data.there, description.file.string(), split);
    data.pixels.assign(sent.begin() + sizeof layout, sent.end());
  }
  data.classes = description.classes;
  data.classes_stated = description.classes > 0;
  if (places.labels) {
    read_labels(description, *places.labels, places.images.file.filename().string(), data.there,
                images, data);
  }
  return data;
}

void read_labels(const DataDescription& description, const ArrayPlace& place,
                 const std::string& images_name, std::int64_t there, std::int64_t images,
                 Dataset& data) {
  const std::int64_t most =
      description.classes > 0 ? description.classes - 1 : std::numeric_limits<std::uint16_t>::max();
  const std::string sent = with_array(place, [&](NumberArray& array) {
    const std::vector<std::uint64_t>& shape = array.shape();
    if (!array.type().is_integer()) {
      throw InputError("{}: expected integers, one class for each image; found {}", array.where(),
                       array.type().name());
    }
    if (shape.empty() || shape.size() > 2 || array.size() != shape[0]) {
      throw InputError("{}: expected one class for each image, found the shape {}", array.where(),
                       array.shape_text());
    }
    if (array.size() != static_cast<std::uint64_t>(there)) {
      throw InputError("{}: found {} labels, expected {}: one for each image of {}", array.where(),
                       array.size(), there, images_name);
    }
    Labels labels;
    for (const std::int64_t label : array.next_integers(array.size())) {
      if (label < 0 || label > most) {
        throw InputError("{}: label {}: found class {}, expected 0 to {}", array.where(),
                         labels.size(), label, most);
      }
      labels.push_back(static_cast<std::uint16_t>(label));
    }
    return bytes_of(labels.data(), labels.size() * sizeof labels[0]);
  });
  data.labels.resize(sent.size() / sizeof data.labels[0]);
  std::memcpy(data.labels.data(), sent.data(), sent.size());
  if (!data.classes_stated) {
    data.classes = 1 + *std::max_element(data.labels.begin(), data.labels.end());
  }
  data.labels.resize(static_cast<std::size_t>(images));
}

}  // namespace brownout::data::own
