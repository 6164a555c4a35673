// SPDX-License-Identifier: Apache-2.0
// Prices are linear in counts and cycles, so totals over images are priced and then divided.
#include "sim/experiment/pricing.hpp"

#include "sim/mitigation/protection.hpp"
#include "sim/technology/protected_memory.hpp"

namespace brownout::experiment {

namespace {

EnergyLedger divided(EnergyLedger energy, std::int64_t images) {
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    energy.*field.energy /= static_cast<double>(images);
  }
  return energy;
}

EnergyRange price(const technology::Technology& technology, const Pricing& pricing,
                  const technology::Supply& supply, const EventCounts& counts, double cycles) {
  EnergyRange energy = technology::price_range(
      technology, counts, cycles / (1e6 * pricing.clock_mhz), supply, pricing.structure);
  energy.value = divided(energy.value, pricing.images);
  if (energy.ends) {
    for (EnergyLedger& end : *energy.ends) end = divided(end, pricing.images);
  }
  return energy;
}

ProtectionPrice protection_price(const technology::Technology& technology,
                                 const mitigation::Protection& protection, double voltage) {
  const mitigation::Overhead added = mitigation::overhead(protection, technology.mitigation());
  const double boosted = mitigation::boosted_voltage(voltage, added.boost_vmin);
  ProtectionPrice price;
  price.boosted_access_rel = technology.sram_energy_relative(boosted);
  price.boost_loss_rel = added.boost_loss_rel;
  price.access_rel = added.access_rel();
  price.leakage_rel = added.leakage_rel();
  price.access_pj = added.access_pj;
  price.read_pj = added.read_pj;
  price.write_pj = added.write_pj;
  price.logic_columns = added.logic_columns;
  return price;
}

PriceBasis basis_of(const technology::Technology& technology, const Pricing& pricing,
                    const technology::Supply& supply, const EventCounts& counts, double cycles) {
  const technology::Structure& structure = pricing.structure;
  const auto memory = [&](double vmin) {
    return MemorySupplyPrice{vmin, technology.sram_energy_relative(vmin),
                             technology.sram_leakage_relative(vmin)};
  };
  PriceBasis basis;
  basis.images = pricing.images;
  basis.cycles = cycles;
  basis.clock_mhz = pricing.clock_mhz;
  basis.counts = counts;
  basis.weight_kib = structure.weight_kib;
  basis.weight_gated_kib = structure.weight_gated_kib;
  basis.activation_kib = structure.activation_kib;
  basis.accumulator_kib = structure.accumulator_kib;
  basis.pes = structure.pes;
  basis.weights = memory(supply.weights_vmin);
  basis.activations = memory(supply.activations_vmin);
  basis.accumulators = memory(supply.accumulators_vmin);
  if (structure.protection.any()) {
    basis.protection = protection_price(technology, structure.protection, supply.weights_vmin);
  }
  return basis;
}

}  // namespace

std::optional<double> own_dram_price(const mapping::DramConfig& dram) {
  return dram.pj_per_bit ? std::optional(8.0 * *dram.pj_per_bit) : std::nullopt;
}

Pricing pricing_of(const mapping::Program& program, int code_bits, std::int64_t images) {
  const mapping::AcceleratorConfig& accelerator = program.accelerator;
  Pricing pricing;
  pricing.clock_mhz = accelerator.clock_mhz;
  pricing.images = images;
  technology::Structure& structure = pricing.structure;
  structure.weight_kib = static_cast<double>(accelerator.weights.words()) * 8.0 / 1024.0;
  if (accelerator.weights.unused == mapping::UnusedArrays::kGated) {
    const std::int64_t unused = accelerator.weights.arrays - used_weight_arrays(program);
    structure.weight_gated_kib =
        static_cast<double>(unused * accelerator.weights.array_rows) * 8.0 / 1024.0;
  }
  structure.activation_kib = accelerator.activations.kib;
  structure.accumulator_kib =
      2.0 * accelerator.accumulators.depth * (accelerator.array.columns + 1) * 4.0 / 1024.0;
  structure.pes = static_cast<double>(accelerator.array.rows) * accelerator.array.columns;
  structure.protection = mitigation::protection(accelerator.weights.mitigations,
                                                {code_bits, accelerator.weights.array_rows});
  structure.dram_pj_per_byte = own_dram_price(accelerator.dram);
  pricing.supplies = supplies_of(accelerator);
  return pricing;
}

