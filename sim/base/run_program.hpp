// SPDX-License-Identifier: Apache-2.0
// What every program of this project does around its work: it opens the standard streams and
// handles errors in one place.
#pragma once
#include <functional>
#include <string>

namespace brownout {

/// Runs `work` and returns its exit code. An Error becomes one line "NAME: error: ..." on stderr
/// and its exit code; any other exception becomes the same with exit code 1. Standard streams that
/// the caller closed are opened first, so that no file of ours takes their number. Output to a
/// closed stdout still fails as it should; output to a closed stderr is lost.
int run_program(const char* name, const std::function<int()>& work);

/// Text for people on stderr. Control characters of what files and names contain are shown, not
/// obeyed. Never fails, wherever stderr goes.
void say(const std::string& text);
/// The same, but with control characters of our own, which a progress bar needs.
void say_as_it_is(const std::string& text);

}  // namespace brownout
