// SPDX-License-Identifier: Apache-2.0
// FST beside the file, and from it VCD if that is asked for.
#include "sim/cosim/wave_file.hpp"

#include <string>
#include <system_error>

#include "sim/base/files.hpp"
#include "sim/base/interrupt.hpp"
#include "sim/cosim/waves.hpp"

namespace brownout::cosim {

void write_waves(const std::filesystem::path& trace,
                 const std::function<void(const std::filesystem::path& fst)>& write) {
  write_atomically(trace, [&](const std::filesystem::path& temporary) {
    const bool vcd = wave_format(trace) == WaveFormat::kVcd;
    const std::filesystem::path fst = temporary.string() + (vcd ? ".fst" : "");
    // The writer of FST files writes a second file beside it.
    const RemoveOnInterrupt waves({temporary, fst, fst.string() + ".hier"});
    write(fst);
    if (!vcd) return;
    std::error_code ignored;
    try {
      write_vcd(fst, temporary);
    } catch (...) {
      std::filesystem::remove(fst, ignored);
      throw;
    }
    std::filesystem::remove(fst, ignored);
  });
}

}  // namespace brownout::cosim
