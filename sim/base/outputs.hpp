// SPDX-License-Identifier: Apache-2.0
// What this process reads, what it was asked to write, and what it may replace.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace brownout {

/// Tells what this process was asked to do: a program and the words after its name. Files that are
/// written from then on remember it (an extended attribute), so that the same command may replace
/// them later. Options that change no result count for nothing: --threads, --quiet, --overwrite,
/// --resume.
void remember_command(const std::string& program, const std::vector<std::string>& words);

/// The user wants files of others replaced (--overwrite).
void allow_overwriting();
bool overwriting_allowed();

/// Whether this process may replace what lies there: nothing, an empty file, a device or pipe
/// (which is written to, never replaced), what the very same command wrote and nobody changed
/// since, or anything after allow_overwriting.
bool may_replace(const std::filesystem::path& file);

/// Whether nothing lies there, or what some command of ours wrote and nobody changed since; true as
/// well where the file system cannot tell.
bool holds_a_result(const std::filesystem::path& file);

/// What lies there instead, for messages: "holds the result of \"brownout eval net.onnx\"".
std::string held_there(const std::filesystem::path& file);

/// No input may be `file`, whether it is opened before or after this call: InputError, then or
/// there, that names `what` ("--json"). Outputs are watched before anything takes time.
void watch_output(const std::string& what, const std::filesystem::path& file);

/// watch_output for a file that this process may replace; InputError when it may not. Clears what a
/// killed process left of it, see clear_temporaries.
void claim_output(const std::string& what, const std::filesystem::path& file);

/// A file that this process keeps for itself, whether it exists yet or not: no option may name it
/// as its output, before or after this call. InputError that calls it `owner` ("the study's
/// trainings").
void keep_for_itself(const std::string& owner, const std::filesystem::path& file);

/// What opens a file to read it says so first; read_file does.
void note_input(const std::filesystem::path& file);

/// read_file without note_input: for what this process reads and then writes, such as a checkpoint.
std::string read_own_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

/// Marks a finished file as this command's result; does nothing where the file system cannot.
void mark_as_result(const std::filesystem::path& file);

/// The name under which this process writes a file before it moves it into place.
std::filesystem::path temporary_beside(const std::filesystem::path& file);

/// Removes what write_atomically left of `file` in processes that were killed.
void clear_temporaries(const std::filesystem::path& file);

}  // namespace brownout
