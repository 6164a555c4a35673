// SPDX-License-Identifier: Apache-2.0
// What the model of the accelerator leaves out. docs/accelerator.md says more about each.
#pragma once

namespace brownout::report {

inline constexpr const char* kNotModelled[] = {
    "refresh, row buffers and other traffic of the DRAM",
    "storage and port of the vector unit's registers",
    "limits of the address generator, gathering within an activation bank",
    "overlap of one layer with the next",
    "compression, sparsity, skipping of zeros",
    "clock gating, wires, instruction fetch, host",
    "switching of voltages, first load of a resident network",
    "energy of the input buffers at their own supply: priced with the activation memory",
};

}  // namespace brownout::report
