// SPDX-License-Identifier: Apache-2.0
// `brownout technology inspect`, `compare` and `plot`.
#include "sim/technology/technology.hpp"

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/technology_report.hpp"

namespace brownout::cli {

namespace {

struct TechnologyOptions {
  CommonOptions common;
  std::vector<std::string> technologies;
  std::string out;
};

std::vector<std::filesystem::path> files_of(const TechnologyOptions& options) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : options.technologies) {
    files.push_back(find_shipped(kShippedTechnologies, name, "NAME"));
  }
  return files.empty() ? shipped_files(kShippedTechnologies) : files;
}

std::vector<technology::Technology> load(const std::vector<std::filesystem::path>& files) {
  std::vector<technology::Technology> technologies;
  for (const std::filesystem::path& file : files) {
    technologies.push_back(technology::Technology::load(file));
  }
  return technologies;
}

int inspect_technology(const TechnologyOptions& options) {
  const std::vector<std::filesystem::path> files = files_of(options);
  const Output output(options.common, files);
  const results::TechnologySummary summary = results::summarize(load(files).front());
  output.json(report::technology_json(summary));
  output.text(report::technology_text(summary));
  return 0;
}

int compare_technologies(const TechnologyOptions& options) {
  const std::vector<std::filesystem::path> files = files_of(options);
  const Output output(options.common, files);
  const std::vector<results::TechnologySummary> summaries = results::side_by_side(load(files));
  output.json(report::technologies_json(summaries));
  output.text(report::technologies_text(summaries));
  return 0;
}

int plot_technologies(const TechnologyOptions& options) {
  const std::filesystem::path out = options.out;
  const std::string format = out.extension().string();
  if (format != ".png" && format != ".svg" && format != ".pdf") {
    throw InputError("--out: {}: expected a file that ends in .png, .svg or .pdf", options.out);
  }
  const std::vector<std::filesystem::path> files = files_of(options);
  const Output output(options.common, files,
                      {{"--out", options.out},
                       {"--out's gnuplot program", report::program_file(out).string()},
                       {"--out's data", report::data_file(out).string()}});
  std::vector<results::TechnologySummary> summaries;
  for (const technology::Technology& technology : load(files)) {
    summaries.push_back(results::summarize(technology));
  }
  if (const auto problem =
          report::draw_with_gnuplot(report::technologies_drawing(summaries, out), out)) {
    throw RunError("{}", *problem);
  }
  output.json(report::technologies_json(summaries));
  output.text(fmt::format("{}\n", printable(options.out)));
  return 0;
}

/// Of one, or of several: without any, all that are shipped.
void add_names(Verb& verb, TechnologyOptions& options, bool several) {
  CLI::Option* const names = verb.add_option(
      several ? "NAMES" : "NAME", options.technologies,
      several ? "Shipped technologies, or files (YAML); all shipped ones when none is named"
              : "Name of a shipped technology, or a file (YAML)");
  names->type_name("");
  if (several) {
    names->expected(1, 12)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    names->required()->expected(1);
  }
  verb.offers(several ? "NAMES" : "NAME", {{}, &kShippedTechnologies});
}

}  // namespace

Action add_technology_inspect(Verb& verb) {
  const auto options = std::make_shared<TechnologyOptions>();
  add_names(verb, *options, /*several=*/false);
  add_common(verb, options->common);
  return [options] { return inspect_technology(*options); };
}

Action add_technology_compare(Verb& verb) {
  const auto options = std::make_shared<TechnologyOptions>();
  add_names(verb, *options, /*several=*/true);
  add_common(verb, options->common);
  return [options] { return compare_technologies(*options); };
}

Action add_technology_plot(Verb& verb) {
  const auto options = std::make_shared<TechnologyOptions>();
  add_names(verb, *options, /*several=*/true);
  verb.add_option("--out", options->out, "Picture to write (.svg, .png or .pdf)")
      ->required()
      ->type_name("FILE");
  add_common(verb, options->common);
  return [options] { return plot_technologies(*options); };
}

}  // namespace brownout::cli
