// SPDX-License-Identifier: Apache-2.0
// Compiles the rest when it is first asked for.
#include "sim/engines/programs.hpp"

namespace brownout::engines {

Programs::Programs(network::SharedNetwork network, const mapping::AcceleratorConfig& accelerator,
                   int batch, std::uint64_t bit_offset, const std::string& where)
    : network_(std::move(network)),
      bit_offset_(bit_offset),
      where_(where),
      full_(std::make_shared<const mapping::Program>(
          mapping::compile(*network_, accelerator, batch, bit_offset, where))) {}

Programs::Programs(network::SharedNetwork network, std::shared_ptr<const mapping::Program> full,
                   const std::string& where)
    : network_(std::move(network)),
      bit_offset_(full->bit_offset),
      where_(where),
      full_(std::move(full)) {}

std::shared_ptr<const mapping::Program> Programs::remainder(int images) {
  std::shared_ptr<const mapping::Program>& program = remainders_[images];
  if (program == nullptr) {
    program = std::make_shared<const mapping::Program>(
        mapping::compile(*network_, full_->accelerator, images, bit_offset_, where_));
  }
  return program;
}

}  // namespace brownout::engines
