// SPDX-License-Identifier: Apache-2.0
// n ↔ v of every scheme and width as tables: one load instead of a switch per faulty cell.
#pragma once
#include <array>
#include <cstdint>

#include "sim/memory/word_path.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

struct CodeTable {
  std::array<std::uint8_t, 256> code_of_n;  // by the low 8 bits of a clean n
  std::array<std::int8_t, 256> n_of_code;   // by v
};

/// The table of a scheme and width, built on first use. `bits` in [1, 8].
const CodeTable& code_table(network::Scheme scheme, int bits);

/// What becomes of a tensor's codes that have suspect bits. A tensor has one zero code: with a
/// decoding for each channel it is that of the mean alpha and the mean beta.
memory::CodeRepair code_repair(const network::Parameter& parameter, memory::OnError on_error);

}  // namespace brownout::mapping
