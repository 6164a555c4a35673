// SPDX-License-Identifier: Apache-2.0
// Image classification data: u8 pixels and labels.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::data {

/// Classes of images, from 0 on.
using Labels = std::vector<std::uint16_t>;

struct Dataset {
  std::string name;  // "fashion-mnist", or the file of one's own data
  network::Shape shape;
  int classes = 0;
  bool classes_stated = true;        // else there may be more: the labels of some data end there
  std::vector<std::uint8_t> pixels;  // N × H × W × C (NHWC), image-major
  Labels labels;                     // none when the data have none
  std::int64_t there = 0;            // images of the split, when only the first ones were read
  std::shared_ptr<const Dataset> pixels_of;  // another one, whose pixels these are

  bool labelled() const { return !labels.empty(); }
  std::int64_t size() const;
  const std::uint8_t* image(std::int64_t i) const {
    return (pixels_of ? pixels_of->pixels : pixels).data() + i * shape.size();
  }
};

/// The same images, not copied, with these labels.
Dataset with_labels(std::shared_ptr<const Dataset> data, Labels labels);

/// Copies of the given images, in that order, with their labels.
Dataset some_images(const Dataset& data, const std::vector<std::int64_t>& images);

/// Only the first `count` images, of at most as many as there are.
void keep_first(Dataset& data, std::int64_t count);

enum class Split { kTrain, kTest };

std::string to_string(Split split);  // "train", "test"

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

/// `asked`, or all of the split's images for 0. InputError, of the field "images", for more than
/// there are.
std::int64_t count_images(std::int64_t asked, std::int64_t there, const std::string& name,
                          Split split);

/// Hash of shape, classes, pixels and labels.
std::string dataset_sha256(const Dataset& data);

}  // namespace brownout::data
