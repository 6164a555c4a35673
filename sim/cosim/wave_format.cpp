// SPDX-License-Identifier: Apache-2.0
// The format that the name of a wave file asks for.
#include "sim/base/error.hpp"
#include "sim/cosim/waves.hpp"

namespace brownout::cosim {

WaveFormat wave_format(const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".fst") return WaveFormat::kFst;
  if (ending == ".vcd") return WaveFormat::kVcd;
  throw InputError("{}: expected a name that ends in .fst (FST) or .vcd (VCD)", file.string());
}

}  // namespace brownout::cosim
