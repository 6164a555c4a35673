// SPDX-License-Identifier: Apache-2.0
// The reader that comes with Verilator's writer of FST files.
#include "sim/cosim/waves.hpp"

#include <gtkwave/fstapi.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "sim/base/error.hpp"

namespace brownout::cosim {

void write_vcd(const std::filesystem::path& fst, const std::filesystem::path& vcd) {
  const std::unique_ptr<void, void (*)(void*)> reader(fstReaderOpen(fst.c_str()), fstReaderClose);
  if (reader == nullptr) throw RunError("{}: cannot read the waves again", fst.string());
  std::FILE* const file = std::fopen(vcd.c_str(), "wb");
  if (file == nullptr) throw InputError("{}: cannot write: {}", vcd.string(), std::strerror(errno));
  fstReaderSetFacProcessMaskAll(reader.get());
  const bool written = fstReaderProcessHier(reader.get(), file) != 0 &&
                       fstReaderIterBlocks(reader.get(), nullptr, nullptr, file) != 0 &&
                       std::ferror(file) == 0;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) throw InputError("{}: cannot write the waves", vcd.string());
}

}  // namespace brownout::cosim
