// SPDX-License-Identifier: Apache-2.0
// A network compiled for an accelerator: for full batches, and for what is left over at the end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sim/mapping/program.hpp"
#include "sim/network/network.hpp"

namespace brownout::engines {

/// Programs for full batches and for what is left over at the end.
class Programs {
 public:
  /// InputError (beginning with `where`) when the network does not fit.
  Programs(network::SharedNetwork network, const mapping::AcceleratorConfig& accelerator, int batch,
           std::uint64_t bit_offset, const std::string& where);

  /// For full batches there is one already.
  Programs(network::SharedNetwork network, std::shared_ptr<const mapping::Program> full,
           const std::string& where);

  const mapping::Program& full() const { return *full_; }
  const std::shared_ptr<const mapping::Program>& shared() const { return full_; }
  /// The program for `images` < batch images.
  std::shared_ptr<const mapping::Program> remainder(int images);

 private:
  network::SharedNetwork network_;
  std::uint64_t bit_offset_;
  std::string where_;
  std::shared_ptr<const mapping::Program> full_;
  std::map<int, std::shared_ptr<const mapping::Program>> remainders_;  // by number of images
};

}  // namespace brownout::engines
