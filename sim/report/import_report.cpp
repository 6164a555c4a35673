// SPDX-License-Identifier: Apache-2.0
// The float network beside the network of codes.
#include "sim/report/import_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/report/labels_note.hpp"

namespace brownout::report {

namespace {

constexpr std::size_t kWorst = 3;  // layers that the text names

std::string noise_text(double db) {
  return std::isinf(db) ? std::string("none") : fmt::format("{:.1f} dB", db);
}

/// "TITLE: conv1 34.8 dB, conv2 40.1 dB", from the worst on; "" without layers.
template <typename Noise>
std::string worst_layers(const char* title, const std::vector<Noise>& noise, double Noise::*db) {
  if (noise.empty()) return "";
  std::string text = fmt::format("{}:", title);
  for (std::size_t i = 0; i < std::min(kWorst, noise.size()); ++i) {
    text += fmt::format("{} {} {}", i == 0 ? "" : ",", noise[i].layer, noise_text(noise[i].*db));
  }
  return text + "\n";
}

template <typename Noise>
nlohmann::ordered_json layers_json(const std::vector<Noise>& noise, double Noise::*db,
                                   const char* field) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const Noise& layer : noise) {
    nlohmann::ordered_json one = {{"layer", layer.layer}, {field, layer.*db}};
    if (std::isinf(layer.*db)) one[field] = nullptr;
    layers.push_back(std::move(one));
  }
  return layers;
}

/// What equalization did, or why it did nothing; "" where it was not asked for.
std::string equalization_text(const runs::ImportResult& result) {
  if (!result.equalization) return "";
  const importing::Equalization& done = *result.equalization;
  const std::string norms =
      done.at_norms == 0 ? "" : counted(done.at_norms, "layer") + " before a batch norm that stays";
  if (done.pairs > 0) {
    return fmt::format(
        "{} of layers equalized: channels of a tensor differ in range by up to {:.1f}, {:.1f} "
        "before{}\n",
        counted(done.pairs, "pair"), done.after, done.before,
        norms.empty() ? "" : "; left out: " + norms);
  }
  return fmt::format("no pair of layers could be equalized: {}\n",
                     result.quantized_file ? "the file's own codes stay"
                     : !norms.empty()      ? norms
                                           : "none are joined by ReLUs and pools alone");
}

/// Null where it was not asked for.
nlohmann::ordered_json equalization_json(const runs::ImportResult& result) {
  if (!result.equalization) return nullptr;
  const importing::Equalization& done = *result.equalization;
  nlohmann::ordered_json json = {{"pairs", done.pairs},
                                 {"layers_before_batch_norms", done.at_norms},
                                 {"range_ratio_before", done.before},
                                 {"range_ratio_after", done.after}};
  if (done.pairs == 0) json["range_ratio_before"] = json["range_ratio_after"] = nullptr;
  return json;
}

}  // namespace

std::string import_text(const runs::ImportConfig& config, const runs::ImportResult& result,
                        const std::string& out) {
  std::string text = fmt::format(
      "{}: by {}, opset {}; {}, {} bits ({}) in {}\n"
      "calibrated on {} of {} ({}), compared on {} test images\n\n"
      "error of the float network   {:.2f} %\n"
      "error of the network of codes {:.2f} %, {:+.2f} points\n"
      "predictions that agree       {:.2f} %\n",
      printable(config.file.string()),
      result.producer.empty() ? "an unknown tool" : printable(result.producer), result.opset,
      counted(result.weights, "weight"),
      result.bits == 0 ? "mixed" : fmt::format("{}", result.bits), result.scheme, printable(out),
      counted(result.calibration_images, "image"), config.calibration.dataset,
      importing::calibration_names()[static_cast<std::size_t>(config.method)], result.test_images,
      result.float_error(), result.quantized_error(),
      result.quantized_error() - result.float_error(), result.agreement());
  if (!result.labelled) text += "no labels: wrong is another class than the float network's\n";
  text += equalization_text(result);
  text += worst_layers("weights beside their codes (signal to noise), the worst layers",
                       result.noise, &importing::LayerNoise::weight_db);
  text += worst_layers("activations beside the float network's, the worst layers",
                       result.activations, &runs::ActivationNoise::db);
  return text;
}

std::string import_json(const runs::ImportConfig& config, const runs::ImportResult& result,
                        const std::string& out, const std::vector<std::string>& remarks) {
  nlohmann::ordered_json json = {
      {"model", config.file.string()},
      {"out", out},
      {"producer", result.producer},
      {"opset", result.opset},
      {"weights", result.weights},
      {"quantized_file", result.quantized_file},
      {"per_channel", result.per_channel},
      {"bias_correction", result.bias_correction},
      {"equalization", equalization_json(result)},
      {"scheme", result.scheme},
      {"bits",
       result.bits == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(result.bits)},
      {"dataset", config.calibration.dataset},
      {"calibration", importing::calibration_names()[static_cast<std::size_t>(config.method)]},
      {"calibration_images", result.calibration_images},
      {"test_images", result.test_images},
      {"float_err", result.float_error()},
      {"quantized_err", result.quantized_error()},
      {"agreement", result.agreement()},
      {"layers", layers_json(result.noise, &importing::LayerNoise::weight_db, "weight_sqnr_db")},
      {"activations", layers_json(result.activations, &runs::ActivationNoise::db, "sqnr_db")},
  };
  put_labels(json, result.labelled);
  if (!remarks.empty()) json["remarks"] = remarks;
  return json.dump(2) + "\n";
}

}  // namespace brownout::report
