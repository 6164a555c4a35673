// SPDX-License-Identifier: Apache-2.0
// Float networks of other tools as the start of a training, as the key `initial` says it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/yaml.hpp"
#include "trainers/method/architecture.hpp"

namespace brownout::trainers {

struct InitialChoice {
  std::filesystem::path file;  // ONNX
  std::string origin;          // where it was given, for messages
  /// The network reads (pixel/255 - mean)/deviation; one number, or one for each channel.
  std::vector<double> mean{0.0}, deviation{1.0};
  std::vector<std::int64_t> input;  // channels, height, width; empty: as the file has them
  bool fold_batch_norm = false;     // into the weights before them
  bool reparameterized = false;     // norms train a' of the scale 1 + a'
};

/// The key `initial` of `root`: a file, or a map with more. The file must be there if
/// `file_exists`.
InitialChoice read_initial(YamlMap& root, bool file_exists);

/// The key as YAML, defaults included.
std::string describe(const InitialChoice& choice);

/// The network with its weights, the statistics of its batch norms and its input transform.
/// InputError names file, node, operator and reason where something cannot be read or trained, and
/// for images or classes other than those of the data set.
Architecture import_architecture(const InitialChoice& choice, const network::Shape& image,
                                 int classes);

}  // namespace brownout::trainers
