// SPDX-License-Identifier: Apache-2.0
// What every verb shares: --json, --seed, --threads, --quiet, and where output goes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace brownout::workers {
class Ranks;
}

namespace brownout::cli {

class Verb;

struct CommonOptions {
  std::string json;  // file, "-" = stdout, "" = none
  std::optional<std::int64_t> seed;
  std::optional<int> threads;
  bool quiet = false;

  /// Default: all the machine has, shared among the ranks on it.
  int thread_count(const workers::Ranks* ranks = nullptr) const;
};

/// --json, --threads, --overwrite and --quiet.
void add_common(Verb& verb, CommonOptions& options);
/// --seed, of verbs that draw chips or noise.
void add_seed(Verb& verb, CommonOptions& options, const std::string& usual = "0");

/// A file that an option names.
struct NamedFile {
  std::string option;
  std::string file;  // "" = none
};

/// Where a verb's output goes: text for people to stdout, or to stderr when stdout carries the
/// JSON.
class Output {
 public:
  /// Checks early that the JSON file and the verb's `other` outputs can be written, before anything
  /// takes time. No two may be the same, and none may be one of `inputs`, because it would replace
  /// it.
  explicit Output(const CommonOptions& options,
                  const std::vector<std::filesystem::path>& inputs = {},
                  const std::vector<NamedFile>& others = {});
  /// Prints text for people to stdout. When the JSON goes to stdout, the text goes to stderr, and
  /// nowhere when --quiet.
  void text(const std::string& text) const;
  /// A remark on stderr, unless --quiet.
  void note(const std::string& text) const;
  /// Writes the JSON to the place that was asked for, as a whole or not at all.
  void json(const std::string& text) const;

 private:
  std::string json_;
  bool quiet_;
};

/// Prints to stdout. A full disk or a closed pipe is an InputError, so that it does not look like
/// success.
void print_text(const std::string& text);

/// InputError when two options name one file to write.
void expect_own_file(const NamedFile& output, const NamedFile& taken);
/// InputError when --json is the folder of an option, or one of the files `names` in it.
void expect_own_files(const std::string& json, const std::string& option,
                      const std::filesystem::path& folder, const std::vector<std::string>& names);

/// Checks that an option's file can be written and may be replaced (outputs.hpp), before anything
/// takes time.
void check_output(const std::string& option, const std::string& file);
/// Writes the file as a whole or not at all. Devices and pipes are written to, never replaced.
void write_output(const std::string& option, const std::string& file, const std::string& text);

/// From now on SIGINT first says that the same command continues the `work` ("the sweep"), whose
/// results are stored as they come. Not if the caller ignores SIGINT, as a shell does for commands
/// in the background.
void announce_interrupts(const char* work);

}  // namespace brownout::cli
