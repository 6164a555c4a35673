// SPDX-License-Identifier: Apache-2.0
// Words of a shell.
#pragma once
#include <string>

namespace brownout {

/// One word of a shell, quoted if it needs to be.
std::string for_shell(const std::string& text);

}  // namespace brownout
