// SPDX-License-Identifier: Apache-2.0
// Reads one chip after the other through the same codes.
#include "sim/weights/faulty_reader.hpp"

#include <utility>

namespace brownout::weights {

FaultyReader::FaultyReader(network::SharedNetwork network, mapping::Placement placement)
    : network_(std::move(network)),
      placement_(std::move(placement)),
      codes_(network::clean_codes(*network_)) {}

const network::Codes& FaultyReader::clean() {
  restore(*network_, touched_, codes_);
  touched_.clear();
  return codes_;
}

const network::Codes& FaultyReader::read(const memory::FaultList& faults,
                                         const memory::Draws& draws, ReadStats* stats) {
  clean();
  const ReadStats result = read_through(*network_, placement_, faults, draws, codes_, touched_);
  if (stats != nullptr) *stats = result;
  return codes_;
}

}  // namespace brownout::weights
