// SPDX-License-Identifier: Apache-2.0
// Which files this process reads, which it was asked to write, and which it may replace.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace brownout {

/// States what this process was asked to do: a program and the words after its name. Files that are
/// written from then on remember it (an extended attribute), so that the same command may replace
/// them later. Options that change no result are ignored: --threads, --progress, --quiet,
/// --overwrite, --resume.
void remember_command(const std::string& program, const std::vector<std::string>& words);

/// The user wants to replace files of other commands.
void allow_overwriting();
bool overwriting_allowed();

/// Whether this process may replace what is at this place: nothing, an empty file, a device or pipe
/// (which is written to, never replaced), a file that the very same command wrote and nobody
/// changed since, or anything after allow_overwriting.
bool may_replace(const std::filesystem::path& file);

/// Whether there is nothing, or a file that some command of ours wrote and nobody changed since. It
/// is also true if the file system cannot tell.
bool holds_a_result(const std::filesystem::path& file);

/// What is there instead, for messages: "holds the result of \"brownout eval net.onnx\"".
std::string held_there(const std::filesystem::path& file);

/// `file` must not be an input, whether the input is opened before or after this call. Otherwise an
/// InputError that begins with `what` ("--json") is thrown, here or when the input is opened.
/// Outputs are watched before anything takes time.
void watch_output(const std::string& what, const std::filesystem::path& file);

/// watch_output for a file that this process may replace; InputError when it may not. The error
/// advises to allow overwriting unless the command names the file, or a folder that holds it, for
/// something else. Removes what a killed process left of it, see clear_temporaries.
void claim_output(const std::string& what, const std::filesystem::path& file);

/// A file that this process keeps for itself, whether it exists yet or not: no option may name it
/// as its output, before or after this call. InputError that calls it `owner` ("the study's
/// trainings").
void keep_for_itself(const std::string& owner, const std::filesystem::path& file);

/// Code that opens a file to read it calls this first; read_file does so itself.
void note_input(const std::filesystem::path& file);

/// All files in a folder are inputs, and none may be added: outputs inside it are an InputError,
/// before or after this call.
void note_input_folder(const std::filesystem::path& folder);

/// note_input for each file that a text such as "physical:1,FILE.yaml" may name, relative to
/// `folder`.
void note_inputs_within(const std::string& text, const std::filesystem::path& folder);

/// A process that is asked for one thing after the other, as users of the library ask, makes one
/// for each: what was read and written before neither forbids an output nor is forbidden, and
/// afterwards this is forgotten. Requests in several threads at once share what they remember.
class RequestFiles {
 public:
  /// `overwrite`: meanwhile this thread may replace files of others, as after allow_overwriting.
  explicit RequestFiles(bool overwrite = false);
  ~RequestFiles();
  RequestFiles(const RequestFiles&) = delete;
  RequestFiles& operator=(const RequestFiles&) = delete;

 private:
  bool overwrite_before_;
};

/// read_file without note_input, for files that this process reads and then writes, such as a
/// checkpoint.
std::string read_own_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

/// Marks a finished file as this command's result. Does nothing if the file system cannot store
/// that.
void mark_as_result(const std::filesystem::path& file);

/// The name under which this process writes a file before it renames it.
std::filesystem::path temporary_beside(const std::filesystem::path& file);

/// Removes the files that write_atomically left for `file` in processes that were killed.
void clear_temporaries(const std::filesystem::path& file);

}  // namespace brownout
