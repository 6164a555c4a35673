// SPDX-License-Identifier: Apache-2.0
// Chips from profile files: the cells of a map from an offset on, repeated as often as needed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/profiles/chip_profile.hpp"

namespace brownout::chips {

/// Cell i of a memory (i = word·64 + bit) is cell (offset + i) mod size of the map. Every memory of
/// an accelerator sees the same map from the same offset on.
class MeasuredChip final : public Chip {
 public:
  struct Options {
    std::uint64_t offset = 0;
    bool may_wrap = true;  // false: a memory that is larger than the map is an error
  };

  /// InputError for files that are not profiles.
  explicit MeasuredChip(const std::filesystem::path& file) : MeasuredChip(file, Options{}) {}
  MeasuredChip(const std::filesystem::path& file, const Options& options);
  /// The same map, otherwise laid.
  MeasuredChip(const MeasuredChip& map, const Options& options) : MeasuredChip(map) {
    options_ = options;
  }
  /// A profile in memory; `name` stands for its file, `sha256` (hexadecimal) for what is in it.
  MeasuredChip(std::shared_ptr<const profiles::Profile> profile, std::string name,
               std::string sha256, const Options& options);

  /// Between two voltages the cells of the lower one are used, so that errors are never
  /// underestimated; above the highest voltage those of the highest one. InputError below the
  /// lowest one, and for memories larger than the map unless it may wrap.
  memory::FaultList faults(memory::MemoryId memory, std::uint32_t words,
                           const OperatingPoint& at) const override;
  /// Check cells come after the data cells: check bit b of word w is cell (offset + words·64 + w·8
  /// + b) mod size.
  memory::FaultList check_faults(memory::MemoryId memory, std::uint32_t words,
                                 const OperatingPoint& at) const override;
  /// Data cells, into a list whose storage is used again.
  void draw(std::uint32_t words, double voltage, memory::FaultList& faults) const;
  /// The level that stands for a voltage.
  const profiles::ProfileLevel& level_at(double voltage) const;

  /// "FILE.h5", "FILE.h5,offset=N", "FILE.h5,no-wrap".
  std::string name() const override;
  std::string identity() const override;
  /// The first 64 bits of the file's hash plus the offset: the file's name does not matter.
  memory::Die die() const override;
  std::optional<Place> place() const override { return Place{sha256_, options_.offset % period()}; }
  /// The voltages of the profile.
  std::vector<double> steps() const override;
  std::uint64_t period() const override { return profile_->cells(); }
  bool wraps(std::uint32_t words) const override;
  bool synthetic() const override { return profile_->synthetic; }
  std::string note() const override;
  const profiles::Profile& profile() const { return *profile_; }

 private:
  /// Calls append(i, cell) for the faulty cells i in [0, bits) of a memory that begins at cell
  /// `start` of the map, in ascending order.
  template <typename Append>
  void lay(std::uint64_t start, std::uint64_t bits, double voltage, memory::FaultList& faults,
           const Append& append) const;
  void require(std::uint64_t bits) const;
  std::shared_ptr<const profiles::Profile> profile_;
  std::string file_;
  std::string sha256_;
  Options options_;
};

}  // namespace brownout::chips
