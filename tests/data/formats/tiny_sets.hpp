// SPDX-License-Identifier: Apache-2.0
// Test helper: tiny datasets, written in the published formats.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace brownout::data {

/// A pixel value that differs with image, channel, row and column.
std::uint8_t sample_pixel(std::size_t image, std::size_t channel, std::size_t row,
                          std::size_t column);

/// Records of CIFAR's binary version; image i begins with `labels[i]` (one byte, or two).
std::string cifar_records(const std::vector<std::string>& labels, std::size_t first_image = 0);

/// data_batch_1.bin … data_batch_5.bin and test_batch.bin of two images each, labels 0 to 9 in
/// turn.
void write_cifar10(const std::filesystem::path& folder);

/// X (uint8) and y (double) as in the published SVHN files.
void write_svhn(const std::filesystem::path& file, const std::vector<double>& labels,
                bool compressed);

/// A picture of `height` × `width` × 3 with sample_pixel(image, …); PNG or, by its ending, JPEG.
void write_picture(const std::filesystem::path& file, std::size_t image, int height, int width);

/// A PNG of `height` × `width` grey pixels.
void write_grey_picture(const std::filesystem::path& file, const std::string& pixels, int height,
                        int width);

/// train and val with classes a and b: train/a has three pictures, the others have two; sizes
/// differ.
void write_image_folders(const std::filesystem::path& root);

}  // namespace brownout::data
