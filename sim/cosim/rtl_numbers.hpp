// SPDX-License-Identifier: Apache-2.0
// The numbers that the ports of the RTL take for enums. A test compares them with the RTL's
// sources.
#pragma once

#include <cstdint>

#include "sim/memory/word_code.hpp"
#include "sim/network/quantization.hpp"

namespace brownout::cosim {

/// Rows of an SRAM array of the weight memory, from rtl/weight_memory.sv.
inline constexpr std::int64_t kArrayRows = 512;

/// check_code_i, from rtl/word_code.sv.
constexpr std::uint8_t rtl_number(memory::CheckCode check) {
  switch (check) {
    case memory::CheckCode::kNone:
      return 0;
    case memory::CheckCode::kSecded:
      return 1;
    case memory::CheckCode::kParity:
      return 2;
    case memory::CheckCode::kInterleavedParity:
      return 3;
  }
  return 0;
}

/// on_error_i, from rtl/word_code.sv.
constexpr std::uint8_t rtl_number(memory::OnError on_error) {
  switch (on_error) {
    case memory::OnError::kPass:
      return 0;
    case memory::OnError::kZero:
      return 1;
    case memory::OnError::kMask:
      return 2;
  }
  return 0;
}

/// command_scheme_i, from rtl/weight_decoder.sv.
constexpr std::uint8_t rtl_number(network::Scheme scheme) {
  switch (scheme) {
    case network::Scheme::kRquant:
      return 0;
    case network::Scheme::kUniform:
      return 1;
    case network::Scheme::kSymmetric:
    case network::Scheme::kAsymmetricSigned:
      return 2;
    case network::Scheme::kBinary:
      return 3;
  }
  return 0;
}

}  // namespace brownout::cosim
