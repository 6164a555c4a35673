// SPDX-License-Identifier: Apache-2.0
// The options of all `brownout profile` verbs, and what several of them do.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/common.hpp"

namespace brownout::profiles {
struct Profile;
}

namespace brownout::cli {

/// Each verb takes some of them (profile_options.cpp says which).
struct ProfileOptions {
  CommonOptions common;
  std::string file, other;                    // profiles to read
  std::string out;                            // generate, import, plot, export
  std::string config;                         // generate
  std::string voltage, array, rows, columns;  // plot; rows and columns: import too;
                                              // voltage: export of masks too
  bool ber = false;                           // plot
  std::string format;                         // export
  std::string chip, words, bits, rate;        // export of masks
  std::string technology;                     // likewise
  std::int64_t evaluation_seed = 0;           // likewise
  std::vector<std::string> maps;              // import, with all below
  std::string kind, voltages, voltage_unit, name, origin;
  std::string arrays, fields, zero_means;
  bool pairs = false, synthetic = false;
  std::optional<double> vmin_volt;
};

inline constexpr char kVoltages[] = "--voltages";

/// Writes the profile to the file that --out names, prints warnings about it and its summary,
/// followed by the text `more`.
int made_profile(const profiles::Profile& profile, const ProfileOptions& options,
                 const Output& output, const std::string& more = "");

int profile_generate(const ProfileOptions& options);
int profile_import(const ProfileOptions& options);
int profile_inspect(const ProfileOptions& options);
int profile_fit(const ProfileOptions& options);
int profile_compare(const ProfileOptions& options);
int profile_plot(const ProfileOptions& options);
int profile_export(const ProfileOptions& options);
int profile_export_masks(const ProfileOptions& options);

}  // namespace brownout::cli
