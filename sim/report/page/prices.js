// SPDX-License-Identifier: Apache-2.0
// Counts × coefficients × supply, as sim/technology computes them, in the same order of operations.
"use strict";
const Prices = (() => {
  const UJ_PER_PJ = 1e-6, UJ_PER_MJ = 1e3;
  const WEIGHT_BITS = 64, ACTIVATION_BITS = 8, ACCUMULATOR_BITS = 32;
  const PARTS = ["weight_sram", "activation_sram", "accumulator_sram", "macs", "vector", "dram",
                 "weight_leakage", "activation_leakage", "accumulator_leakage", "logic_leakage",
                 "mitigation"];

  // What is drawn to deliver one unit of energy at a voltage below Vmin.
  function drawn(rail, voltage) {
    if (voltage >= 1.0) return 1.0;
    if (rail.kind === "switching-regulator") return 1.0 / rail.efficiency;
    if (rail.kind === "linear-regulator") return 1.0 / voltage;
    return 1.0;
  }
  function levelShift(rail, voltage, bits) {
    if (voltage >= 1.0 || rail.kind === "ideal") return 0.0;
    return 1e-3 * rail.level_shift_fj_per_bit * bits;
  }
  function accesses(reads, readPj, writes, writePj, relative) {
    return (reads * readPj + writes * writePj) * relative * UJ_PER_PJ;
  }
  // What an access of a protected weight memory takes.
  function protectedAccess(basis, rail) {
    const p = basis.protection, v = basis.weights.voltage, atRail = basis.weights.access_rel;
    const shift = levelShift(rail, v, p.logic_columns);
    return {
      relative: (atRail + (p.boosted_access_rel - atRail) * (1.0 + p.boost_loss_rel)) *
                drawn(rail, v) * (1.0 + p.access_rel),
      read: p.access_pj + shift + p.read_pj,
      write: p.access_pj + shift + p.write_pj,
    };
  }

  // µJ per image by component, and their total.
  function energy(basis, c, rail) {
    const n = basis.event_counts, seconds = basis.cycles / (1e6 * basis.clock_mhz);
    const dynamic = (m) => m.access_rel * drawn(rail, m.voltage);
    const shifted = (reads, writes, bits, m) => {
      const shift = levelShift(rail, m.voltage, bits);
      return accesses(reads, shift, writes, shift, 1.0);
    };
    const leakage = (kib, m) => c.sram_leakage_mw_per_kib * kib * m.leakage_rel *
                                drawn(rail, m.voltage) * seconds * UJ_PER_MJ;
    const weightKib = basis.weight_kib - basis.weight_gated_kib * (1.0 - c.gated_leakage_rel);
    const e = {};
    e.weight_sram = accesses(n.weight_reads, c.weight_read_pj_per_word, n.weight_writes,
                             c.weight_write_pj_per_word, dynamic(basis.weights)) +
                    shifted(n.weight_reads, n.weight_writes, WEIGHT_BITS, basis.weights);
    e.activation_sram =
        accesses(n.activation_reads, c.activation_read_pj_per_byte, n.activation_writes,
                 c.activation_write_pj_per_byte, dynamic(basis.activations)) +
        shifted(n.activation_reads, n.activation_writes, ACTIVATION_BITS, basis.activations);
    e.accumulator_sram =
        accesses(n.accumulator_reads, c.accumulator_read_pj_per_word, n.accumulator_writes,
                 c.accumulator_write_pj_per_word, dynamic(basis.accumulators)) +
        shifted(n.accumulator_reads, n.accumulator_writes, ACCUMULATOR_BITS, basis.accumulators);
    e.macs = n.macs * c.mac_pj * UJ_PER_PJ;
    e.vector = n.vector_ops * c.vector_op_pj * UJ_PER_PJ;
    e.dram = accesses(n.dram_read_bytes, c.dram_pj_per_byte, n.dram_write_bytes,
                      c.dram_pj_per_byte, 1.0);
    e.weight_leakage = leakage(weightKib, basis.weights);
    e.activation_leakage = leakage(basis.activation_kib, basis.activations);
    e.accumulator_leakage = leakage(basis.accumulator_kib, basis.accumulators);
    e.logic_leakage = c.logic_leakage_mw_per_pe * basis.pes * seconds * UJ_PER_MJ;
    e.mitigation = 0.0;
    if (basis.protection) {
      const a = protectedAccess(basis, rail);
      e.mitigation = accesses(n.weight_reads, c.weight_read_pj_per_word, n.weight_writes,
                              c.weight_write_pj_per_word,
                              a.relative - dynamic(basis.weights)) +
                     accesses(n.weight_reads, a.read, n.weight_writes, a.write, 1.0) +
                     e.weight_leakage * basis.protection.leakage_rel;
    }
    let total = 0.0;
    for (const part of PARTS) {
      e[part] /= basis.images;
      total += e[part];
    }
    e.total = total;
    return e;
  }

  // Dynamic energy of a weight read with all that protects it, relative to an unprotected one at
  // Vmin.
  function accessRelative(basis, c, rail) {
    const shift = levelShift(rail, basis.weights.voltage, WEIGHT_BITS);
    const access = basis.protection
        ? protectedAccess(basis, rail)
        : {relative: basis.weights.access_rel * drawn(rail, basis.weights.voltage), read: 0.0};
    const logic = access.read + shift;
    if (!basis.protection && logic === 0.0) return access.relative;
    const read = c.weight_read_pj_per_word;
    return access.relative + (read > 0.0 ? logic / read : 0.0);
  }
  return {PARTS, energy, accessRelative};
})();
