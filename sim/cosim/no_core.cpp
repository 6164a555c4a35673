// SPDX-License-Identifier: Apache-2.0
// Replaces core.cpp in a build without RTL.
#include "sim/base/error.hpp"
#include "sim/cosim/core.hpp"
#include "sim/cosim/waves.hpp"

namespace brownout::cosim {

std::vector<CoreShape> built_cores() { return {}; }
std::unique_ptr<Core> make_core(int, int) { return nullptr; }
void write_vcd(const std::filesystem::path&, const std::filesystem::path& vcd) {
  throw RunError("{}: this build has no RTL, so no waves", vcd.string());
}

}  // namespace brownout::cosim
