// SPDX-License-Identifier: Apache-2.0
// Common options and output.
#include "sim/cli/common.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/run_program.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/command/verb.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/workers/ranks.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

/// Devices and pipes are written to, never replaced by a file.
bool is_special(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

/// Neither file needs to exist yet. A device or a pipe may receive several outputs.
bool same_file(const fs::path& output, const fs::path& other) {
  if (output.empty() || other.empty() || is_special(output)) return false;
  std::error_code error;
  if (fs::equivalent(output, other, error)) return true;
  const auto resolved = [&](const fs::path& file) {
    return fs::weakly_canonical(fs::absolute(file), error);
  };
  const fs::path place = resolved(output);
  return !error && place == resolved(other) && !error;
}

}  // namespace

void print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw InputError("stdout: cannot write: {}", std::strerror(errno));
  }
}

int CommonOptions::thread_count(const workers::Ranks* ranks) const {
  if (threads) return *threads;
  return std::max(1, hardware_threads() / (ranks == nullptr ? 1 : ranks->on_this_machine()));
}

void add_common(Verb& verb, CommonOptions& options) {
  verb.add_option("--json", options.json,
                  "Write the result as JSON; - is stdout, all else then goes to stderr")
      ->type_name("FILE");
  verb.add_option("--threads", options.threads, "Threads; changes time, never results")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxThreads))
      ->default_str("all");
  verb.add_flag_callback("--overwrite", allow_overwriting,
                         "Replace outputs that this very command did not write");
  verb.add_flag("--quiet", options.quiet, "No progress, no remarks");
}

void add_seed(Verb& verb, CommonOptions& options, const std::string& usual) {
  verb.add_option("--seed", options.seed, "Chip i is random:SEED+i")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxSeed))
      ->default_str(usual);
}

void expect_own_file(const NamedFile& output, const NamedFile& taken) {
  if (!same_file(output.file, taken.file)) return;
  throw InputError("{}: {}: expected a file of its own, found that of {}", output.option,
                   output.file, taken.option);
}

void expect_own_files(const std::string& json, const std::string& option,
                      const std::filesystem::path& folder, const std::vector<std::string>& names) {
  expect_own_file({"--json", json}, {option, folder.string()});
  for (const std::string& name : names) {
    expect_own_file({"--json", json}, {option, (folder / name).string()});
  }
}

void check_output(const std::string& option, const std::string& name) {
  if (is_special(name)) return;
  if (name == "-") throw InputError("{}: expected a file, got \"-\"", option);
  const fs::path file = fs::absolute(name);
  std::error_code error;
  const fs::file_status folder = fs::status(file.parent_path(), error);
  if (folder.type() == fs::file_type::none) {
    throw InputError("{}: {}: cannot open: {}", option, file.parent_path().string(),
                     error.message());
  }
  if (!fs::is_directory(folder)) {
    throw InputError("{}: {}: expected an existing folder, found none", option,
                     file.parent_path().string());
  }
  claim_output(option, name);
  try {
    check_writable(file, 1);
  } catch (const InputError& failure) {
    throw InputError("{}: {}", option, failure.what());
  }
}

void write_output(const std::string& option, const std::string& name, const std::string& text) {
  if (is_special(name)) {
    std::FILE* file = std::fopen(name.c_str(), "w");
    if (file == nullptr) throw InputError("{}: {}: {}", option, name, std::strerror(errno));
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) {
      throw InputError("{}: {}: cannot write: {}", option, name, std::strerror(errno));
    }
    return;
  }
  try {
    write_file_atomically(fs::absolute(name), text);
  } catch (const InputError& error) {
    throw InputError("{}: {}", option, error.what());
  }
}

Output::Output(const CommonOptions& options, const std::vector<fs::path>& inputs,
               const std::vector<NamedFile>& others)
    : json_(options.json), quiet_(options.quiet) {
  std::vector<NamedFile> outputs;
  if (json_ != "-") outputs.push_back({"--json", json_});
  outputs.insert(outputs.end(), others.begin(), others.end());
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    if (output->file.empty()) continue;
    for (const fs::path& input : inputs) {
      if (!same_file(output->file, input)) continue;
      throw InputError("{}: {}: expected a file of its own, found the input {}", output->option,
                       output->file, input.string());
    }
    for (auto taken = outputs.begin(); taken != output; ++taken) expect_own_file(*output, *taken);
    check_output(output->option, output->file);
  }
}

void Output::text(const std::string& text) const {
  // Names and metadata come from files. Characters that a terminal would obey are shown instead.
  if (json_ != "-") {
    print_text(for_terminal(text));
  } else if (!quiet_) {
    say(text);
  }
}

void Output::note(const std::string& text) const {
  if (!quiet_) say("brownout: " + text + "\n");
}

void Output::json(const std::string& text) const {
  if (json_.empty()) return;
  if (json_ == "-") {
    print_text(text);
  } else {
    write_output("--json", json_, text);
  }
}

void announce_interrupts(const char* work) {
  static std::string text;
  text = fmt::format("\nbrownout: interrupted; the same command continues {}\n", work);
  const auto say_and_end = [](int signal) {
    const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
    static_cast<void>(ignored);
    std::signal(signal, SIG_DFL);
    ::raise(signal);
  };
  if (std::signal(SIGINT, say_and_end) == SIG_IGN) std::signal(SIGINT, SIG_IGN);
}

}  // namespace brownout::cli
