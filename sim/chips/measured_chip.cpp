// SPDX-License-Identifier: Apache-2.0
// Lays a map along a memory: one run of consecutive cells of the map for each time that the map
// begins.
#include "sim/chips/measured_chip.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::chips {
namespace {

/// Voltages that differ by less than this are the same one, because people type them.
constexpr double kSameVoltage = 1e-9;

}  // namespace

MeasuredChip::MeasuredChip(const std::filesystem::path& file, const Options& options)
    : MeasuredChip(std::make_shared<const profiles::Profile>(profiles::read_profile(file)),
                   file.string(), sha256_hex(read_file(file)), options) {}

MeasuredChip::MeasuredChip(std::shared_ptr<const profiles::Profile> profile, std::string name,
                           std::string sha256, const Options& options)
    : profile_(std::move(profile)),
      file_(std::move(name)),
      sha256_(std::move(sha256)),
      options_(options) {
  profiles::check_profile(*profile_, file_);
}

std::string MeasuredChip::name() const {
  return fmt::format("{}{}{}", file_,
                     options_.offset == 0 ? "" : fmt::format(",offset={}", options_.offset),
                     options_.may_wrap ? "" : ",no-wrap");
}

std::string MeasuredChip::identity() const { return fmt::format("{} sha256:{}", name(), sha256_); }

memory::Die MeasuredChip::die() const {
  const std::uint64_t file = std::stoull(sha256_.substr(0, 16), nullptr, 16);
  return {Purpose::kMeasuredChipRead, file + options_.offset % period()};
}

std::vector<double> MeasuredChip::steps() const {
  std::vector<double> voltages;
  for (const profiles::ProfileLevel& level : profile_->levels) voltages.push_back(level.voltage);
  return voltages;
}

std::string MeasuredChip::note() const {
  return fmt::format("{}{}: map of {} cells ({} x {} x {}){}",
                     profile_->synthetic ? "SYNTHETIC chip " : "chip ", profile_->name, period(),
                     profile_->arrays, profile_->rows, profile_->columns,
                     options_.may_wrap ? "; a larger memory has it repeatedly" : "");
}

bool MeasuredChip::wraps(std::uint32_t words) const {
  return std::uint64_t{words} * memory::kWordBits > period();
}

const profiles::ProfileLevel& MeasuredChip::level_at(double voltage) const {
  const std::vector<profiles::ProfileLevel>& levels = profile_->levels;
  // Negated, so that NaN fails too.
  if (!(voltage >= levels.front().voltage - kSameVoltage))
    throw InputError(
        "chip {}: expected a voltage of at least {} Vmin, the lowest one of the profile, got {}",
        name(), levels.front().voltage, voltage);
  const auto above = std::upper_bound(
      levels.begin(), levels.end(), voltage + kSameVoltage,
      [](double v, const profiles::ProfileLevel& level) { return v < level.voltage; });
  return *(above - 1);
}

memory::FaultList MeasuredChip::faults(memory::MemoryId, std::uint32_t words,
                                       const OperatingPoint& at) const {
  memory::FaultList list;
  draw(words, at.voltage, list);
  return list;
}

memory::FaultList MeasuredChip::check_faults(memory::MemoryId, std::uint32_t words,
                                             const OperatingPoint& at) const {
  constexpr std::uint64_t kCheckBits = 8;
  const std::uint64_t data = std::uint64_t{words} * memory::kWordBits;
  const std::uint64_t bits = std::uint64_t{words} * kCheckBits;
  require(data + bits);
  memory::FaultList list;
  lay(options_.offset % period() + data, bits, at.voltage, list,
      [&](std::uint64_t i, const profiles::ProfileCell& cell) {
        return memory::CellFault{static_cast<std::uint32_t>(i / kCheckBits),
                                 static_cast<std::uint32_t>(memory::kWordBits + i % kCheckBits),
                                 cell.p01, cell.p10};
      });
  return list;
}

void MeasuredChip::draw(std::uint32_t words, double voltage, memory::FaultList& faults) const {
  const std::uint64_t bits = std::uint64_t{words} * memory::kWordBits;
  require(bits);
  lay(options_.offset, bits, voltage, faults,
      [](std::uint64_t i, const profiles::ProfileCell& cell) {
        return memory::CellFault{static_cast<std::uint32_t>(i / memory::kWordBits),
                                 static_cast<std::uint32_t>(i % memory::kWordBits), cell.p01,
                                 cell.p10};
      });
}

void MeasuredChip::require(std::uint64_t bits) const {
  if (bits > period() && !options_.may_wrap)
    throw InputError(
        "chip {}: it may not repeat (no-wrap) and has {} cells, but the memory has {} bits: {} "
        "bits are missing",
        name(), period(), bits, bits - period());
}

template <typename Append>
void MeasuredChip::lay(std::uint64_t start, std::uint64_t bits, double voltage,
                       memory::FaultList& faults, const Append& append) const {
  const std::vector<profiles::ProfileCell>& cells = level_at(voltage).cells;
  faults.clear();
  if (cells.empty()) return;
  const std::uint64_t size = period();
  faults.reserve(std::min((bits / size + 1) * cells.size(), bits));
  start %= size;
  for (std::uint64_t done = 0; done < bits;) {
    // The run of cells [start, end) of the map becomes the run of cells of the memory that begins
    // here.
    const std::uint64_t end = std::min(size, start + (bits - done));
    const auto below = [](const profiles::ProfileCell& cell, std::uint64_t limit) {
      return cell.cell < limit;
    };
    const auto first = std::lower_bound(cells.begin(), cells.end(), start, below);
    const auto last = std::lower_bound(first, cells.end(), end, below);
    for (auto cell = first; cell != last; ++cell)
      faults.push_back(append(done + (cell->cell - start), *cell));
    done += end - start;
    start = 0;
  }
}

}  // namespace brownout::chips
