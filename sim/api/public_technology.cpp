// SPDX-License-Identifier: Apache-2.0
// The public Technology: a shared technology file of sim/technology.
#include "brownout/technology.hpp"
#include "sim/base/shipped.hpp"
#include "sim/technology/technology.hpp"

namespace brownout {

Technology::Technology(const std::string& name_or_file)
    : technology_(std::make_shared<const technology::Technology>(technology::Technology::load(
          find_shipped(kShippedTechnologies, name_or_file, "technology")))) {}

std::string Technology::name() const { return technology_->name(); }
std::string Technology::file() const { return technology_->file().string(); }
double Technology::lowest_voltage() const { return technology_->lowest_voltage(); }
double Technology::highest_voltage() const { return technology_->highest_voltage(); }
double Technology::bit_error_rate(double voltage) const {
  return technology_->bit_error_rate(voltage);
}
double Technology::voltage_at_rate(double rate) const { return technology_->voltage_at_rate(rate); }
double Technology::sram_energy_relative(double voltage) const {
  return technology_->sram_energy_relative(voltage);
}
double Technology::sram_leakage_relative(double voltage) const {
  return technology_->sram_leakage_relative(voltage);
}

}  // namespace brownout
