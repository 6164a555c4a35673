// SPDX-License-Identifier: Apache-2.0
// Adds up the shares and coefficients of each mitigation.
#include "sim/technology/protection.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::technology {

namespace {

constexpr double kDataColumns = 64.0;

double spare_row_share(const Protection& protection) {
  return static_cast<double>(protection.spare_rows) / static_cast<double>(protection.array_rows);
}

double added_columns(const Protection& protection) {
  return static_cast<double>(protection.check_bits() + protection.spare_columns);
}

/// Energy of an access in the memory's own circuits.
double added_access(const MitigationCoefficients& cost, const Protection& protection) {
  return added_columns(protection) * cost.check_bit_access_rel + spare_row_share(protection) +
         protection.safe_share * cost.safe_cell_access_rel;
}

double added_logic_pj(const MitigationCoefficients& cost, const Protection& protection) {
  return static_cast<double>(protection.spare_rows) * cost.spare_row_match_pj +
         (protection.placed ? cost.rotate_pj_per_word : 0.0);
}

}  // namespace

std::string to_string(Codec codec) {
  constexpr const char* kNames[] = {"none", "secded", "parity", "interleaved-parity"};
  return kNames[static_cast<std::size_t>(codec)];
}

int Protection::check_bits() const {
  constexpr int kBits[] = {0, 8, 1, 8};
  return kBits[static_cast<std::size_t>(codec)];
}

bool Protection::any() const {
  return codec != Codec::kNone || safe_share > 0.0 || boost_vmin > 0.0 || spare_rows > 0 ||
         spare_columns > 0 || placed;
}

void Protection::check() const {
  BROWNOUT_CHECK(safe_share >= 0.0 && safe_share <= 1.0, "a share of {}", safe_share);
  BROWNOUT_CHECK(std::isfinite(boost_vmin) && boost_vmin >= 0.0, "a boost of {}", boost_vmin);
  BROWNOUT_CHECK(spare_rows >= 0 && spare_columns >= 0 && array_rows > 0,
                 "{} spare rows of {}, {} spare columns", spare_rows, array_rows, spare_columns);
}

double boosted_voltage(double voltage, double boost_vmin) {
  return std::max(voltage, std::min(1.0, voltage + boost_vmin));
}

ProtectedAccess protected_access(const Technology& technology, const Protection& protection,
                                 double voltage) {
  protection.check();
  const MitigationCoefficients& cost = technology.mitigation();
  const double at_rail = technology.sram_energy_relative(voltage);
  const double boosted =
      technology.sram_energy_relative(boosted_voltage(voltage, protection.boost_vmin));
  constexpr double MitigationCoefficients::*kEncode[] = {
      nullptr, &MitigationCoefficients::secded_encode_pj, &MitigationCoefficients::parity_encode_pj,
      &MitigationCoefficients::interleaved_parity_encode_pj};
  constexpr double MitigationCoefficients::*kDecode[] = {
      nullptr, &MitigationCoefficients::secded_decode_pj, &MitigationCoefficients::parity_decode_pj,
      &MitigationCoefficients::interleaved_parity_decode_pj};
  const auto codec = static_cast<std::size_t>(protection.codec);
  const double logic = added_logic_pj(cost, protection);
  const bool coded = protection.codec != Codec::kNone;
  ProtectedAccess access;
  // The booster draws from the rail, so the energy that it adds comes through the regulator too.
  access.sram_relative = (at_rail + (boosted - at_rail) * (1.0 + cost.boost_loss_rel)) *
                         technology.rail().drawn(voltage) * (1.0 + added_access(cost, protection));
  // The logic's supply makes and checks the check bits.
  const double check_shift = technology.rail().level_shift_pj(voltage, protection.check_bits());
  access.read_logic_pj = logic + check_shift + (coded ? cost.*kDecode[codec] : 0.0);
  access.write_logic_pj = logic + check_shift + (coded ? cost.*kEncode[codec] : 0.0);
  access.leakage_added =
      (1.0 + added_columns(protection) / kDataColumns) * (1.0 + spare_row_share(protection)) - 1.0 +
      protection.safe_share * cost.safe_cell_leakage_rel;
  return access;
}

double protected_read_relative(const Technology& technology, const Protection& protection,
                               double voltage) {
  ProtectedAccess access;
  access.sram_relative = technology.access_energy_relative(voltage);
  if (protection.any()) access = protected_access(technology, protection, voltage);
  const double logic = access.read_logic_pj +
                       technology.rail().level_shift_pj(voltage, static_cast<int>(kDataColumns));
  if (!protection.any() && logic == 0.0) return access.sram_relative;
  const double read = technology.energy().weight_read_pj_per_word;
  return access.sram_relative + (read > 0.0 ? logic / read : 0.0);
}

double area_relative(const Technology& technology, const Protection& protection) {
  if (!protection.any()) return 1.0;
  protection.check();
  const MitigationCoefficients& cost = technology.mitigation();
  return 1.0 + added_columns(protection) * cost.check_bit_area_rel +
         cost.cell_area_share *
             (spare_row_share(protection) + protection.safe_share * cost.safe_cell_area_rel) +
         (protection.boost_vmin > 0.0 ? cost.boost_area_rel : 0.0);
}

}  // namespace brownout::technology
