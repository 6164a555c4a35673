// SPDX-License-Identifier: Apache-2.0
// Settings to ImportConfig.
#include "sim/runs/import_settings.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/data/data_file.hpp"

namespace brownout::runs {

namespace {

std::size_t number_of(const std::string& name, const std::vector<std::string>& names) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<network::Role> roles_of(const std::string& text) {
  std::vector<network::Role> roles;
  for (const std::string& name : parse_names(field_text("coded"), text)) {
    const std::string role =
        parse_choice(field_text("coded"), name, {"weight", "bias", "scale", "shift"});
    for (const network::Role one : {network::Role::kWeight, network::Role::kBias,
                                    network::Role::kScale, network::Role::kShift}) {
      if (network::to_string(one) == role) roles.push_back(one);
    }
  }
  return roles;
}

}  // namespace

ImportConfig import_config(const ImportSettings& settings) {
  ImportConfig config;
  config.file = settings.model;
  config.lower.transform.mean = parse_numbers(field_text("mean"), settings.mean, -1e3, 1e3);
  config.lower.transform.std =
      parse_numbers(field_text("deviation"), settings.deviation, 1e-6, 1e3);
  config.lower.input = parse_extents(field_text("input"), settings.input);
  config.lower.fold_batch_norm = settings.batch_norm == "fold";
  config.calibration.dataset = settings.dataset;
  if (data::names_data_file(settings.dataset)) {
    config.calibration.data_file = settings.dataset;
    data::note_data_inputs(settings.dataset);
  }
  config.calibration.split = data::Split::kTrain;
  config.calibration.folder = settings.data;
  config.calibration.count = settings.images.value_or(512);
  config.calibration.fewer_will_do = !settings.images;
  config.test = config.calibration;
  config.test.split = data::Split::kTest;
  config.test.count = settings.test_images.value_or(1000);
  config.test.fewer_will_do = !settings.test_images;
  config.method = static_cast<importing::Calibration>(
      number_of(settings.method, importing::calibration_names()));
  config.percentile = settings.percentile;
  config.quantize.scheme = network::scheme_from_string(settings.scheme);
  config.quantize.bits = settings.bits;
  try {
    network::check_bits(config.quantize.scheme, config.quantize.bits);
  } catch (const InputError& error) {
    throw InputError("{}: {}", Field{"bits"}, error.text());
  }
  config.quantize.rounding =
      static_cast<network::Rounding>(number_of(settings.rounding, network::rounding_names()));
  config.equalize = settings.equalize;
  config.bias_correction = settings.bias_correction;
  config.quantize.by_channel = settings.per_channel;
  config.quantize.w_max = settings.w_max;
  config.quantize.coded = roles_of(settings.coded);
  return config;
}

}  // namespace brownout::runs
