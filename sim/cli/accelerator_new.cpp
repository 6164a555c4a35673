// SPDX-License-Identifier: Apache-2.0
// `brownout accelerator new` and `import`: options, or SCALE-Sim's figures, to keys of a file,
// which is read back before it is written.
#include <memory>
#include <optional>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/estimate/scale_sim_config.hpp"
#include "sim/mapping/accelerator_yaml.hpp"
#include "sim/report/accelerator_report.hpp"

namespace brownout::cli {

namespace {

struct NewOptions {
  CommonOptions common;
  std::string name, from, out, description, array, dataflow, dram, technology, residency;
  std::optional<double> clock_mhz;
  std::optional<std::int64_t> weights_kib, activations_kib, accumulators_kib;
  std::vector<std::string> set;
};

struct ImportOptions {
  CommonOptions common;
  std::string file, out, technology;
  std::vector<std::string> set;
};

/// A key and its value, as YAML, and the option that gives it, as it was typed.
struct GivenKey {
  std::string key, value, option;
};

using Values = std::vector<std::pair<std::string, std::string>>;

/// "KEY=VALUE" of --set.
GivenKey key_and_value(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError("--set: expected KEY=VALUE, such as array.rows=8, got {}", in_quotes(text));
  }
  const std::string option = "--set " + in_quotes(text);
  mapping::expect_key_path(text.substr(0, equals), option);
  return {text.substr(0, equals), text.substr(equals + 1), option};
}

/// "array.rows" is part of "array" and of itself.
bool is_part_of(const std::string& key, const std::string& whole) {
  return key == whole || key.rfind(whole + ".", 0) == 0;
}

/// InputError, which names both options, if two give one key.
void expect_once(const std::vector<GivenKey>& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const GivenKey &first = given[j], &second = given[i];
      const bool part = is_part_of(second.key, first.key);
      if (!part && !is_part_of(first.key, second.key)) continue;
      throw InputError("{} and {} both give {}; expected one of them", first.option, second.option,
                       part ? second.key : first.key);
    }
  }
}

Values values_of(const std::vector<GivenKey>& given) {
  Values values;
  for (const GivenKey& one : given) values.emplace_back(one.key, one.value);
  return values;
}

/// Returns what `read` returns. Its messages name the options as they were typed, not as the
/// assignments that they become.
template <typename Read>
mapping::AcceleratorConfig with_typed_options(const std::vector<GivenKey>& given,
                                              const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    std::string text = error.text();
    for (const GivenKey& one : given) {
      const std::string assigned =
          fmt::format("{} {}", Field{"set"}, in_quotes(one.key + "=" + one.value));
      const std::size_t length = assigned.size();
      for (std::size_t at = 0; (at = text.find(assigned, at)) != std::string::npos;) {
        text.replace(at, length, one.option);
        at += one.option.size();
      }
    }
    throw InputError("{}", text);
  }
}

/// The keys that options give.
std::vector<GivenKey> keys_of(const NewOptions& options) {
  std::vector<GivenKey> given;
  const auto add = [&](const char* key, const std::string& value, const std::string& option) {
    given.push_back({key, value, option});
  };
  const auto add_text = [&](const char* option, const char* key, const std::string& text) {
    if (!text.empty()) add(key, json_text(Json(text)), fmt::format("{} {}", option, text));
  };
  const auto add_number = [&](const char* option, const char* key, const auto& value) {
    if (value) add(key, fmt::format("{}", *value), fmt::format("{} {}", option, *value));
  };
  const auto add_file = [&](const char* option, const char* key, const std::string& text,
                            const std::filesystem::path& file) {
    add(key, json_text(Json(std::filesystem::absolute(file).string())),
        fmt::format("{} {}", option, text));
  };
  add_text("NAME", "name", options.name);
  add_text("--description", "description", options.description);
  if (!options.technology.empty()) {
    add_file("--technology", "technology", options.technology,
             named_technology(options.technology));
  }
  add_number("--clock-mhz", "clock_mhz", options.clock_mhz);
  if (!options.array.empty()) {
    const ArraySize array = parse_array("--array", options.array, mapping::kMostArraySide);
    add("array.rows", fmt::format("{}", array.rows), "--array " + options.array);
    add("array.columns", fmt::format("{}", array.columns), "--array " + options.array);
  }
  add_text("--dataflow", "array.dataflow", options.dataflow);
  add_number("--weights-kib", "weights.kib", options.weights_kib);
  add_text("--residency", "weights.residency", options.residency);
  add_number("--activations-kib", "activations.kib", options.activations_kib);
  add_number("--accumulators-kib", "accumulators.kib", options.accumulators_kib);
  if (!options.dram.empty()) {
    add_file("--dram", "dram.preset", options.dram,
             find_shipped(kShippedDrams, options.dram, "--dram"));
  }
  for (const std::string& text : options.set) given.push_back(key_and_value(text));
  expect_once(given);
  return given;
}

std::vector<GivenKey> keys_of(const ImportOptions& options) {
  std::vector<GivenKey> given;
  if (!options.technology.empty()) {
    const auto file = std::filesystem::absolute(named_technology(options.technology));
    given.push_back(
        {"technology", json_text(Json(file.string())), "--technology " + options.technology});
  }
  for (const std::string& text : options.set) given.push_back(key_and_value(text));
  expect_once(given);
  return given;
}

/// Every key that is not given has its default. `name` stands for the file in messages.
mapping::AcceleratorConfig from_defaults(const std::vector<std::string>& assignments,
                                         const std::string& name) {
  const std::string head =
      fmt::format("name: new\ntechnology: {}\n", json_text(Json(default_technology().string())));
  return mapping::parse_accelerator(head, name, assignments);
}

