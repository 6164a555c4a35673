// SPDX-License-Identifier: Apache-2.0
// Image classification data: u8 pixels and labels.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::data {

struct Dataset {
  std::string name;  // "fashion-mnist"
  network::Shape shape;
  int classes = 0;
  std::vector<std::uint8_t> pixels;  // N × H × W × C (NHWC), image-major
  std::vector<std::uint8_t> labels;

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  const std::uint8_t* image(std::int64_t i) const { return pixels.data() + i * shape.size(); }
};

enum class Split { kTrain, kTest };

/// Names that load_dataset knows: "fashion-mnist", "mnist", "cifar10", "cifar100", "svhn",
/// "imagenette".
const std::vector<std::string>& dataset_names();

/// Reads a dataset in its published format (formats/formats.hpp). If `folder` is empty, it is the
/// folder <name> within the one that the environment variable BROWNOUT_DATA names, or else the
/// usual place (fashion-mnist: /usr/share/datasets/fashion-mnist of Debian's
/// dataset-fashion-mnist). InputError says which package or option brings a missing dataset, and
/// names file and place of a wrong magic, size or label.
Dataset load_dataset(const std::string& name, Split split,
                     const std::filesystem::path& folder = {});

/// Hash of shape, classes, pixels and labels.
std::string dataset_sha256(const Dataset& data);

}  // namespace brownout::data
