// SPDX-License-Identifier: Apache-2.0
// What mitigations cost: the keys of their coefficients in a technology file, and what they add to
// a memory in quantities that a technology prices without knowing which mitigation they come from.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/mitigation/mitigations.hpp"

namespace brownout::mitigation {

class ProtectionFile;

/// A number of the block `mitigation` of a technology file, in [0, highest]. In keys, `_rel` means
/// relative to the same quantity of the unprotected memory.
struct Coefficient {
  const char* key;
  double highest = 1e9;
};

/// Every coefficient of any mitigation, once: the keys of that block.
std::vector<Coefficient> all_coefficients();

/// Their values in one technology file.
class Coefficients {
 public:
  void set(const std::string& key, double value) { values_[key] = value; }
  /// BROWNOUT_CHECK refuses other keys than those of the file.
  double at(std::string_view key) const;

 private:
  std::map<std::string, double, std::less<>> values_;
};

/// Of the memory that is protected.
struct MemoryShape {
  int code_bits = 0;  // of every code in it; 0: widths differ
  int array_rows = 512;
};

/// How a weight memory is protected, as far as it costs something.
struct Protection {
  memory::CheckCode check = memory::CheckCode::kNone;
  double safe_share = 0.0;  // of the data columns in 8T cells
  double boost_vmin = 0.0;  // added to its supply during accesses (boosted_voltage)
  int spare_rows = 0, array_rows = 512;
  int spare_columns = 0;
  bool placed = false;  // arrays looked up, words rotated

  bool any() const;
};
Protection protection(const Mitigations& mitigations, const MemoryShape& memory);

/// The block `protection` of a run's JSON, and back. InputError as ProtectionFile gives it, and for
/// values that no run writes.
nlohmann::ordered_json protection_json(const Protection& protection);
Protection read_protection(const ProtectionFile& file);

/// The supply during accesses. The boost stops at Vmin, because no cell fails there any more.
double boosted_voltage(double voltage, double boost_vmin);

/// What protection adds to a memory and to each of its accesses, in neutral quantities.
struct Overhead {
  int columns = 0;        // beside the 64 data columns
  int logic_columns = 0;  // those of them whose bits the logic makes and checks
  double column_access_rel = 0.0, column_area_rel = 0.0;  // of each
  double row_share = 0.0;                                 // rows more, as a share
  double cell_access_rel = 0.0, cell_leakage_rel = 0.0, cell_area_rel = 0.0;  // of other cells
  double cell_area_share = 0.0;  // of the cells in an array's area
  double boost_vmin = 0.0;       // of the supply during accesses
  double boost_loss_rel = 0.0;   // of the energy that the boost adds
  double booster_area_rel = 0.0;
  double access_pj = 0.0, read_pj = 0.0, write_pj = 0.0;  // of logic: each access, read, write

  void add_columns(int count, const Coefficients& coefficients);

  /// More energy of an access in the memory's own circuits, more leakage, and area, all relative to
  /// the unprotected memory.
  double access_rel() const;
  double leakage_rel() const;
  double area_rel() const;
};
Overhead overhead(const Protection& protection, const Coefficients& coefficients);

/// Keys of coefficients that several mitigations share.
inline constexpr char kColumnAccessKey[] = "check_bit_access_rel";  // a column more beside 64
inline constexpr char kColumnAreaKey[] = "check_bit_area_rel";
inline constexpr char kCellAreaShareKey[] = "cell_area_share";  // of an array's area, in [0, 1]

}  // namespace brownout::mitigation
