// SPDX-License-Identifier: Apache-2.0
// What the mitigations of the weight memory cost: energy of accesses, leakage, area.
#pragma once

#include <array>
#include <string>

namespace brownout::technology {

class Technology;

/// The block `mitigation` of a technology file; no value is negative. `_rel`: relative to the same
/// quantity of the unprotected memory.
struct MitigationCoefficients {
  double check_bit_access_rel = 0.0;  // a column more beside 64: each access
  double check_bit_area_rel = 0.0;    // … and the array's area
  double secded_encode_pj = 0.0;      // a word, on the logic's supply, as all that follow in pJ
  double secded_decode_pj = 0.0;
  double parity_encode_pj = 0.0;
  double parity_decode_pj = 0.0;
  double interleaved_parity_encode_pj = 0.0;
  double interleaved_parity_decode_pj = 0.0;
  double safe_cell_access_rel = 0.0;  // a column of 8T cells in place of 6T cells
  double safe_cell_leakage_rel = 0.0;
  double safe_cell_area_rel = 0.0;
  double cell_area_share = 0.0;     // of an array's area, in [0, 1]
  double spare_row_match_pj = 0.0;  // address compared with one spare row's, each access
  double rotate_pj_per_word = 0.0;  // array looked up, word turned, each access
  double boost_loss_rel = 0.0;      // of the energy that the boost adds
  double boost_area_rel = 0.0;
};

/// A coefficient and its key in the file.
struct MitigationCoefficientField {
  const char* key;
  double MitigationCoefficients::*value;
};

/// Every coefficient, in the order of the struct.
inline constexpr std::array<MitigationCoefficientField, 16> kMitigationCoefficientFields = {{
    {"check_bit_access_rel", &MitigationCoefficients::check_bit_access_rel},
    {"check_bit_area_rel", &MitigationCoefficients::check_bit_area_rel},
    {"secded_encode_pj", &MitigationCoefficients::secded_encode_pj},
    {"secded_decode_pj", &MitigationCoefficients::secded_decode_pj},
    {"parity_encode_pj", &MitigationCoefficients::parity_encode_pj},
    {"parity_decode_pj", &MitigationCoefficients::parity_decode_pj},
    {"interleaved_parity_encode_pj", &MitigationCoefficients::interleaved_parity_encode_pj},
    {"interleaved_parity_decode_pj", &MitigationCoefficients::interleaved_parity_decode_pj},
    {"safe_cell_access_rel", &MitigationCoefficients::safe_cell_access_rel},
    {"safe_cell_leakage_rel", &MitigationCoefficients::safe_cell_leakage_rel},
    {"safe_cell_area_rel", &MitigationCoefficients::safe_cell_area_rel},
    {"cell_area_share", &MitigationCoefficients::cell_area_share},
    {"spare_row_match_pj", &MitigationCoefficients::spare_row_match_pj},
    {"rotate_pj_per_word", &MitigationCoefficients::rotate_pj_per_word},
    {"boost_loss_rel", &MitigationCoefficients::boost_loss_rel},
    {"boost_area_rel", &MitigationCoefficients::boost_area_rel},
}};
static_assert(sizeof(MitigationCoefficients) ==
              kMitigationCoefficientFields.size() * sizeof(double));

/// The logic that writes and reads check bits.
enum class Codec { kNone, kSecded, kParity, kInterleavedParity };
std::string to_string(Codec codec);  // "none", "secded", "parity", "interleaved-parity"

/// How the weight memory is protected, as far as it costs something.
struct Protection {
  Codec codec = Codec::kNone;
  double safe_share = 0.0;  // of the data columns in 8T cells
  double boost_vmin = 0.0;  // added to its supply during accesses (boosted_voltage)
  int spare_rows = 0, array_rows = 512;
  int spare_columns = 0;
  bool placed = false;  // arrays looked up, words rotated

  int check_bits() const;  // of a word
  bool any() const;
  /// BROWNOUT_CHECK refuses shares outside [0, 1], negative numbers, and no rows.
  void check() const;
};

/// The supply during accesses. The boost stops at Vmin, because no cell fails there any more.
double boosted_voltage(double voltage, double boost_vmin);

/// What an access of a protected memory takes, and how much more the memory leaks.
struct ProtectedAccess {
  double sram_relative = 1.0;  // energy of the memory's circuits, relative to Vmin and unprotected
  double read_logic_pj = 0.0;  // beside them, on the logic's supply
  double write_logic_pj = 0.0;
  double leakage_added = 0.0;  // as a share of the unprotected memory's leakage
};

/// With the rail at `voltage`. InputError when the technology has no block `mitigation`, and for a
/// supply outside its validity range.
ProtectedAccess protected_access(const Technology& technology, const Protection& protection,
                                 double voltage);

/// Energy of a word's read with everything that protects it, relative to that of the unprotected
/// memory at Vmin. InputError when the technology has no block `mitigation` or `energy`, and for a
/// supply outside its validity range.
double protected_read_relative(const Technology& technology, const Protection& protection,
                               double voltage);

/// Area of the weight memory relative to the unprotected one, without codec and repair logic.
/// InputError when the technology has no block `mitigation` and there is protection.
double area_relative(const Technology& technology, const Protection& protection);

}  // namespace brownout::technology
