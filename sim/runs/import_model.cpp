// SPDX-License-Identifier: Apache-2.0
// Read, calibrate in two passes, quantize, compare.
#include "sim/runs/import_model.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/engines/float_engine.hpp"
#include "sim/runs/not_finite.hpp"

namespace brownout::runs {

namespace {

constexpr std::int64_t kNoiseImages = 16;

double percent(std::int64_t part, std::int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// The images of a split, and how messages call them.
struct ImageSource {
  experiment::OpenImages open;
  std::string name;
};

ImageSource open_source(const experiment::Images& images) {
  return {experiment::open(images),
          fmt::format("{} ({})", images.dataset, experiment::to_string(images.split))};
}

bool all_finite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](float number) { return std::isfinite(number); });
}

/// Logits may be anything.
engines::Evaluation evaluate_any(engines::Engine& engine, const network::Network& network,
                                 const experiment::OpenImages& images, int threads) {
  return engines::evaluate(engine, network, *images.data, images.count, threads, false,
                           engines::NonFinite::kOrder);
}

/// The float network gives something that is no number on one of the images.
[[noreturn]] void refuse_not_finite(const importing::ImportedNetwork& imported,
                                    const ImageSource& images) {
  const std::optional<NotFinite> found =
      first_not_finite(imported.network, *images.open.data, images.open.count);
  BROWNOUT_CHECK(found.has_value(), "{}", images.name);
  const bool nan = std::isnan(found->number);  // whose sign means nothing
  throw InputError("{}: its value is {} on image {} of {}, expected finite numbers",
                   imported.places[found->node], nan ? std::abs(found->number) : found->number,
                   found->image, images.name);
}

/// Quantizers whose numbers have to be known: those without a range, those before functions that
/// are not finite everywhere, and, for corrected biases, those before plain weights.
std::vector<network::NodeIndex> measured_quantizers(const importing::ImportedNetwork& imported,
                                                    bool bias_correction) {
  const network::Network& network = imported.network;
  std::set<network::NodeIndex> measured(imported.open.begin(), imported.open.end());
  for (const network::Node& node : network.nodes) {
    const auto* lookup = std::get_if<network::Lookup>(&node.op);
    const bool matrix = bias_correction && network::is_matrix(node.op) &&
                        !network.parameters[network::parameters_of(node.op)[0]].coding;
    if (lookup == nullptr && !matrix) continue;
    const network::NodeIndex codes = importing::quantizer_node(network, node.inputs[0]);
    const auto& grid = std::get<network::Quantize>(network.nodes[codes].op);
    if (matrix || !importing::finite_at_all(*lookup, grid)) measured.insert(codes);
  }
  return {measured.begin(), measured.end()};
}

