// SPDX-License-Identifier: Apache-2.0
// Rises in points of error, and points for a thousand wrong bits.
#include "sim/report/sensitivity_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/text.hpp"
#include "sim/experiment/images.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;

namespace {

void put(Json& json, const weights::GroupSensitivity& group) {
  json["rise_points"] = group.rise_points;
  json["bits_wrong_mean"] = group.bits_wrong_mean;
  json["per_bit_points"] = group.per_bit_points;
}

void add(Table& table, const std::string& name, const std::string& codes,
         const weights::GroupSensitivity& group) {
  table.add({name, codes, fmt::format("{:.1f}", group.bits_wrong_mean),
             fmt::format("{:.2f}", group.rise_points),
             fmt::format("{:.3f}", 1000.0 * group.per_bit_points)});
}

}  // namespace

std::string sensitivity_json(const runs::SensitivityResult& result) {
  const experiment::Setup& setup = result.config.setup;
  Json json;
  json["format"] = "brownout.sensitivity";
  json["version"] = 1;
  json["engine"] = setup.engine;
  json["dataset"] = setup.images.dataset;
  json["split"] = experiment::to_string(setup.images.split);
  put_labels(json, result.labelled);
  json["bit_offset"] = setup.target.bit_offset;
  json["evaluation_seed"] = setup.reads.evaluation_seed;
  json["networks"] = Json::array();
  for (const weights::Sensitivity& network : result.networks) {
    Json one = {{"model", network.model},   {"model_sha256", network.model_sha256},
                {"rate", network.rate},     {"chips", network.chips},
                {"images", network.images}, {"seed", network.seed},
                {"err", network.err}};
    one["tensors"] = Json::array();
    for (const weights::TensorSensitivity& tensor : network.tensors) {
      Json row = {{"name", tensor.name}, {"bits", tensor.bits}, {"codes", tensor.codes}};
      put(row, tensor);
      one["tensors"].push_back(std::move(row));
    }
    one["bits"] = Json::array();
    for (std::size_t bit = 0; bit < network.bits.size(); ++bit) {
      Json row = {{"bit", bit}};
      put(row, network.bits[bit]);
      one["bits"].push_back(std::move(row));
    }
    json["networks"].push_back(std::move(one));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string sensitivity_text(const runs::SensitivityResult& result) {
  std::string text;
  for (const weights::Sensitivity& network : result.networks) {
    text += fmt::format(
        "{}: {:.2f} % clean; points of error that it rises when only these cells fail, at bit "
        "error rate {:.3g} %\n({}, {})\n\n",
        network.model, network.err, 100.0 * network.rate, counted(network.chips, "chip"),
        counted(network.images, "image"));
    Table table({"cells of", "codes", "bits wrong", "points", "points per 1000 bits"});
    for (const weights::TensorSensitivity& tensor : network.tensors) {
      add(table, tensor.name, fmt::format("{}", tensor.codes), tensor);
    }
    for (std::size_t bit = 0; bit < network.bits.size(); ++bit) {
      add(table, fmt::format("bit {}", bit), "", network.bits[bit]);
    }
    text += table.text() + "\n";
  }
  return text + labels_text(result.labelled) + fmt::format("{:.1f} s\n", result.seconds);
}

}  // namespace brownout::report
