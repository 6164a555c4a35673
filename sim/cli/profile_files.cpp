// SPDX-License-Identifier: Apache-2.0
// `brownout profile generate` and `export`: what makes profiles, and what turns them into files of
// other tools.
#include <CLI/CLI.hpp>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/memory/profile.hpp"
#include "sim/memory/profile_generator.hpp"
#include "sim/memory/profile_statistics.hpp"
#include "sim/report/profile_export.hpp"
#include "sim/report/profile_report.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

struct GenerateOptions {
  CommonOptions common;
  std::string config, out;
};

/// Writes the profile, warns of what is odd in it, and tells what it is.
int finish(const memory::Profile& profile, const std::string& out, const Output& output) {
  write_profile_output(out, profile);
  const auto levels = memory::profile_statistics(profile);
  const std::string warning = report::nesting_warning(profile, levels);
  if (!warning.empty()) output.note("warning: " + warning);
  output.json(report::profile_json(profile, levels));
  output.text(report::profile_text(profile, levels));
  return 0;
}

int generate(const GenerateOptions& options) {
  options.common.thread_count();
  options.common.seed_or(0);
  const Output output(options.common, {options.config}, {{"--out", options.out}});
  return finish(memory::generate_profile(options.config), options.out, output);
}

struct ExportOptions {
  CommonOptions common;
  std::string file, format, out;
};

/// "DIR/p01-0.875.npy" for each level and direction.
std::vector<std::string> npy_files(const memory::Profile& profile, const fs::path& folder) {
  std::vector<std::string> files;
  for (const memory::ProfileLevel& level : profile.levels) {
    for (const char* name : {"p01", "p10"}) {
      files.push_back(
          (folder / fmt::format("{}-{}.npy", name, report::voltage_text(level.voltage))).string());
    }
  }
  return files;
}

int export_profile(const ExportOptions& options) {
  options.common.thread_count();
  options.common.seed_or(0);
  const bool csv = parse_choice("--format", options.format, {"csv", "npy"}) == "csv";
  std::vector<NamedFile> outputs;
  if (csv) outputs.push_back({"--out", options.out});
  const Output output(options.common, {options.file}, outputs);
  const memory::Profile profile = memory::read_profile(options.file);
  std::vector<std::string> written;
  if (csv) {
    written.push_back(options.out);
    write_output("--out", options.out, report::profile_csv(profile));
  } else {
    if (profile.cells() > report::kMostNpyCells) {
      throw InputError("{}: {} cells: dense arrays take at most {}; expected --format csv",
                       options.file, profile.cells(), report::kMostNpyCells);
    }
    written = npy_files(profile, options.out);
    make_folder(options.out);
    std::vector<NamedFile> files;
    for (const std::string& file : written) files.push_back({"--out", file});
    const Output checked(options.common, {options.file}, files);  // all of them before the first
    for (std::size_t i = 0; i < written.size(); ++i) {
      write_output("--out", written[i],
                   report::profile_npy(profile, profile.levels[i / 2], i % 2 == 0));
    }
  }
  output.json(report::written_json(profile, written));
  output.text(report::written_text(profile, written));
  return 0;
}

}  // namespace

void write_profile_output(const std::string& out, const memory::Profile& profile) {
  try {
    memory::write_profile(fs::absolute(out), profile);
  } catch (const InputError& error) {
    throw InputError("--out: {}", error.what());
  }
}

Action add_profile_generate(CLI::App& verb) {
  const auto options = std::make_shared<GenerateOptions>();
  verb.add_option("CONFIG", options->config, "What to generate (YAML)")->required()->type_name("");
  verb.add_option("--out", options->out, "The profile (HDF5)")->required()->type_name("FILE");
  add_common(verb, options->common);
  return [options] { return generate(*options); };
}

Action add_profile_export(CLI::App& verb) {
  const auto options = std::make_shared<ExportOptions>();
  verb.add_option("FILE", options->file, "Chip profile (HDF5)")->required()->type_name("");
  verb.add_option("--format", options->format, "csv (one file) or npy (a folder)")
      ->required()
      ->type_name("NAME");
  verb.add_option("--out", options->out, "Where to: the CSV file, or the folder of .npy files")
      ->required()
      ->type_name("PATH");
  add_common(verb, options->common);
  return [options] { return export_profile(*options); };
}

}  // namespace brownout::cli
