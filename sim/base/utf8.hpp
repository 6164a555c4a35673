// SPDX-License-Identifier: Apache-2.0
// Where a text is UTF-8.
#pragma once
#include <cstddef>
#include <string_view>

namespace brownout {

/// Bytes of the UTF-8 character at the front, 0 when there is none; `text` is not empty.
std::size_t utf8_character(std::string_view text);

/// Bytes at the front that are UTF-8: all of them where the whole text is.
std::size_t utf8_length(std::string_view text);

}  // namespace brownout
