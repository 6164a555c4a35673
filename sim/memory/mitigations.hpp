// SPDX-License-Identifier: Apache-2.0
// What is done against failing cells of the weight scratchpad, and how it is written as text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace brownout::memory {

/// Check bits of a word, in columns 64 … 71.
enum class CheckCode : std::uint8_t {
  kNone,
  kSecded,             // SECDED(72,64), 8 check bits (sim/memory/secded.hpp)
  kParity,             // 1 check bit: even parity of the 64 data bits
  kInterleavedParity,  // 8 check bits: bit i is the parity of the data columns c with c mod 8 = i
};

/// What becomes of a code with suspect bits, in a word that the check code found wrong.
enum class OnError : std::uint8_t {
  kPass,  // nothing: it is used as it was read
  kZero,  // it becomes the code nearest to w = 0
  kMask,  // suspect bits take the value that makes |n| small; a suspect top bit: as kZero
};

struct Mitigations {
  CheckCode check = CheckCode::kNone;
  OnError on_error = OnError::kPass;
  int safe_msbs = 0;        // top bits of each code that sit in cells that never fail
  double boost_vmin = 0.0;  // added to the scratchpad's supply during accesses, units of Vmin
  int spare_rows = 0;       // of each array, repaired from the map
  int spare_columns = 0;    // of each array
  std::string sensitivity;  // file of measured sensitivities that decides the placement; "": none

  bool any() const {
    return check != CheckCode::kNone || safe_msbs > 0 || boost_vmin > 0.0 || spare_rows > 0 ||
           spare_columns > 0 || !sensitivity.empty();
  }
};

/// "none", or parts joined by "+": secded[,on-error=pass|zero], parity[,on-error=zero],
/// interleaved-parity[,on-error=mask|zero], msb=K, boost=DV, spares=RxS, placement=FILE.json.
/// InputError (beginning with `where`) for anything else.
Mitigations parse_mitigations(const std::string& text, const std::string& where);
/// The same for a text in a file, relative to whose folder a file of sensitivities is looked for.
/// InputError also when that file does not exist.
Mitigations parse_mitigations(const std::string& text, const std::string& where,
                              const std::filesystem::path& folder);

/// The same text in its canonical form: without defaults, parts in the order above.
std::string to_string(const Mitigations& mitigations);

/// All that decides what they do, for keys of results: the canonical text with the hash of the
/// sensitivities in place of their file. InputError when that cannot be read.
std::string identity(const Mitigations& mitigations);

/// Supply of the scratchpad during accesses when its rail is at `voltage`, in units of Vmin, with
/// the boost. The boost stops at Vmin, because no cell fails there any more.
double access_voltage(const Mitigations& mitigations, double voltage);

}  // namespace brownout::memory
