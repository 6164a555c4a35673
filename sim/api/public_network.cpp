// SPDX-License-Identifier: Apache-2.0
// The public Network: a shared model of sim/experiment.
#include <fmt/ranges.h>

#include <filesystem>

#include "brownout/network.hpp"
#include "sim/api/experiment_settings.hpp"
#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/shipped.hpp"
#include "sim/experiment/model.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/runs/import_settings.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout {
namespace {

void expect_file(const std::string& file) {
  if (file.empty()) throw InputError("{}: expected a value, got \"\"", Field{"file"});
}

/// A number of images, 0 where nobody says one.
std::optional<std::int64_t> images_of(const char* field, std::int64_t images) {
  if (images == 0) return std::nullopt;
  return parse_integer(field_text(field), std::to_string(images), 1, runs::kMaxImages);
}

runs::ImportSettings settings_of(const std::string& file, const ImportOptions& options) {
  runs::ImportSettings settings;
  settings.model = documented_file(file).string();
  settings.dataset = options.dataset;
  settings.data = options.data;
  settings.images = images_of("calibration_images", options.calibration_images);
  settings.test_images = images_of("test_images", options.test_images);
  settings.mean = fmt::format("{}", fmt::join(options.mean, ","));
  settings.deviation = fmt::format("{}", fmt::join(options.deviation, ","));
  settings.input = fmt::format("{}", fmt::join(options.input, "x"));
  settings.batch_norm = options.fold_batch_norm ? "fold" : "keep";
  settings.method =
      parse_choice(field_text("calibration"), options.calibration, importing::calibration_names());
  settings.percentile =
      parse_number(field_text("percentile"), fmt::format("{}", options.percentile), 50.0, 100.0);
  settings.scheme = options.scheme;
  settings.bits = options.bits;
  settings.per_channel = options.per_channel;
  settings.equalize = options.equalize;
  settings.bias_correction = options.bias_correction;
  settings.rounding =
      parse_choice(field_text("rounding"), options.rounding, network::rounding_names());
  if (options.w_max) {
    settings.w_max =
        parse_number(field_text("w_max"), fmt::format("{}", *options.w_max), 1e-6, 1e6);
  }
  settings.coded = fmt::format("{}", fmt::join(options.coded, ","));
  return settings;
}

/// What the library calls fields that the command has under other names.
FieldNames import_fields() {
  return {{"calibrate", "dataset"}, {"data_folder", "data"}, {"images", "calibration_images"}};
}

Parameter public_parameter(const network::Parameter& from) {
  Parameter parameter;
  parameter.name = from.name;
  parameter.role = network::to_string(from.role);
  parameter.shape = from.shape;
  parameter.scheme.clear();
  parameter.bits = 0;
  if (from.coding) {
    parameter.scheme = network::to_string(from.coding->scheme);
    parameter.bits = from.coding->bits;
    if (from.channels.empty()) {
      parameter.alpha = {from.coding->alpha};
      parameter.beta = {from.coding->beta};
    }
    for (const network::Decoding& decoding : from.channels) {
      parameter.alpha.push_back(decoding.alpha);
      parameter.beta.push_back(decoding.beta);
    }
    parameter.n = from.n;
  }
  parameter.values = arithmetic::decode_parameter(from, from.n);
  return parameter;
}

void check_n(const network::Parameter& parameter, const std::vector<std::int8_t>& n) {
  if (!parameter.coding)
    throw InputError("{}: parameter {} has no codes; expected an empty list", Field{"codes"},
                     parameter.name);
  if (n.size() != parameter.n.size())
    throw InputError("{}: parameter {} has {} of them, got {}", Field{"codes"}, parameter.name,
                     parameter.n.size(), n.size());
  const int low = network::n_lowest(*parameter.coding);
  const int high = network::n_high(*parameter.coding);
  const bool binary = parameter.coding->scheme == network::Scheme::kBinary;
  for (std::size_t i = 0; i < n.size(); ++i) {
    if (n[i] >= low && n[i] <= high && !(binary && n[i] == 0)) continue;
    throw InputError("{}: parameter {}: element {} is {}; expected {}", Field{"codes"},
                     parameter.name, i, n[i],
                     binary ? "-1 or 1" : fmt::format("an integer in [{}, {}]", low, high));
  }
}

}  // namespace

Network Network::load(const std::string& file) {
  return Network(std::make_shared<const experiment::Model>(
      experiment::load_model(find_shipped(kShippedNetworks, file, "network"))));
}

Network Network::from_onnx(const std::string& file, const ImportOptions& options, int threads,
                           std::vector<std::string>* remarks) {
  expect_file(file);
  runs::ImportResult result = name_fields(import_fields(), [&] {
    return runs::import_model(runs::import_config(settings_of(file, options)),
                              api::thread_count(threads), /*quiet=*/true);
  });
  if (remarks != nullptr) *remarks = std::move(result.remarks);
  experiment::Model model;
  model.name = std::filesystem::path(file).stem().string();
  model.file = file;  // for messages; without a hash it is not this network's own
  model.network = network::share(std::move(result.network));
  return Network(std::make_shared<const experiment::Model>(std::move(model)));
}

std::string Network::name() const { return model_->name; }
std::string Network::file() const { return model_->sha256.empty() ? "" : model_->file.string(); }
std::string Network::sha256() const { return model_->sha256; }
int Network::bits() const { return model_->network->bits(); }
int Network::classes() const { return model_->network->classes; }
std::array<int, 3> Network::input_shape() const {
  const network::Shape& shape = model_->network->input;
  return {shape.height, shape.width, shape.channels};
}
std::vector<float> Network::input_mean() const { return model_->network->transform.mean; }
std::vector<float> Network::input_deviation() const { return model_->network->transform.std; }
std::int64_t Network::coded_parameters() const { return model_->network->coded_parameters(); }
std::int64_t Network::coded_bits() const { return model_->network->coded_bits(); }

std::vector<Parameter> Network::parameters() const {
  std::vector<Parameter> all;
  for (const network::Parameter& parameter : model_->network->parameters) {
    all.push_back(public_parameter(parameter));
  }
  return all;
}

Network Network::with_codes(const std::vector<std::vector<std::int8_t>>& n) const {
  network::Network changed = *model_->network;
  if (n.size() != changed.parameters.size())
    throw InputError("{}: expected a list for each of the {} parameters, got {}", Field{"codes"},
                     changed.parameters.size(), n.size());
  for (const network::ParameterIndex i : changed.parameters.indices()) {
    const std::vector<std::int8_t>& list = n[i.number()];
    if (list.empty()) continue;
    check_n(changed.parameters[i], list);
    changed.parameters[i].n = list;
  }
  experiment::Model model;
  model.name = model_->name;
  model.file = model_->file;
  model.network = network::share(std::move(changed));
  return Network(std::make_shared<const experiment::Model>(std::move(model)));
}

void Network::save(const std::string& file, bool overwrite) const {
  expect_file(file);
  std::error_code error;
  if (!overwrite && std::filesystem::exists(file, error))
    throw InputError("{}: exists; expected another file, or {} to replace it", file,
                     Field{"overwrite"});
  network::write_onnx(*model_->network, file);
}

}  // namespace brownout
