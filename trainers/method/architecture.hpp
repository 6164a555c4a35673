// SPDX-License-Identifier: Apache-2.0
// Architectures: a file becomes a list of operators with shapes, without recompiling.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::trainers {

/// A network to train: the operators in execution order (no Quantize nodes yet) and the trainable
/// tensors in code order. Value 0 is the input image, node i writes value i + 1.
struct Architecture {
  std::string name;
  std::string sha256;  // of what the file says, comments and layout aside
  network::Shape input;
  int classes = 0;
  /// Name, role and shape; and, if the architecture is of a float network, its values.
  Table<network::ParameterIndex, network::Parameter> parameters;
  Table<network::NodeIndex, network::Node> nodes;
  network::Shapes shapes;  // of every value
  // Of float networks only.
  std::optional<network::InputTransform> transform;  // what they read; else the data's whitening
  Table<network::NodeIndex, bool> fixed_statistics;  // batch norms that only scale and shift

  std::int64_t weights() const;  // trainable values of all tensors
};

/// What a training may choose about an architecture file.
struct ArchitectureOptions {
  std::optional<int> width;  // replaces the file's `width`
  network::Shape input;      // of the dataset's images
  int classes = 0;
  std::optional<std::string> norm = {};        // kind of every norm, or "none"
  std::optional<std::string> activation = {};  // kind of every activation
  std::optional<bool> reparameterized = {};    // of every norm: scale = 1 + a'
};

/// What `norm` and `activation` may say.
const std::vector<std::string>& norm_kinds();        // "none", "group", "fixed-group", "batch", ...
const std::vector<std::string>& activation_kinds();  // "relu", "sign", "hardtanh"

/// Reads `models/*.yaml`. InputError names file, line and column of what is unknown or does not
/// fit; inside a block it also names the layer that uses the block.
Architecture load_architecture(const std::filesystem::path& file,
                               const ArchitectureOptions& options);
Architecture parse_architecture(const std::string& text, const std::filesystem::path& name,
                                const ArchitectureOptions& options);

}  // namespace brownout::trainers
