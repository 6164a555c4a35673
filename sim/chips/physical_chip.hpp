// SPDX-License-Identifier: Apache-2.0
// Physical chips: each cell has a Gaussian critical voltage, below which reads of its weak value
// fail.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sim/base/random.hpp"
#include "sim/chips/chip.hpp"

namespace brownout::chips {

/// All voltages in units of Vmin. The defaults are those of profiles/physical-14nm.yaml.
struct PhysicalModel {
  /// Critical voltages of the cells that fail in one direction.
  struct Direction {
    double mean = 0.70914;
    double deviation = 0.053865;
  };
  std::string name = "physical-14nm";
  Direction zero_to_one, one_to_zero;
  double zero_to_one_share = 0.5;  // of the cells; a cell fails in one direction only
  double read_noise = 0.0066;
  int rows = 512, columns = 64;  // of an array
  // Deviations of what all cells of an array, row or column have in common; and columns that are
  // worse.
  double array_deviation = 0.0, row_deviation = 0.0, column_deviation = 0.0;
  double bad_column_share = 0.0, bad_column_shift = 0.0;

  /// InputError for anything the file format (docs/chips.md) does not allow.
  static PhysicalModel load(const std::filesystem::path& file);

  /// Means over all dies: p01, p10, and p, the mean over cells of max(p01, p10). A cell has one
  /// direction, so p = p01 + p10. 0 from Vmin on, by the definition of Vmin.
  double p01(double voltage) const;
  double p10(double voltage) const;
  double p(double voltage) const { return p01(voltage) + p10(voltage); }
};

/// Part of every result's key: if the definition below changes, it needs a new version.
inline constexpr int kPhysicalChipVersion = 2;

/// A cell has the critical voltage Vc = mean + deviation·g + shifts of its array, row and column.
/// It reads its weak value wrong with probability Φ((Vc - V)/read noise). g = Φ⁻¹(1 - u), where u
/// is defined by octaves as in RandomChip, but array by array and in single precision. If columns
/// differ, the cells are drawn column by column, the worst column first, so that an octave can stop
/// at the first column that it cannot reach. Cells with an error probability below
/// kLeastProbability at a voltage are not listed at that voltage.
class PhysicalChip final : public Chip {
 public:
  static constexpr double kLeastProbability = 0x1p-10;

  PhysicalChip(std::uint64_t seed, const PhysicalModel& model);
  /// The model of a file, which is part of the name.
  PhysicalChip(std::uint64_t seed, const std::filesystem::path& file);

  memory::FaultList faults(memory::MemoryId memory, std::uint32_t words,
                           const OperatingPoint& at) const override;
  /// The check cells are a die of their own (kPhysicalChipCheck), 8 cells a word: check bit b of
  /// word w is cell 8·w + b.
  memory::FaultList check_faults(memory::MemoryId memory, std::uint32_t words,
                                 const OperatingPoint& at) const override;
  /// Data cells, into a list whose storage is used again.
  void draw(memory::MemoryId memory, std::uint32_t words, double voltage,
            memory::FaultList& faults) const;
  /// "physical:SEED" or "physical:SEED,FILE".
  std::string name() const override;
  std::string identity() const override;
  memory::Die die() const override { return {Purpose::kPhysicalChipRead, seed_}; }
  const PhysicalModel& model() const { return model_; }

 private:
  void draw(Purpose purpose, memory::MemoryId memory, std::uint32_t words, double voltage,
            memory::FaultList& faults) const;
  std::uint64_t seed_;
  PhysicalModel model_;
  std::optional<std::filesystem::path> file_;
};

}  // namespace brownout::chips