/// Two passes of engine "float" over the calibration's images.
importing::RangeMeter measure(const importing::ImportedNetwork& imported,
                              const network::SharedNetwork& network, const network::Shapes& shapes,
                              const std::vector<network::NodeIndex>& quantizers,
                              const ImageSource& images, int threads, Progress& progress) {
  importing::RangeMeter meter(*network, shapes, quantizers, static_cast<std::size_t>(threads));
  if (!quantizers.empty()) {
    engines::FloatObservers observers;
    observers.quantizers = [&meter](network::NodeIndex quantizer, const float* numbers,
                                    std::int64_t count, std::size_t worker) {
      meter.see(quantizer, numbers, count, worker);
    };
    const std::unique_ptr<engines::Engine> engine =
        engines::make_float_engine(network, threads, observers);
    engine->set_codes(network::clean_codes(*network));
    const engines::Evaluation first = evaluate_any(*engine, *network, images.open, threads);
    if (!meter.finite() || !all_finite(first.logits)) refuse_not_finite(imported, images);
    progress.advance(1, "ranges");
    meter.begin_histograms();
    evaluate_any(*engine, *network, images.open, threads);
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
  engines::Evaluation result = evaluate_any(*engine, *network, images, threads);
  if (!images.labelled()) {
    images.data = std::make_shared<const data::Dataset>(
        data::with_labels(images.data, data::Labels(result.predictions)));
  }
  return result;
}

std::int64_t matrix_weights(const network::Network& network) {
  std::int64_t weights = 0;
  for (const network::Parameter& parameter : network.parameters) {
    if (parameter.role == network::Role::kWeight) weights += parameter.size();
  }
  return weights;
}

/// InputError unless the network reads such images.
void expect_images(const network::Network& network, const std::filesystem::path& file,
                   const std::vector<ImageSource>& sources) {
  for (const ImageSource& source : sources) {
    const network::Shape& image = source.open.data->shape;
    if (network.input.size() == image.size() && network.input.channels == image.size() &&
        !(network.input == image)) {
      throw InputError("{}: reads vectors of {} numbers; expected {} {}x{}x{}", file.string(),
                       image.size(), Field{"input"}, image.channels, image.height, image.width);
    }
    engines::check_fits(network, *source.open.data, file.string());
  }
}

/// Of the quantizers without a range, among those that were measured.
std::vector<importing::Range> open_ranges(const ImportConfig& config,
                                          const importing::ImportedNetwork& imported,
                                          const std::vector<network::NodeIndex>& measured,
                                          const importing::RangeMeter& meter) {
  const std::vector<importing::Range> all =
      meter.ranges(config.method, config.percentile / 100.0, config.file.string());
  std::vector<importing::Range> ranges;
  auto next = imported.open.begin();
  for (std::size_t i = 0; i < measured.size() && next != imported.open.end(); ++i) {
    if (!(measured[i] == *next)) continue;
    ranges.push_back(all[i]);
    ++next;
  }
  return ranges;
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
void describe(const ImportConfig& config, bool any_open, ImportResult& result) {
  std::map<std::string, std::string>& metadata = result.network.metadata;
  metadata["imported_from"] = config.file.filename().string();
  metadata["producer"] = result.producer;
  if (result.equalization && result.equalization->pairs > 0) {
    metadata["equalization"] = counted(result.equalization->pairs, "pair") + " of layers";
  }
  metadata["calibration"] = result.quantized_file ? "the file's own quantizers" : "";
  if (!any_open) return;
  if (result.quantized_file) metadata["calibration"] += "; the others: ";
  metadata["calibration"] +=
      fmt::format("{} on {} images of {} ({})",
                  importing::calibration_names()[static_cast<std::size_t>(config.method)],
                  result.calibration_images, config.calibration.dataset,
                  experiment::to_string(config.calibration.split));
}

/// Settings that changed nothing, whatever they are: those of weights where the file brings all
/// codes, those of ranges where it brings all quantizers, and so on.
std::vector<IdleSetting> idle_settings(const ImportConfig& config, const importing::Graph& graph,
                                       const importing::ImportedNetwork& imported,
                                       bool any_measured, const ImportResult& result) {
  std::vector<IdleSetting> idle;
  const auto add_if = [&](bool is_idle, const char* field) {
    if (is_idle) idle.push_back({field, ""});
  };
  const bool no_weights = result.noise.empty();
  for (const char* field : {"scheme", "bits", "rounding", "w_max"}) add_if(no_weights, field);
  add_if(no_weights || config.quantize.scheme == network::Scheme::kBinary, "per_channel");
  add_if(!result.bias_correction, "bias_correction");
  for (const network::Role role : config.quantize.coded) {
    const bool acts = std::any_of(
        result.network.parameters.begin(), result.network.parameters.end(),
        [&](const auto& parameter) { return parameter.role == role && parameter.coding; });
    if (!acts) idle.push_back({"coded", network::to_string(role)});
  }
  add_if(imported.open.empty(), "method");
  add_if(imported.open.empty() || config.method != importing::Calibration::kPercentile,
         "percentile");
  add_if(!any_measured, "images");
  add_if(std::none_of(graph.nodes().begin(), graph.nodes().end(),
                      [](const auto& node) { return node.op == "BatchNormalization"; }),
         "batch_norm");
  return idle;
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
  const ImageSource calibration = open_source(config.calibration);
  const FieldNames of_test{{"images", fmt::format("{}", Field{"test_images"})}};
  ImageSource test = name_fields(of_test, [&] { return open_source(config.test); });
  expect_images(*plain, config.file, {calibration, test});
  result.producer = graph.producer();
  result.opset = graph.opset();
  result.weights = matrix_weights(*plain);
  result.calibration_images = calibration.open.count;
  result.test_images = test.open.count;
  result.labelled = test.open.labelled();

  const std::vector<network::NodeIndex> measured =
      measured_quantizers(imported, config.bias_correction);
  Progress progress("import", measured.empty() ? 3 : 5, quiet);
  const network::Shapes shapes =
      network::check(*plain, config.file.string(), network::MatrixWeights::kAny);
  const importing::RangeMeter meter =
      measure(imported, plain, shapes, measured, calibration, threads, progress);
  importing::QuantizeOptions options = config.quantize;
  options.seen = [&](network::NodeIndex quantizer) { return meter.seen(quantizer); };
  if (config.bias_correction) {
    options.means = [&](network::ValueIndex value) {
      return means_of(*plain, shapes, meter, value);
    };
  }
  importing::Quantized quantized = importing::quantize(
      imported, open_ranges(config, imported, measured, meter), options, config.file.string());
  const engines::Evaluation before = evaluate_with("float", plain, test.open, threads);
  if (!all_finite(before.logits)) refuse_not_finite(imported, test);
  progress.advance(1, "float");
  const network::SharedNetwork coded = network::share(std::move(quantized.network));
  const engines::Evaluation after = evaluate_with("functional", coded, test.open, threads);
  if (!all_finite(after.logits)) {
    throw InputError("{}: the network of codes gives logits on {} that are not finite",
                     config.file.string(), test.name);
  }
  progress.advance(1, "quantized");
  result.activations =
      activation_noise(plain, coded, *test.open.data,
                       static_cast<int>(std::min<std::int64_t>(test.open.count, kNoiseImages)));
  progress.advance(1, "noise");
  result.float_wrong = before.wrong;
  result.quantized_wrong = after.wrong;
  for (std::size_t i = 0; i < before.predictions.size(); ++i) {
    result.agreeing += before.predictions[i] == after.predictions[i] ? 1 : 0;
  }
  result.noise = std::move(quantized.noise);
  result.bias_correction = quantized.corrected_biases > 0;
  std::stable_sort(result.noise.begin(), result.noise.end(),
                   [](const auto& a, const auto& b) { return a.weight_db < b.weight_db; });
  std::stable_sort(result.activations.begin(), result.activations.end(),
                   [](const auto& a, const auto& b) { return a.db < b.db; });
  result.quantized_file = imported.quantized;
  result.network = *coded;
  result.remarks = imported.remarks;
  result.idle = idle_settings(config, graph, imported, !measured.empty(), result);
  describe_coding(result);
  describe(config, !imported.open.empty(), result);
  return result;
}

}  // namespace brownout::runs
