// SPDX-License-Identifier: Apache-2.0
// A file of waves, as a whole or not at all.
#pragma once

#include <filesystem>
#include <functional>

namespace brownout::cosim {

/// Calls write(file) for the waves, which become `trace` as a whole or not at all, whatever ends
/// the program. `write` writes FST; the ending of `trace` decides the format.
void write_waves(const std::filesystem::path& trace,
                 const std::function<void(const std::filesystem::path& fst)>& write);

}  // namespace brownout::cosim