mapping::AcceleratorConfig configuration_of(const NewOptions& options) {
  const std::vector<GivenKey> given = keys_of(options);
  const std::vector<std::string> assignments = mapping::accelerator_assignments(values_of(given));
  std::filesystem::path from;
  if (!options.from.empty()) from = find_shipped(kShippedAccelerators, options.from, "--from");
  return with_typed_options(given, [&] {
    return from.empty() ? from_defaults(assignments, "accelerator new")
                        : mapping::load_accelerator(from, assignments);
  });
}

/// The text of a file that loads from where it will lie.
std::string checked_yaml(const mapping::AcceleratorConfig& config,
                         const std::vector<std::string>& remarks, const std::string& out,
                         results::AcceleratorSummary& summary) {
  std::string text = mapping::accelerator_yaml(config, remarks);
  summary = results::summarize(mapping::parse_accelerator(text, std::filesystem::absolute(out)));
  return text;
}

int make_accelerator(const NewOptions& options) {
  mapping::AcceleratorConfig config = configuration_of(options);
  if (options.description.empty()) config.description.clear();
  const Output output(options.common, {config.file, config.technology}, {{"--out", options.out}});
  std::vector<std::string> remarks;
  if (!options.from.empty()) {
    remarks.push_back(fmt::format("Made from {}.", printable(options.from)));
  }
  results::AcceleratorSummary summary;
  write_output("--out", options.out, checked_yaml(config, remarks, options.out, summary));
  output.json(report::accelerator_json(summary));
  output.text(report::accelerator_text(summary));
  return 0;
}

int import_accelerator(const ImportOptions& options) {
  estimate::ScaleSimAccelerator imported = estimate::read_scale_sim(options.file);
  const std::vector<GivenKey> given = keys_of(options);
  for (const auto& value : values_of(given)) imported.values.push_back(value);
  const mapping::AcceleratorConfig config = with_typed_options(given, [&] {
    return from_defaults(mapping::accelerator_assignments(imported.values), options.file);
  });
  const Output output(options.common, {options.file, config.technology}, {{"--out", options.out}});
  std::vector<std::string> remarks{
      fmt::format("From SCALE-Sim's configuration {}.",
                  printable(std::filesystem::path(options.file).filename().string()))};
  remarks.insert(remarks.end(), imported.assumed.begin(), imported.assumed.end());
  results::AcceleratorSummary summary;
  write_output("--out", options.out, checked_yaml(config, remarks, options.out, summary));
  output.json(report::scale_sim_json(imported, summary));
  output.text(report::scale_sim_text(imported) + report::accelerator_text(summary));
  return 0;
}

void add_out_and_set(Verb& verb, std::string& out, std::string& technology,
                     std::vector<std::string>& set) {
  verb.add_option("--out", out, "Write the file (YAML)")->required()->type_name("FILE");
  verb.add_option("--technology", technology, "Technology: its name or file")->type_name("NAME");
  verb.offers("--technology", {{}, &kShippedTechnologies});
  verb.add_option("--set", set, "Any key of the file, as array.rows=8; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_sizes(Verb& verb, NewOptions& options) {
  const auto kib = [&](const char* name, std::optional<std::int64_t>& value, const char* help) {
    verb.add_option(name, value, help)->type_name("N")->transform(integer_in(1, 1 << 25));
  };
  kib("--weights-kib", options.weights_kib, "KiB of the weight memory");
  kib("--activations-kib", options.activations_kib, "KiB of the activation memory");
  kib("--accumulators-kib", options.accumulators_kib, "KiB of both halves of the accumulators");
}

std::string dram_help() {
  std::string names;
  for (const std::filesystem::path& file : shipped_files(kShippedDrams)) {
    names += (names.empty() ? "" : ", ") + file.stem().string();
  }
  return fmt::format("DRAM preset, its name or file (shipped: {})", names);
}

}  // namespace

Action add_accelerator_new(Verb& verb) {
  const auto options = std::make_shared<NewOptions>();
  verb.add_option("NAME", options->name, "What it is called in results")->required()->type_name("");
  verb.add_option("--from", options->from,
                  "Begin with this accelerator, its name or file (default: the default of every "
                  "key)")
      ->type_name("NAME");
  verb.offers("--from", {{}, &kShippedAccelerators});
  verb.add_option("--description", options->description, "Free text")->type_name("TEXT");
  verb.add_option("--array", options->array, "Processing elements, for example 32x32")
      ->type_name("RxC");
  verb.add_option("--dataflow", options->dataflow, "Which operand stays")
      ->type_name("NAME")
      ->transform(array_dataflow_name());
  verb.add_option("--clock-mhz", options->clock_mhz, "Clock")
      ->type_name("F")
      ->transform(number_in(0.001, 100'000.0));
  add_sizes(verb, *options);
  verb.add_option("--residency", options->residency, "All weights stay in their memory, or pass")
      ->type_name("NAME")
      ->transform(one_of({"resident", "streamed"}));
  verb.add_option("--dram", options->dram, dram_help())->type_name("NAME");
  verb.offers("--dram", {{}, &kShippedDrams});
  add_out_and_set(verb, options->out, options->technology, options->set);
  add_common(verb, options->common);
  return [options] { return make_accelerator(*options); };
}

Action add_accelerator_import(Verb& verb) {
  const auto options = std::make_shared<ImportOptions>();
  verb.add_option("FILE", options->file, "Configuration of SCALE-Sim (.cfg)")
      ->required()
      ->type_name("");
  add_out_and_set(verb, options->out, options->technology, options->set);
  add_common(verb, options->common);
  return [options] { return import_accelerator(*options); };
}

}  // namespace brownout::cli
