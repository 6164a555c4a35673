// SPDX-License-Identifier: Apache-2.0
// Options of the `brownout profile` verbs; all verbs that read or make a profile share them.
#include "sim/cli/profile_options.hpp"

#include <memory>

#include "sim/cli/arguments.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_statistics.hpp"
#include "sim/profiles/voltage_unit.hpp"
#include "sim/report/profile_report.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

using Options = std::shared_ptr<ProfileOptions>;

void add_input(Verb& verb, const Options& options) {
  verb.takes_shipped(verb.add_option("FILE", options->file, "Chip profile: its name or file (HDF5)")
                         ->required()
                         ->type_name(""),
                     kShippedProfiles);
}

void add_output(Verb& verb, const Options& options, const std::string& what,
                const std::string& type = "FILE") {
  verb.add_option("--out", options->out, what)->required()->type_name(type);
}

/// The common options come last. Returns what runs the verb.
Action finish(Verb& verb, const Options& options, int (*run)(const ProfileOptions&)) {
  add_common(verb, options->common);
  return [options, run] { return run(*options); };
}

}  // namespace

int made_profile(const profiles::Profile& profile, const ProfileOptions& options,
                 const Output& output, const std::string& more) {
  write_output("--out", options.out, profiles::profile_bytes(profile, options.out));
  const auto levels = profiles::profile_statistics(profile);
  const std::string warning = report::nesting_warning(profile, levels);
  if (!warning.empty()) output.note("warning: " + warning);
  output.json(report::profile_json(profile, levels));
  output.text(report::profile_text(profile, levels) + more);
  return 0;
}

Action add_profile_generate(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  verb.takes_shipped(
      verb.add_option("CONFIG", options->config, "What to generate: its name or file (YAML)")
          ->required()
          ->type_name(""),
      kShippedRecipes);
  add_output(verb, options, "The profile (HDF5)");
  return finish(verb, options, profile_generate);
}

Action add_profile_import(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  verb.add_option("KIND", options->kind, "Format of the maps")
      ->required()
      ->type_name("")
      ->transform(one_of({"bram-hex", "stuck-at", "npy", "cells", "masks"}));
  verb.add_option("FILES", options->maps,
                  "Lists of cells, or a map a voltage; npy: p01 and p10 of each voltage")
      ->required()
      ->type_name("");
  verb.add_option(kVoltages, options->voltages,
                  "Of the files, in their order (default: lists of cells have a column voltage)")
      ->type_name("V,V,...");
  verb.add_option("--voltage-unit", options->voltage_unit,
                  "Unit of the voltages; V and mV need --vmin-volt")
      ->type_name("UNIT")
      ->transform(one_of(profiles::voltage_units()))
      ->default_str("Vmin");
  add_output(verb, options, "The profile (HDF5)");
  verb.add_option("--arrays", options->arrays, "Arrays of lists of cells")->type_name("N");
  verb.add_option("--rows", options->rows, "Rows of a stuck-at map, or of lists of cells")
      ->type_name("N");
  verb.add_option("--columns", options->columns, "Columns, likewise")->type_name("N");
  verb.add_option("--fields", options->fields,
                  "Names of the columns of lists of cells without a line of names: voltage, array, "
                  "row, column, p01, p10, value, or - for none")
      ->type_name("NAME,...");
  verb.add_option("--zero-means", options->zero_means,
                  "What 0 says of a cell of a stuck-at map: stuck (at 0) or healthy")
      ->type_name("WHAT")
      ->transform(one_of({"stuck", "healthy"}));
  verb.add_flag("--pairs", options->pairs,
                "Two stuck-at maps a voltage, stuck-at-0 first, in which 1 is a faulty cell");
  verb.add_flag("--synthetic", options->synthetic, "The maps were generated, not measured");
  verb.add_option("--name", options->name, "Name of the chip (default: that of --out)")
      ->type_name("TEXT");
  verb.add_option("--origin", options->origin, "Who measured it, and how")->type_name("TEXT");
  verb.add_option("--vmin-volt", options->vmin_volt, "Vmin in volts")
      ->type_name("V")
      ->transform(number_in(0.01, 100.0))
      ->default_str("not known");
  return finish(verb, options, profile_import);
}

Action add_profile_inspect(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  add_input(verb, options);
  return finish(verb, options, profile_inspect);
}

Action add_profile_fit(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  add_input(verb, options);
  return finish(verb, options, profile_fit);
}

Action add_profile_compare(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  verb.takes_shipped(verb.add_option("A", options->file, "Chip profile: its name or file (HDF5)")
                         ->required()
                         ->type_name(""),
                     kShippedProfiles);
  verb.takes_shipped(
      verb.add_option("B", options->other, "The profile to compare with: its name or file")
          ->required()
          ->type_name(""),
      kShippedProfiles);
  return finish(verb, options, profile_compare);
}

Action add_profile_plot(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  add_input(verb, options);
  add_output(verb, options, "Picture: .png, .svg or .pdf");
  verb.add_option("--voltage", options->voltage, "A voltage of the profile (default: its lowest)")
      ->type_name("V");
  verb.add_option("--array", options->array, "Array shown (default 0)")->type_name("N");
  verb.add_option("--rows", options->rows, "Rows shown, the end not included (default 0:256)")
      ->type_name("A:B");
  verb.add_option("--columns", options->columns,
                  "Columns shown, the end not included (default 0:256)")
      ->type_name("C:D");
  verb.add_flag("--ber", options->ber, "Bit error rates against voltage, with the fit");
  verb.excludes("--ber", {"--voltage", "--array", "--rows", "--columns"},
                "{}: --ber shows the whole profile, not a window");
  return finish(verb, options, profile_plot);
}

Action add_profile_export(Verb& verb) {
  const auto options = std::make_shared<ProfileOptions>();
  verb.takes_shipped(verb.add_option("FILE", options->file,
                                     "Chip profile: its name or file (HDF5); masks: or --chip")
                         ->type_name(""),
                     kShippedProfiles);
  verb.add_option(
          "--format", options->format,
          "One CSV file, a folder of NumPy arrays, or fault masks of a memory for $readmemh")
      ->required()
      ->type_name("NAME")
      ->transform(one_of({"csv", "npy", "masks"}));
  add_output(verb, options, "Where to: the file, or the folder of .npy files", "PATH");
  verb.add_option("--words", options->words, "Masks: words of the memory")->type_name("N");
  verb.add_option("--bits", options->bits, "Masks: bits of a word")->type_name("W");
  verb.add_option("--chip", options->chip,
                  "Masks: the chip, instead of FILE: random:SEED, physical:SEED or a profile, its "
                  "name or FILE.h5")
      ->type_name("TEXT");
  verb.offers("--chip", chip_offer());
  verb.add_option("--voltage", options->voltage, "Masks: supply in units of Vmin")->type_name("V");
  verb.add_option("--rate", options->rate, "Masks: bit error rate of a random chip")
      ->type_name("P");
  verb.add_option("--technology", options->technology,
                  "Masks: rate of a random chip at --voltage (default: profiles/14nm-finfet.yaml)")
      ->type_name("FILE");
  verb.offers("--technology", {{}, &kShippedTechnologies});
  verb.add_option("--evaluation-seed", options->evaluation_seed,
                  "Masks: draws of cells that err with a probability")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxSeed))
      ->capture_default_str();
  verb.excludes("--rate", {"--voltage", "--technology"}, "{}: --rate says itself what fails");
  return finish(verb, options, profile_export);
}

}  // namespace brownout::cli
