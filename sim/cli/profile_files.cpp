// SPDX-License-Identifier: Apache-2.0
// `brownout profile generate` and `export`: they make profiles, and turn profiles into files of
// other tools.
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/profile_options.hpp"
#include "sim/profiles/cells_head.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_generator.hpp"
#include "sim/profiles/profile_statistics.hpp"
#include "sim/report/profile_export.hpp"
#include "sim/report/profile_report.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

/// "DIR/p01-0.875.npy" for each level and direction.
std::vector<std::string> npy_files(const profiles::Profile& profile, const fs::path& folder) {
  std::vector<std::string> files;
  for (const profiles::ProfileLevel& level : profile.levels) {
    for (const char* name : {"p01", "p10"}) {
      files.push_back(
          (folder / fmt::format("{}-{}.npy", name, report::voltage_text(level.voltage))).string());
    }
  }
  return files;
}

/// Options that only masks have.
void expect_no_masks_option(const ProfileOptions& options) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"--words", &options.words}, {"--bits", &options.bits},
      {"--chip", &options.chip},   {"--voltage", &options.voltage},
      {"--rate", &options.rate},   {"--technology", &options.technology}};
  for (const auto& [option, text] : texts) {
    if (!text->empty()) throw InputError("{}: only --format masks takes it", option);
  }
  if (options.file.empty()) throw InputError("FILE: expected a chip profile (HDF5), got none");
}

}  // namespace

int profile_generate(const ProfileOptions& options) {
  profiles::note_generator_inputs(options.config);
  const Output output(options.common, {options.config}, {{"--out", options.out}});
  return made_profile(profiles::generate_profile(options.config), options, output);
}

int profile_export(const ProfileOptions& options) {
  if (options.format == "masks") return profile_export_masks(options);
  expect_no_masks_option(options);
  const bool csv = options.format == "csv";
  std::vector<NamedFile> outputs;
  if (csv) outputs.push_back({"--out", options.out});
  const Output output(options.common, {options.file}, outputs);
  const profiles::Profile profile = profiles::read_profile(options.file);
  std::vector<std::string> written;
  if (csv) {
    written.push_back(options.out);
    write_output("--out", options.out,
                 profiles::cells_head(profile) + report::profile_csv(profile));
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

}  // namespace brownout::cli
