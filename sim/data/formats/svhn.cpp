// SPDX-License-Identifier: Apache-2.0
// SVHN's cropped digits: X (32 × 32 × 3 × N) and y (N × 1) in a MATLAB 5 file.
#include <matio.h>
#include <zlib.h>

#include <array>
#include <cmath>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/isolated.hpp"
#include "sim/data/formats/formats.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSide = 32;
constexpr std::size_t kChannels = 3;
constexpr std::size_t kImage = kSide * kSide * kChannels;
constexpr std::size_t kHeader = 128;
constexpr std::uint32_t kCompressed = 15;  // miCOMPRESSED: an element within a zlib stream
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;
constexpr std::uint64_t kMaxImages = 1'000'000;  // "extra" has 531,131
constexpr unsigned kSeconds = 600;               // of processor time, for reading

/// Unpacks a zlib stream, whose checksum then guarantees what the reader sees. Keeps nothing.
void check_stream(const std::string& where, const std::string& file, std::size_t first,
                  std::size_t size) {
  z_stream stream{};
  BROWNOUT_CHECK(inflateInit(&stream) == Z_OK, "zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data() + first));
  stream.avail_in = static_cast<uInt>(size);
  std::array<Bytef, 1 << 16> buffer;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    if (stream.total_out > kMaxFileBytes) {
      throw InputError("{}: unpacks to more than {} bytes", where, kMaxFileBytes);
    }
  }
  if (status != Z_STREAM_END) {
    throw InputError("{}: damaged compressed data after {} unpacked bytes{}{}", where,
                     stream.total_out, stream.msg != nullptr ? ": " : "",
                     stream.msg != nullptr ? stream.msg : "");
  }
}

/// Header and extent of every element, so that a file that is cut short, or damaged within
/// compressed data, is reported as such.
void check_elements(const fs::path& path) {
  const std::string bytes = read_file(path, kMaxFileBytes);
  if (bytes.size() < kHeader) {
    throw InputError("{}: cut short: found {} bytes, expected a MATLAB 5 header of {}",
                     path.string(), bytes.size(), kHeader);
  }
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at]));
  };
  const std::string order = bytes.substr(126, 2);
  const bool little = order == "IM";
  const std::uint32_t version = little ? byte(125) << 8 | byte(124) : byte(124) << 8 | byte(125);
  if ((!little && order != "MI") || version != 0x0100) {
    throw InputError(
        "{}: byte 124: found {:02x} {:02x} {:02x} {:02x}, expected 00 01 49 4d or 01 00 4d 49 "
        "(MATLAB 5: version, \"IM\" or \"MI\")",
        path.string(), byte(124), byte(125), byte(126), byte(127));
  }
  const auto number = [&](std::size_t at) {
    return little ? byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24
                  : byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
  };
  for (std::size_t at = kHeader; at < bytes.size();) {
    const std::size_t left = bytes.size() - at;
    const std::uint64_t size = left < 8 ? 0 : number(at + 4);
    if (left < 8 || size > left - 8) {
      throw InputError("{}: cut short: byte {}: found {} bytes, expected {} of an element",
                       path.string(), at, left, left < 8 ? 8 : size + 8);
    }
    if (number(at) == kCompressed) {
      check_stream(fmt::format("{}: element at byte {}", path.string(), at), bytes, at + 8,
                   static_cast<std::size_t>(size));
    }
    at += 8 + static_cast<std::size_t>(size);
  }
}

using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

/// "32 x 32 x 3 x 100 of class uint8"
std::string describe(const matvar_t& variable) {
  static const char* const classes[] = {"empty",  "cell",   "struct", "object", "char",    "sparse",
                                        "double", "single", "int8",   "uint8",  "int16",   "uint16",
                                        "int32",  "uint32", "int64",  "uint64", "function"};
  std::string text;
  for (int d = 0; d < variable.rank; ++d) {
    text += fmt::format("{}{}", d == 0 ? "" : " x ", variable.dims[d]);
  }
  const std::size_t index = variable.class_type;
  return text + fmt::format(" of class {}{}", variable.isComplex != 0 ? "complex " : "",
                            index < std::size(classes) ? classes[index] : "unknown");
}

/// The variable with its data; `fits` checks shape and class before any data are read.
template <typename Fits>
Variable read_variable(mat_t* file, const fs::path& path, const char* name, const char* expected,
                       const Fits& fits) {
  Variable variable(Mat_VarReadInfo(file, name), Mat_VarFree);
  if (variable == nullptr) {
    throw InputError("{}: no variable {}, expected {}", path.string(), name, expected);
  }
  if (variable->isComplex != 0 || variable->dims == nullptr || !fits(*variable)) {
    throw InputError("{}: {}: found {}, expected {}", path.string(), name,
                     variable->dims == nullptr ? "no shape" : describe(*variable), expected);
  }
  if (Mat_VarReadDataAll(file, variable.get()) != 0 || variable->data == nullptr) {
    throw InputError("{}: {}: its data cannot be read", path.string(), name);
  }
  return variable;
}

