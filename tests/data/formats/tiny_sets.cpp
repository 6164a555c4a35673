// SPDX-License-Identifier: Apache-2.0
// Writes through the formats' own libraries: matio, stb_image_write.
#include "tests/data/formats/tiny_sets.hpp"

#include <matio.h>
#include <stb_image_write.h>

#include <memory>
#include <stdexcept>

#include "tests/network/edit_onnx.hpp"

namespace brownout::data {
namespace fs = std::filesystem;

std::uint8_t sample_pixel(std::size_t image, std::size_t channel, std::size_t row,
                          std::size_t column) {
  return static_cast<std::uint8_t>(7 * row + 3 * column + 80 * channel + 29 * image);
}

std::string cifar_records(const std::vector<std::string>& labels, std::size_t first_image) {
  std::string bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes += labels[i];
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t p = 0; p < 1024; ++p) {
        bytes += static_cast<char>(sample_pixel(first_image + i, c, p / 32, p % 32));
      }
    }
  }
  return bytes;
}

void write_cifar10(const fs::path& folder) {
  for (std::size_t f = 0; f < 6; ++f) {
    const auto label = [&](std::size_t i) {
      return std::string(1, static_cast<char>((2 * f + i) % 10));
    };
    network::write_bytes(
        folder / (f < 5 ? "data_batch_" + std::to_string(f + 1) + ".bin" : "test_batch.bin"),
        cifar_records({label(0), label(1)}, 2 * f));
  }
}

void write_svhn(const fs::path& file, const std::vector<double>& labels, bool compressed) {
  const std::size_t images = labels.size();
  std::vector<std::uint8_t> pixels;  // columns first
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t w = 0; w < 32; ++w) {
        for (std::size_t h = 0; h < 32; ++h) pixels.push_back(sample_pixel(n, c, h, w));
      }
    }
  }
  const std::unique_ptr<mat_t, int (*)(mat_t*)> out(
      Mat_CreateVer(file.c_str(), nullptr, MAT_FT_MAT5), Mat_Close);
  if (out == nullptr) throw std::runtime_error("cannot create " + file.string());
  const auto write = [&](const char* name, matio_classes kind, matio_types type,
                         std::vector<std::size_t> extents, const void* data) {
    const std::unique_ptr<matvar_t, void (*)(matvar_t*)> variable(
        Mat_VarCreate(name, kind, type, static_cast<int>(extents.size()), extents.data(),
                      const_cast<void*>(data), 0),
        Mat_VarFree);
    if (variable == nullptr ||
        Mat_VarWrite(out.get(), variable.get(),
                     compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE) != 0) {
      throw std::runtime_error("cannot write " + file.string());
    }
  };
  write("X", MAT_C_UINT8, MAT_T_UINT8, {32, 32, 3, images}, pixels.data());
  write("y", MAT_C_DOUBLE, MAT_T_DOUBLE, {images, 1}, labels.data());
}

void write_picture(const fs::path& file, std::size_t image, int height, int width) {
  std::vector<std::uint8_t> pixels;
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      for (std::size_t c = 0; c < 3; ++c) {
        pixels.push_back(
            sample_pixel(image, c, static_cast<std::size_t>(h), static_cast<std::size_t>(w)));
      }
    }
  }
  const int written = file.extension() == ".png"
                          ? stbi_write_png(file.c_str(), width, height, 3, pixels.data(), 3 * width)
                          : stbi_write_jpg(file.c_str(), width, height, 3, pixels.data(), 95);
  if (written == 0) throw std::runtime_error("cannot write " + file.string());
}

void write_grey_picture(const fs::path& file, const std::string& pixels, int height, int width) {
  if (stbi_write_png(file.c_str(), width, height, 1, pixels.data(), width) == 0) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

void write_image_folders(const fs::path& root) {
  for (const char* folder : {"train/a", "train/b", "val/a", "val/b"}) {
    fs::create_directories(root / folder);
  }
  write_picture(root / "train/a/1.png", 0, 64, 64);
  write_picture(root / "train/a/2.JPEG", 1, 70, 96);
  write_picture(root / "train/a/3.png", 2, 32, 32);
  write_picture(root / "train/b/1.png", 3, 128, 128);
  write_picture(root / "train/b/2.jpg", 4, 64, 64);
  write_picture(root / "val/a/1.png", 5, 64, 66);
  write_picture(root / "val/a/2.png", 6, 80, 64);
  write_picture(root / "val/b/1.png", 7, 64, 64);
  write_picture(root / "val/b/2.jpg", 8, 100, 90);
}

}  // namespace brownout::data