EnergyRange energy_per_image(const technology::Technology& technology, const Pricing& pricing,
                             double voltage, const EventCounts& counts, double cycles) {
  return price(technology, pricing, pricing.supplies.priced_at(voltage), counts, cycles);
}

EnergyRange energy_at_vmin(const technology::Technology& technology, const Pricing& pricing,
                           const EventCounts& counts, double cycles) {
  Pricing unprotected = pricing;
  unprotected.structure.protection = {};
  return price(technology, unprotected, {}, counts, cycles);
}

PriceBasis price_basis(const technology::Technology& technology, const Pricing& pricing,
                       double voltage, const EventCounts& counts, double cycles) {
  return basis_of(technology, pricing, pricing.supplies.priced_at(voltage), counts, cycles);
}

PriceBasis price_basis_at_vmin(const technology::Technology& technology, const Pricing& pricing,
                               const EventCounts& counts, double cycles) {
  Pricing unprotected = pricing;
  unprotected.structure.protection = {};
  return basis_of(technology, unprotected, {}, counts, cycles);
}

PriceList price_list(const technology::Technology& technology) {
  const auto coefficients = [&](technology::RangeEnd end) {
    PriceList::Coefficients list;
    for (const technology::EnergyCoefficientField& field : technology::kEnergyCoefficientFields) {
      list.emplace_back(field.key, technology.energy(end).*field.value);
    }
    return list;
  };
  PriceList list;
  list.value = coefficients(technology::RangeEnd::kValue);
  if (technology.has_range()) {
    list.ends = {
        {coefficients(technology::RangeEnd::kLow), coefficients(technology::RangeEnd::kHigh)}};
  }
  const technology::Rail& rail = technology.rail();
  list.rail = technology::rail_kind_names()[static_cast<std::size_t>(rail.kind)];
  list.efficiency = rail.efficiency;
  list.level_shift_fj_per_bit = rail.level_shift_fj_per_bit;
  return list;
}

RelativeEnergy relative_energy(const EnergyRange& energy, const EnergyRange& at_vmin) {
  RelativeEnergy relative;
  const double all = at_vmin.value.total();
  relative.rel = energy.value.total() / all;
  relative.access_share = at_vmin.value.weight_sram / all;
  if (energy.ends && at_vmin.ends) {
    relative.ends.emplace();
    for (std::size_t i = 0; i < energy.ends->size(); ++i) {
      relative.ends->uj[i] = (*energy.ends)[i].total();
      relative.ends->rel[i] = relative.ends->uj[i] / (*at_vmin.ends)[i].total();
    }
  }
  return relative;
}

DramPrice dram_price(const technology::Technology& technology,
                     const std::optional<double>& own_pj_per_byte) {
  const double usual = technology.energy().dram_pj_per_byte;
  if (!own_pj_per_byte) return {usual, std::nullopt};
  return {*own_pj_per_byte, usual};
}

RunPrices price_run(const technology::Technology& technology, const Pricing& pricing,
                    double voltage, const RunCounts& counts) {
  const auto priced = [&](const RunPartCounts& part) {
    return energy_per_image(technology, pricing, voltage, part.counts, part.cycles);
  };
  RunPrices prices;
  prices.voltage = voltage;
  prices.technology = technology.name();
  prices.technology_file = technology.file();
  prices.rail = technology.rail().text();
  prices.dram = dram_price(technology, pricing.structure.dram_pj_per_byte);
  const mitigation::Protection& protection = pricing.structure.protection;
  prices.weight_area_rel = technology::area_relative(technology, protection);
  prices.energy_sram_rel = technology::protected_read_relative(
      technology, protection, pricing.supplies.priced_at(voltage).weights_vmin);
  prices.all = priced(counts.all);
  for (const RunPartCounts& layer : counts.layers) prices.layers.push_back(priced(layer));
  // A technology may not cover Vmin.
  const bool covers_vmin =
      technology.lowest_voltage() <= 1.0 && technology.highest_voltage() >= 1.0;
  if (counts.unprotected_cycles && covers_vmin) {
    prices.relative = relative_energy(
        prices.all,
        energy_at_vmin(technology, pricing, counts.all.counts, *counts.unprotected_cycles));
  }
  return prices;
}

}  // namespace brownout::experiment