/// y as numbers, whatever class it was stored in.
std::vector<double> numbers(const matvar_t& variable, std::size_t count) {
  std::vector<double> values(count);
  const auto copy = [&](const auto* from) {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(from[i]);
  };
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      copy(static_cast<const double*>(variable.data));
      break;
    case MAT_C_SINGLE:
      copy(static_cast<const float*>(variable.data));
      break;
    case MAT_C_INT32:
      copy(static_cast<const std::int32_t*>(variable.data));
      break;
    default:
      copy(static_cast<const std::uint8_t*>(variable.data));
  }
  return values;
}

/// Labels, then pixels (NHWC).
std::string read_images(const fs::path& path) {
  const std::unique_ptr<mat_t, int (*)(mat_t*)> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY),
                                                     Mat_Close);
  if (file == nullptr) throw InputError("{}: cannot be read as a MATLAB 5 file", path.string());
  std::size_t images = 0;
  const Variable x = read_variable(
      file.get(), path, "X", "32 x 32 x 3 x images of class uint8", [&](const matvar_t& v) {
        if (v.class_type != MAT_C_UINT8 || v.rank < 3 || v.rank > 4) return false;
        images = v.rank == 4 ? v.dims[3] : 1;  // MATLAB drops a last extent of 1
        return v.dims[0] == kSide && v.dims[1] == kSide && v.dims[2] == kChannels && images >= 1 &&
               images <= kMaxImages;
      });
  const std::string wanted = fmt::format(
      "{} x 1, one for each image of X, of class double, single, uint8 or "
      "int32",
      images);
  const Variable y = read_variable(file.get(), path, "y", wanted.c_str(), [&](const matvar_t& v) {
    const bool known = v.class_type == MAT_C_DOUBLE || v.class_type == MAT_C_SINGLE ||
                       v.class_type == MAT_C_UINT8 || v.class_type == MAT_C_INT32;
    return known && v.rank == 2 && v.dims[0] == images && v.dims[1] == 1;
  });
  if (x->nbytes != images * kImage) {
    throw InputError("{}: X: found {} bytes of data, expected {}", path.string(), x->nbytes,
                     images * kImage);
  }
  if (y->nbytes != images * static_cast<std::size_t>(y->data_size)) {
    throw InputError("{}: y: found {} bytes of data, expected {}", path.string(), y->nbytes,
                     images * static_cast<std::size_t>(y->data_size));
  }
  std::string bytes(images * (1 + kImage), '\0');
  const std::vector<double> labels = numbers(*y, images);
  for (std::size_t i = 0; i < images; ++i) {
    if (!(labels[i] >= 1.0 && labels[i] <= 10.0) || labels[i] != std::floor(labels[i])) {
      throw InputError("{}: y: image {}: found {}, expected 1 to 9, or 10 for the digit 0",
                       path.string(), i, labels[i]);
    }
    bytes[i] = static_cast<char>(static_cast<int>(labels[i]) % 10);
  }
  // MATLAB stores columns first: X[h + 32·(w + 32·(c + 3·n))].
  const auto* from = static_cast<const char*>(x->data);
  for (std::size_t n = 0; n < images; ++n) {
    char* to = bytes.data() + images + n * kImage;
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t w = 0; w < kSide; ++w) {
        for (std::size_t h = 0; h < kSide; ++h) to[(h * kSide + w) * kChannels + c] = *from++;
      }
    }
  }
  return bytes;
}

}  // namespace

Dataset read_svhn(const fs::path& folder, Split split, const std::string& hint) {
  const char* const name = split == Split::kTrain ? "train_32x32.mat" : "test_32x32.mat";
  const fs::path path = folder / name;
  if (!is_there(path)) throw InputError("{}: no file {}; {}", folder.string(), name, hint);
  check_elements(path);
  const std::string bytes =
      run_isolated(path.string(), kSeconds, [&] { return read_images(path); });
  const std::size_t images = bytes.size() / (1 + kImage);
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(images);
  Dataset data;
  data.shape = {static_cast<int>(kChannels), static_cast<int>(kSide), static_cast<int>(kSide)};
  data.classes = 10;
  data.labels.assign(bytes.begin(), middle);
  data.pixels.assign(middle, bytes.end());
  return data;
}

}  // namespace brownout::data::formats
