// SPDX-License-Identifier: Apache-2.0
// One of two readers, depending on the check code.
#include "sim/weights/weight_reader.hpp"

#include <utility>

#include "sim/base/error.hpp"

namespace brownout::weights {

WeightReader::WeightReader(const network::SharedNetwork& network, std::uint64_t bit_offset,
                           memory::CheckCode check, memory::OnError on_error) {
  mapping::Placement placement = mapping::resident(*network, bit_offset);
  if (check == memory::CheckCode::kNone) {
    plain_.emplace(network, std::move(placement));
    return;
  }
  std::vector<mapping::StoredWords> stored{{0, mapping::store(*network, placement)}};
  protected_.emplace(network, std::move(placement), std::move(stored), check, on_error);
}

WeightReader::WeightReader(const network::SharedNetwork& network, const mapping::Program& program) {
  const mitigation::Mitigations& mitigations = program.accelerator.weights.mitigations;
  if (mitigations.check == memory::CheckCode::kNone) {
    plain_.emplace(network, program.placement);
  } else {
    protected_.emplace(network, program.placement, mapping::stored_words(program, *network),
                       mitigations.check, mitigations.on_error);
  }
}

const network::Codes& WeightReader::read(const memory::WordFaultLists& faults,
                                         const memory::Draws& draws, ReadStats* stats,
                                         mitigation::ProtectionStats* protection) {
  if (protected_) return protected_->read(faults, draws, stats, protection);
  BROWNOUT_CHECK(faults.checks.empty(), "{} faulty check cells without check bits",
                 faults.checks.size());
  return plain_->read(faults.data, draws, stats);
}

const network::Codes& WeightReader::clean() {
  return protected_ ? protected_->clean() : plain_->clean();
}

const mapping::Placement& WeightReader::placement() const {
  return protected_ ? protected_->placement() : plain_->placement();
}

}  // namespace brownout::weights
