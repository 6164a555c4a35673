// SPDX-License-Identifier: Apache-2.0
// Text from outside, made suitable for a message: one line, no control characters, not long.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

/// Control characters and bytes that are not UTF-8 become "\n", "\t" or "\x1b"; the rest stays. The
/// result passes unchanged when it is given to this function again.
std::string printable(std::string_view text);

/// Lines for a terminal: control characters are shown ("\x1b"), so that nothing obeys what files
/// and names hold.
std::string for_terminal(std::string_view lines);

/// A number with its noun: "1 image", "2 images". The plural of `noun` adds an s.
std::string counted(std::int64_t count, std::string_view noun);

/// Printable, and without its middle part when it is longer than `most` bytes.
std::string shortened(std::string_view text, std::size_t most);

/// A value as messages show it: printable, at most about a hundred bytes, in quotation marks.
std::string in_quotes(std::string_view text);

/// Whether a file's bytes are probably text in UTF-16: of two bytes one is 0 almost always and the
/// other never.
bool looks_like_utf16(std::string_view bytes);

/// The known name nearest to `word` by edit distance, or "" when none is near.
std::string nearest_name(const std::string& word, const std::vector<std::string>& known);

/// "did you mean "rows"?" with the nearest known name, or "" when none is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

}  // namespace brownout
