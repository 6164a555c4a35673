// SPDX-License-Identifier: Apache-2.0
// The weights of one network as one chip after the other returns them, with or without check bits.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/mapping/program.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "sim/weights/protected_reader.hpp"

namespace brownout::weights {

class WeightReader {
 public:
  /// Resident from `bit_offset` on.
  WeightReader(const network::SharedNetwork& network, std::uint64_t bit_offset,
               memory::CheckCode check = memory::CheckCode::kNone,
               memory::OnError on_error = memory::OnError::kPass);
  /// As the program places them, with its accelerator's check bits.
  WeightReader(const network::SharedNetwork& network, const mapping::Program& program);

  /// n of every parameter as read: FaultyReader::read, or with check bits ProtectedReader::read.
  /// Valid until the next call.
  const network::Codes& read(const memory::WordFaultLists& faults, const memory::Draws& draws,
                             ReadStats* stats = nullptr,
                             mitigation::ProtectionStats* protection = nullptr);
  /// The clean codes.
  const network::Codes& clean();

  const mapping::Placement& placement() const;
  bool has_checks() const { return protected_.has_value(); }

 private:
  std::optional<FaultyReader> plain_;
  std::optional<ProtectedReader> protected_;
};

}  // namespace brownout::weights
