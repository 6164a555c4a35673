// SPDX-License-Identifier: Apache-2.0
// Read, calibrate in two passes, quantize, compare.
#include "sim/runs/import_model.hpp"

#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/engines/float_engine.hpp"
#include "sim/experiment/clean_labels.hpp"

namespace brownout::runs {

namespace {

constexpr std::int64_t kNoiseImages = 16;

double percent(std::int64_t part, std::int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Two passes of engine "float" over the calibration's images.
importing::RangeMeter measure(const network::SharedNetwork& network, const network::Shapes& shapes,
                              const std::vector<network::NodeIndex>& open,
                              const experiment::OpenImages& images, int threads,
                              Progress& progress) {
  importing::RangeMeter meter(*network, shapes, open, static_cast<std::size_t>(threads));
  if (!open.empty()) {
    engines::FloatObservers observers;
    observers.quantizers = [&meter](network::NodeIndex quantizer, const float* numbers,
                                    std::int64_t count, std::size_t worker) {
      meter.see(quantizer, numbers, count, worker);
    };
    const std::unique_ptr<engines::Engine> engine =
        engines::make_float_engine(network, threads, observers);
    engine->set_codes(network::clean_codes(*network));
    engines::evaluate(*engine, *network, *images.data, images.count, threads);
    progress.advance(1, "ranges");
    meter.begin_histograms();
    engines::evaluate(*engine, *network, *images.data, images.count, threads);
    progress.advance(1, "histograms");
  }
  meter.end();
  return meter;
}

/// Mean of each channel of a value in codes; empty if its quantizer was not measured.
std::vector<double> means_of(const network::Network& network, const network::Shapes& shapes,
                             const importing::RangeMeter& meter, network::ValueIndex value) {
  const network::NodeIndex writer = network::writer_of(value);
  const network::Node& node = network.nodes[writer];
  if (std::holds_alternative<network::Quantize>(node.op)) {
    const std::vector<double>* means = meter.means(writer);
    return means == nullptr ? std::vector<double>{} : *means;
  }
  const std::vector<double> before = means_of(network, shapes, meter, node.inputs[0]);
  if (before.empty()) return before;
  std::vector<double> result;
  if (const auto* select = std::get_if<network::SelectChannels>(&node.op)) {
    for (const int channel : select->channels) {
      result.push_back(before[static_cast<std::size_t>(channel)]);
    }
    return result;
  }
  const network::Shape& image = shapes[node.inputs[0]];  // a flatten
  for (const double mean : before) {
    result.insert(result.end(), static_cast<std::size_t>(image.height * image.width), mean);
  }
  return result;
}

/// If the images have no labels, they get those that the engine predicts.
engines::Evaluation evaluate_with(const std::string& engine_name,
                                  const network::SharedNetwork& network,
                                  experiment::OpenImages& images, int threads) {
  const std::unique_ptr<engines::Engine> engine =
      engines::make_engine(engine_name, network, threads);
  engine->set_codes(network::clean_codes(*network));
  images = experiment::labelled_by(*engine, images, *network, threads);
  return engines::evaluate(*engine, *network, *images.data, images.count, threads);
}

std::int64_t matrix_weights(const network::Network& network) {
  std::int64_t weights = 0;
  for (const network::Parameter& parameter : network.parameters) {
    if (parameter.role == network::Role::kWeight) weights += parameter.size();
  }
  return weights;
}

/// How the weights of the network are coded.
void describe_coding(ImportResult& result) {
  for (const network::Parameter& parameter : result.network.parameters) {
    if (parameter.role != network::Role::kWeight) continue;
    const std::string scheme = network::to_string(parameter.coding->scheme);
    result.scheme = result.scheme.empty() || result.scheme == scheme ? scheme : "mixed";
    result.per_channel = result.per_channel || !parameter.channels.empty();
  }
  result.bits = result.network.bits();
}

/// How the network came about, for its file.
void describe(const ImportConfig& config, ImportResult& result) {
  std::map<std::string, std::string>& metadata = result.network.metadata;
  metadata["imported_from"] = config.file.filename().string();
  metadata["producer"] = result.producer;
  if (result.equalization && result.equalization->pairs > 0) {
    metadata["equalization"] = counted(result.equalization->pairs, "pair") + " of layers";
  }
  if (result.quantized_file) {
    metadata["calibration"] = "the file's own quantizers";
    return;
  }
  metadata["calibration"] =
      fmt::format("{} on {} images of {} ({})",
                  importing::calibration_names()[static_cast<std::size_t>(config.method)],
                  result.calibration_images, config.calibration.dataset,
                  experiment::to_string(config.calibration.split));
}

}  // namespace

double ImportResult::float_error() const { return percent(float_wrong, test_images); }
double ImportResult::quantized_error() const { return percent(quantized_wrong, test_images); }
double ImportResult::agreement() const { return percent(agreeing, test_images); }

ImportResult import_model(const ImportConfig& config, int threads, bool quiet) {
  const importing::Graph graph = importing::Graph::read(config.file);
  importing::expect_foreign(graph);
  importing::ImportedNetwork imported = importing::lower(graph, config.lower);
  ImportResult result;
  if (config.equalize) {
    result.equalization = importing::equalize(imported, config.file.string());
  }
  const network::SharedNetwork plain = network::share(imported.network);
  const experiment::OpenImages calibration = experiment::open(config.calibration);
  const FieldNames of_test{{"images", fmt::format("{}", Field{"test_images"})}};
  experiment::OpenImages test = name_fields(of_test, [&] { return experiment::open(config.test); });
  const network::Shape& image = calibration.data->shape;
  if (plain->input.size() == image.size() && plain->input.channels == image.size() &&
      !(plain->input == image)) {
    throw InputError("{}: reads vectors of {} numbers; expected {} {}x{}x{}", config.file.string(),
                     image.size(), Field{"input"}, image.channels, image.height, image.width);
  }
  for (const auto& images : {calibration, test}) {
    engines::check_fits(*plain, *images.data, config.file.string());
  }
  result.producer = graph.producer();
  result.opset = graph.opset();
  result.weights = matrix_weights(*plain);
  result.calibration_images = calibration.count;
  result.test_images = test.count;
  result.labelled = test.labelled();

  Progress progress("import", imported.open.empty() ? 3 : 5, quiet);
  const network::Shapes shapes =
      network::check(*plain, config.file.string(), network::MatrixWeights::kAny);
  const importing::RangeMeter meter =
      measure(plain, shapes, imported.open, calibration, threads, progress);
  importing::QuantizeOptions options = config.quantize;
  if (config.lower.every_bias) {
    options.means = [&](network::ValueIndex value) {
      return means_of(*plain, shapes, meter, value);
    };
  }
  importing::Quantized quantized = importing::quantize(
      imported, meter.ranges(config.method, config.percentile / 100.0, config.file.string()),
      options, config.file.string());
  const engines::Evaluation before = evaluate_with("float", plain, test, threads);
  progress.advance(1, "float");
  const network::SharedNetwork coded = network::share(std::move(quantized.network));
  const engines::Evaluation after = evaluate_with("functional", coded, test, threads);
  progress.advance(1, "quantized");
  result.activations = activation_noise(
      plain, coded, *test.data, static_cast<int>(std::min<std::int64_t>(test.count, kNoiseImages)));
  progress.advance(1, "noise");
  result.float_wrong = before.wrong;
  result.quantized_wrong = after.wrong;
  for (std::size_t i = 0; i < before.predictions.size(); ++i) {
    result.agreeing += before.predictions[i] == after.predictions[i] ? 1 : 0;
  }
  result.noise = std::move(quantized.noise);
  std::stable_sort(result.noise.begin(), result.noise.end(),
                   [](const auto& a, const auto& b) { return a.weight_db < b.weight_db; });
  std::stable_sort(result.activations.begin(), result.activations.end(),
                   [](const auto& a, const auto& b) { return a.db < b.db; });
  result.quantized_file = imported.quantized;
  result.network = *coded;
  describe_coding(result);
  describe(config, result);
  return result;
}

}  // namespace brownout::runs
