// SPDX-License-Identifier: Apache-2.0
// What every verb shares: --json, --seed, --threads, --quiet, and where output goes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}
namespace brownout::mapping {
struct AcceleratorConfig;
}
namespace brownout::technology {
class Technology;
}

namespace brownout::cli {

inline constexpr std::int64_t kMaxThreads = 256;

struct CommonOptions {
  std::string json;  // file, "-" = stdout, "" = none
  std::string seed;  // as typed; "" = not given
  std::string threads;
  bool quiet = false;

  int thread_count() const;  // default: all the machine has
  std::int64_t seed_or(std::int64_t fallback) const;
};

/// --json, --threads and --quiet.
void add_common(CLI::App& verb, CommonOptions& options);
/// --seed, of verbs that draw chips or noise.
void add_seed(CLI::App& verb, CommonOptions& options);
/// InputError with the reason if --seed was given although it has no effect.
void refuse_seed(const CommonOptions& options, const std::string& reason);

/// The chip of a verb that takes one: as --chip names it, else random:SEED of --seed. If nothing
/// `fails` there is none; InputError if one of the options was given all the same.
std::string one_chip(const CommonOptions& options, const std::string& chip, bool fails);

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

/// InputError when two options name one file to write.
void expect_own_file(const NamedFile& output, const NamedFile& taken);

/// Checks that an option's file can be written and may be replaced (outputs.hpp), before anything
/// takes time.
void check_output(const std::string& option, const std::string& file);
/// Writes the file as a whole or not at all. Devices and pipes are written to, never replaced.
void write_output(const std::string& option, const std::string& file, const std::string& text);

/// The value of --voltage: within the technology's validity range.
double parse_voltage(const std::string& text, const technology::Technology& technology);

/// Folder of the running program.
std::filesystem::path program_folder();

/// Reads a technology file; null for an empty name.
std::shared_ptr<const technology::Technology> load_technology(const std::filesystem::path& file);
/// Its file; "" when there is none.
std::filesystem::path file_of(const std::shared_ptr<const technology::Technology>& technology);

/// profiles/14nm-finfet.yaml of the source tree or the installation; "" when neither is there.
std::filesystem::path default_technology();

}  // namespace brownout::cli
