// SPDX-License-Identifier: Apache-2.0
// `brownout model import`: a network of another tool becomes a network of codes.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/report/import_report.hpp"
#include "sim/runs/import_settings.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

struct ImportOptions : runs::ImportSettings {
  CommonOptions common;
  std::string out;
};

/// Options that were given and had nothing to act on, in one sentence; "" without any.
std::string idle_remark(const Verb& verb, const runs::ImportResult& result) {
  std::vector<std::string> given;
  for (const runs::IdleSetting& idle : result.idle) {
    std::string option = "--" + idle.field;
    std::replace(option.begin(), option.end(), '_', '-');
    if (verb.get_option(option)->count() == 0) continue;
    given.push_back(idle.value.empty() ? option : option + " " + idle.value);
  }
  if (given.empty()) return "";
  return fmt::format("{} had nothing to act on{}", fmt::join(given, ", "),
                     result.quantized_file ? ": the file's own scales and integers are kept" : "");
}

int run(const ImportOptions& options, const Verb& verb) {
  const runs::ImportConfig config = runs::import_config(options);
  std::error_code none;
  if (std::filesystem::exists(options.out, none) && std::filesystem::is_other(options.out, none)) {
    throw InputError("--out: {}: expected a file, found a device or pipe", options.out);
  }
  const Output output(options.common, {options.model}, {{"--out", options.out}});
  const runs::ImportResult result =
      runs::import_model(config, options.common.thread_count(), options.common.quiet);
  network::write_onnx(result.network, options.out);
  std::vector<std::string> remarks = result.remarks;
  if (const std::string idle = idle_remark(verb, result); !idle.empty()) remarks.push_back(idle);
  for (const std::string& remark : remarks) {
    output.note(fmt::format("{}: {}", options.model, remark));
  }
  output.json(report::import_json(config, result, options.out, remarks));
  output.text(report::import_text(config, result, options.out));
  return 0;
}

}  // namespace

Action add_model_import(Verb& verb) {
  const auto options = std::make_shared<ImportOptions>();
  verb.add_option("MODEL", options->model,
                  "Network of another tool (ONNX): float, or quantized (QDQ, QLinear operators)")
      ->required()
      ->type_name("")
      ->transform([](const std::string& text) { return documented_file(text).string(); });
  verb.add_option("--out", options->out, "Network file to write")->required()->type_name("FILE");
  verb.add_option("--calibrate", options->dataset, "Data set whose training images give the ranges")
      ->type_name("NAME")
      ->transform(data_name())
      ->capture_default_str();
  verb.add_option("--data", options->data, "Folder of the dataset (default: the usual place)")
      ->type_name("DIR");
  verb.add_option("--images", options->images,
                  "Training images to calibrate with (default: 512, or all if there are fewer)")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxImages));
  verb.add_option("--test-images", options->test_images,
                  "Test images to compare on (default: 1000, or all if there are fewer)")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxImages));
  verb.add_option("--mean", options->mean,
                  "What the network expects of a pixel in [0, 1]: (pixel - mean)/deviation; one "
                  "number, or one for each channel")
      ->type_name("M,...")
      ->capture_default_str();
  verb.add_option("--deviation", options->deviation, "See --mean")
      ->type_name("D,...")
      ->capture_default_str();
  verb.add_option("--input", options->input,
                  "Channels, height and width of an image, for a file that leaves them open or "
                  "reads vectors")
      ->type_name("CxHxW");
  verb.add_option("--batch-norm", options->batch_norm,
                  "Whether a batch norm changes the weights before it and goes, or stays")
      ->type_name("NAME")
      ->transform(one_of({"fold", "keep"}))
      ->capture_default_str();
  verb.add_option("--method", options->method, "How ranges of activations are chosen")
      ->type_name("NAME")
      ->transform(one_of(importing::calibration_names()))
      ->capture_default_str();
  verb.add_option("--percentile", options->percentile, "Of all numbers, for --method percentile")
      ->type_name("P")
      ->transform(number_in(50.0, 100.0))
      ->capture_default_str();
  verb.add_option("--scheme", options->scheme, "Coding of the weights")
      ->type_name("NAME")
      ->transform(one_of(network::scheme_names()))
      ->capture_default_str();
  verb.add_option("--bits", options->bits, "Bits of a code")
      ->type_name("M")
      ->transform(integer_in(1, 8))
      ->capture_default_str();
  verb.add_flag("--per-channel", options->per_channel,
                "Each output channel of the weights has a range of its own");
  verb.add_flag("--equalize", options->equalize,
                "Channels between two layers are rescaled until those of a tensor have like "
                "ranges; the float network computes the same");
  verb.add_flag("--bias-correction", options->bias_correction,
                "Biases take in what rounding the weights does to the mean of each channel");
  verb.add_option("--rounding", options->rounding, "Rounding to codes")
      ->type_name("NAME")
      ->transform(one_of(network::rounding_names()))
      ->capture_default_str();
  verb.add_option("--w-max", options->w_max, "Weights beyond it are clipped first")
      ->type_name("W")
      ->transform(number_in(1e-6, 1e6));
  verb.add_option("--coded", options->coded,
                  "Parameters that become codes in memory cells, of weight, bias, scale, shift; "
                  "weights always do")
      ->type_name("ROLE,...")
      ->capture_default_str();
  add_common(verb, options->common);
  return [options, &verb] { return run(*options, verb); };
}

}  // namespace brownout::cli
