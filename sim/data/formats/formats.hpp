// SPDX-License-Identifier: Apache-2.0
// The published formats of datasets. Each function reads one split from a folder that exists.
#pragma once
#include <filesystem>
#include <string>

#include "sim/data/dataset.hpp"

namespace brownout::data::formats {

/// Fills everything but the name. InputError names the file, what was found and what was expected;
/// `hint` says where a missing file comes from.
using Reader = Dataset (*)(const std::filesystem::path& folder, Split split,
                           const std::string& hint);

/// MNIST and its like: {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or gzipped.
Dataset read_idx(const std::filesystem::path& folder, Split split, const std::string& hint);

/// data_batch_1.bin … data_batch_5.bin and test_batch.bin, in `folder` or in cifar-10-batches-bin
/// within it. Any number of images a file.
Dataset read_cifar10(const std::filesystem::path& folder, Split split, const std::string& hint);

/// train.bin and test.bin, in `folder` or in cifar-100-binary within it; the fine labels.
Dataset read_cifar100(const std::filesystem::path& folder, Split split, const std::string& hint);

/// SVHN's cropped digits: {train,test}_32x32.mat (MATLAB 5); class = digit (label 10 is digit 0).
Dataset read_svhn(const std::filesystem::path& folder, Split split, const std::string& hint);

/// {train,val}/<class>/*.{JPEG,jpg,png}, in `folder` or in the one folder within it that has them;
/// classes in the order of their names. Images become 64×64 RGB (shrink_to_square) and come in
/// turns: the first image of every class, the second of every class, ….
Dataset read_image_folders(const std::filesystem::path& folder, Split split,
                           const std::string& hint);

/// `folder`, or its subfolder `usual` if there is one, because archives create one.
std::filesystem::path inside(const std::filesystem::path& folder, const char* usual);

/// Whether there is something at `path`; InputError when we are not allowed to look.
bool is_there(const std::filesystem::path& path);

}  // namespace brownout::data::formats
