// SPDX-License-Identifier: Apache-2.0
// What every program of this project does around its work: open streams, one place for errors.
#pragma once
#include <functional>
#include <string>

namespace brownout {

/// Runs `work` and returns its exit code. An Error becomes one line "NAME: error: ..." on stderr
/// and its exit code, any other exception the same with 1. Standard streams that the caller closed
/// are opened first, so that no file of ours takes their number: what would go to a closed stdout
/// still fails as it should, what would go to a closed stderr is lost.
int run_program(const char* name, const std::function<int()>& work);

/// Text for people on stderr, where control characters of what files and names hold are shown, not
/// obeyed; never fails, wherever stderr goes.
void say(const std::string& text);
/// The same with control characters of our own, as a progress bar needs them.
void say_as_it_is(const std::string& text);

}  // namespace brownout
