// SPDX-License-Identifier: Apache-2.0
// Declarations and guide to the parts of a page.
#include "sim/cli/manual_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/application.hpp"
#include "sim/cli/help_topics.hpp"
#include "sim/cli/verb_guide.hpp"
#include "sim/command/roff_page.hpp"

namespace brownout::cli {

namespace {

const ManualPage::Entries& exit_codes() {
  static const ManualPage::Entries codes{
      {"0", "Done."},
      {"1", "The run failed, or cosim found a mismatch."},
      {"2", "The input is wrong, or results cannot be written."}};
  return codes;
}

const ManualPage::Entries& environment() {
  static const ManualPage::Entries variables{
      {"BROWNOUT_DATA", "Folder with a folder for each data set."}};
  return variables;
}

/// Of an installation; names of a source tree are the same without the folder.
const ManualPage::Entries& files() {
  static const ManualPage::Entries list{
      {"share/brownout/models", "Trained networks (ONNX) and architectures (YAML)."},
      {"share/brownout/profiles", "Technologies (YAML) and chip profiles (HDF5)."},
      {"share/brownout/configs",
       "Accelerators, DRAM presets, sweeps, studies and trainings (YAML)."},
      {"share/doc/brownout", "The documentation, as Markdown."}};
  return list;
}

constexpr char kNames[] =
    "Shipped files are found by their names, without folder and ending, from any folder; files of "
    "one's own by their paths. Results go to the places that options name, else below out in the "
    "folder where the command runs.";

/// "a dataset" of "A dataset", but "DRAM presets" as it is.
std::string in_small(std::string text) {
  const auto upper = [&](std::size_t i) {
    return i < text.size() && std::isupper(static_cast<unsigned char>(text[i]));
  };
  if (upper(0) && !upper(1))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

/// "options.md#eval" is a page of docs/.
std::string read_on(const Guide& guide) {
  std::string text;
  for (const ReadOn& link : guide.read_on) {
    text += fmt::format("{}{} (docs/{})", text.empty() ? "" : "; ", link.text,
                        link.target.substr(0, link.target.find('#')));
  }
  return text.empty() ? "" : "In share/doc/brownout: " + text + ".";
}

ManualPage::Entries inner_verbs(const CLI::App& group) {
  ManualPage::Entries verbs;
  for (const CLI::App* verb : all_verbs(group)) {
    if (!is_group(*verb)) verbs.emplace_back(full_name(*verb), verb->get_description() + ".");
  }
  return verbs;
}

}  // namespace

std::string page_name(const CLI::App& verb) {
  std::string name = full_name(verb);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string manual_page_of(const CLI::App& verb) {
  const Guide guide = guide_of(verb_name(verb));
  ManualPage page;
  page.name = page_name(verb);
  page.brief = in_small(verb.get_description());
  page.description = guide.sentence.empty() ? verb.get_description() + "." : guide.sentence;
  page.see_also = {page_name(*verb.get_parent())};
  if (page.see_also.front() != "brownout") page.see_also.insert(page.see_also.begin(), "brownout");
  if (is_group(verb)) {
    page.synopsis = {full_name(verb) + " VERB [options]"};
    page.commands = inner_verbs(verb);
    for (const CLI::App* inner : all_verbs(verb)) page.see_also.push_back(page_name(*inner));
    return to_roff(page);
  }
  page.synopsis = {usage(verb)};
  if (verb_name(verb) == "train") {
    page.synopsis.push_back("brownout-train CONFIG [options]");
    page.see_also.insert(page.see_also.end(), {"brownout-study", "brownout-eval"});
  }
  page.options = options_of(verb, Which::kOwn);
  page.shared_options = options_of(verb, Which::kShared);
  if (verb_name(verb) != "help") {
    page.description += std::string("\n\n") + kNames;
    page.files = files();
    page.environment = environment();
  }
  page.exit_codes = exit_codes();
  if (!guide.example.empty()) page.examples = {guide.example};
  page.read_on = read_on(guide);
  return to_roff(page);
}

std::string manual_page(const CLI::App& app) {
  ManualPage page;
  page.name = "brownout";
  page.brief = "DNN accelerators whose SRAM runs below Vmin";
  page.synopsis = {"brownout VERB [options]", "brownout help [TOPIC]"};
  std::string description = app.get_description();
  std::replace(description.begin(), description.end(), '\n', ' ');
  page.description = description + "\n\n" + kNames;
  page.commands = inner_verbs(app);
  page.options = options_of(app, Which::kOwn);
  for (const CLI::App* verb : all_verbs(app)) {
    if (verb_name(*verb) == "eval") page.shared_options = options_of(*verb, Which::kShared);
    page.see_also.push_back(page_name(*verb));
  }
  for (const HelpTopic& topic : help_topics()) {
    page.topics.emplace_back("brownout help " + topic.name, title_of(topic) + ".");
  }
  page.exit_codes = exit_codes();
  page.environment = environment();
  page.files = files();
  page.examples = {guide_of("eval").example, guide_of("run").example, guide_of("sweep").example};
  page.read_on = "Documentation: share/doc/brownout/README.md and docs/overview.md beside it.";
  return to_roff(page);
}

}  // namespace brownout::cli
