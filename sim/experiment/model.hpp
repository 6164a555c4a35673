// SPDX-License-Identifier: Apache-2.0
// A network file, read once.
#pragma once

#include <filesystem>
#include <string>

#include "sim/network/network.hpp"

namespace brownout::experiment {

/// A network file. Its stem names it in results; the hash of its bytes identifies it.
struct Model {
  std::string name;
  std::filesystem::path file;
  std::string sha256;
  network::SharedNetwork network;
};

/// Reads and checks the file. InputError as read_onnx.
Model load_model(const std::filesystem::path& file);

}  // namespace brownout::experiment
