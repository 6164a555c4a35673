// SPDX-License-Identifier: Apache-2.0
// Bytes for the hash, then the network.
#include "sim/experiment/model.hpp"

#include "sim/base/files.hpp"
#include "sim/network/onnx_file.hpp"

namespace brownout::experiment {

Model load_model(const std::filesystem::path& file) {
  Model model;
  model.name = file.stem().string();
  model.file = file;
  model.sha256 = sha256_hex(read_file(file));
  model.network = network::share(network::read_onnx(file));
  return model;
}

}  // namespace brownout::experiment
