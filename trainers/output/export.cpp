// SPDX-License-Identifier: Apache-2.0
// Inserts Quantize nodes and writes the codes; the clean codes are those of the last forward pass.
#include "trainers/output/export.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "sim/base/error.hpp"
#include "sim/import/quantize.hpp"
#include "sim/import/ranges.hpp"
#include "sim/network/onnx_file.hpp"
#include "trainers/method/value_codes.hpp"
#include "trainers/torch/threads.hpp"

namespace brownout::trainers {
namespace {

using network::Network;
using network::Node;
using network::NodeIndex;
using network::Quantize;
using network::ValueIndex;

/// Values that are -1 or 1: signs, also pooled or moved ones.
Table<network::ValueIndex, bool> sign_values(const Architecture& net) {
  Table<network::ValueIndex, bool> signs(net.nodes.size() + 1, false);
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const network::Operator& op = net.nodes[i].op;
    const bool keeps = std::holds_alternative<network::MaxPool>(op) || network::keeps_codes(op);
    signs[i + 1] =
        std::holds_alternative<network::Sign>(op) || (keeps && signs[net.nodes[i].inputs[0]]);
  }
  return signs;
}

std::vector<ValueRange> measure_ranges(Trainer& trainer, int images) {
  const data::Dataset& data = trainer.train_data();
  const Architecture& net = trainer.architecture();
  std::vector<ValueRange> ranges(net.nodes.size() + 1);
  const int total = static_cast<int>(std::min<std::int64_t>(images, data.size()));
  constexpr int kBatch = 128;
  std::vector<float> pixels(static_cast<std::size_t>(kBatch * data.shape.size()));
  data::Labels labels(kBatch);
  std::vector<float> logits(static_cast<std::size_t>(kBatch * net.classes));
  std::vector<std::int32_t> order(static_cast<std::size_t>(total));
  std::iota(order.begin(), order.end(), 0);
  for (int i = 0; i < total; i += kBatch) {
    const int count = std::min(kBatch, total - i);
    trainer.train_reader().read(order.data() + i, count, pixels.data(), labels.data());
    trainer.pass().infer(trainer.decoded().data(), trainer.state().statistics, pixels.data(), count,
                         logits.data(), nullptr, &ranges);
  }
  // The input's range is known exactly.
  const importing::Range exact = importing::range_of_pixels(trainer.transform());
  ranges[0].low = std::min(ranges[0].low, exact.low);
  ranges[0].high = std::max(ranges[0].high, exact.high);
  return ranges;
}

/// Appends Quantize and Dequantize nodes where operators need them, and keeps the numbering of
/// values.
class NetworkBuilder {
 public:
  NetworkBuilder(const Architecture& net, const std::vector<Quantize>& quantizers, Network& network)
      : net_(net),
        codes_(choose_codes(net)),
        quantizers_(quantizers),
        network_(network),
        numbers_(net.nodes.size() + 1),
        coded_(net.nodes.size() + 1) {
    for (const Node& node : net.nodes) names_.insert(node.name);
    for (const network::Parameter& parameter : net.parameters) names_.insert(parameter.name);
    numbers_[network::kInputImage] = network::kInputImage;
  }

  /// The next node of the architecture, with its operator as it is exported.
  void add(NodeIndex number, network::Operator op) {
    const Node& node = net_.nodes[number];
    std::vector<ValueIndex> inputs;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      inputs.push_back(read(node.inputs[k], codes_.readings[number][k], node.name));
    }
    network_.nodes.push_back({node.name, std::move(op), std::move(inputs)});
    const ValueIndex value = network::value_of(number);
    if (codes_.moved(value)) {
      coded_[value] = network_.logits();
    } else {
      numbers_[value] = network_.logits();
    }
  }

  /// Makes numbers of logits that are codes.
  void finish() {
    const ValueIndex logits(net_.nodes.size());
    if (codes_.moved(logits)) read(logits, Reading::kDecoded, net_.nodes.back().name);
  }

 private:
  ValueIndex read(ValueIndex value, Reading reading, const std::string& reader) {
    if (reading == Reading::kNumbers) return numbers_[value];
    if (!coded_[value]) {
      const std::string base =
          value == network::kInputImage ? "input" : net_.nodes[network::writer_of(value)].name;
      coded_[value] = append(base + ".quantize", quantizers_[value.number()], numbers_[value]);
    }
    if (reading == Reading::kCodes) return *coded_[value];
    return append(reader + ".numbers", network::Dequantize{}, *coded_[value]);
  }

  ValueIndex append(const std::string& wanted, network::Operator op, ValueIndex input) {
    std::string name = wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    network_.nodes.push_back({name, std::move(op), {input}});
    return network_.logits();
  }

  const Architecture& net_;
  const ValueCodes codes_;
  const std::vector<Quantize>& quantizers_;
  Network& network_;
  std::set<std::string> names_;
  // By value of the architecture; codes once they are needed.
  Table<ValueIndex, ValueIndex> numbers_;
  Table<ValueIndex, std::optional<ValueIndex>> coded_;
};

}  // namespace

Quantize fit_quantizer(float low, float high) {
  const double lo = std::min(low, 0.0f);
  const double hi = std::max(high, 0.0f);
  Quantize q;
  q.scale = static_cast<float>((hi - lo) / 255.0);
  if (!(q.scale >= std::numeric_limits<float>::min())) q.scale = 1.0f;  // a dead value: all zero
  q.zero_point =
      static_cast<int>(std::clamp(std::nearbyint(-lo / static_cast<double>(q.scale)), 0.0, 255.0));
  return q;
}

std::vector<Quantize> calibrate(Trainer& trainer, int images) {
  trainer.quantize_now();
  const ValueCodes codes = choose_codes(trainer.architecture());
  const auto signs = sign_values(trainer.architecture());
  const std::vector<ValueRange> ranges = measure_ranges(trainer, images);
  std::vector<Quantize> quantizers(codes.origin.size());
  for (std::size_t v = 0; v < quantizers.size(); ++v) {
    quantizers[v].scale = 0.0f;
    if (!codes.origin[v]) continue;
    if (codes.moved(ValueIndex(v))) {
      quantizers[v] = quantizers[codes.origin[v]->number()];
    } else if (signs[v]) {
      quantizers[v] = {1.0f, 1};  // q - z is -1 or 1
    } else {
      quantizers[v] = fit_quantizer(ranges[v].low, ranges[v].high);
    }
  }
  return quantizers;
}

Network build_network(Trainer& trainer, const std::vector<Quantize>& quantizers,
                      std::map<std::string, std::string> metadata) {
  trainer.quantize_now();
  const Architecture& net = trainer.architecture();
  const WeightCoder& coder = trainer.coder();
  Network out;
  out.name = net.name;
  out.input = net.input;
  out.transform = trainer.transform();
  out.classes = net.classes;
  out.metadata = std::move(metadata);
  for (std::size_t t = 0; t < net.parameters.size(); ++t) {
    network::Parameter p = net.parameters[t];
    const TensorSpan& span = coder.spans()[t];
    p.values.clear();
    if (span.coded) {
      p.coding = coder.codings()[t];
      p.n.assign(coder.n().begin() + span.first, coder.n().begin() + span.first + span.count);
    } else {
      p.values.assign(trainer.decoded().begin() + span.first,
                      trainer.decoded().begin() + span.first + span.count);
    }
    out.parameters.push_back(std::move(p));
  }
  NetworkBuilder builder(net, quantizers, out);
  auto statistics = trainer.state().statistics.begin();
  for (const NodeIndex i : net.nodes.indices()) {
    network::Operator op = net.nodes[i].op;
    if (auto* norm = std::get_if<network::BatchNorm>(&op)) {
      for (float& value : norm->mean) value = *statistics++;
      for (float& value : norm->variance) value = *statistics++;
    }
    builder.add(i, std::move(op));
  }
  builder.finish();
  importing::fill_tables(out, "export");
  network::check(out, "export");
  return out;
}

ExportScore export_network(Trainer& trainer, const std::filesystem::path& file) {
  const TrainingConfig& config = trainer.config();
  const std::vector<Quantize> quantizers = calibrate(trainer, config.calibration_images);
  ExportScore score;
  score.float_error = trainer.test_error(trainer.test_data().size());
  score.quantized_error = trainer.test_error(trainer.test_data().size(), &quantizers);
  std::map<std::string, std::string> metadata = {
      {"training.config", describe(config)},
      {"training.seed", std::to_string(config.seed)},
      {"training.dataset", config.dataset},
      {"training.epochs_run",
       fmt::format("{} of {}", trainer.state().history.size(), trainer.length().epochs())},
      // The last bits of sums depend on the number of threads, the device and the BLAS.
      {"training.threads", std::to_string(trainer.threads())},
      {"training.device", trainer.pass().device()},
      {"training.blas", blas_in_use().name},
      {"training.steps", std::to_string(trainer.state().step)},
      {"training.calibration_images", std::to_string(std::min<std::int64_t>(
                                          config.calibration_images, trainer.train_data().size()))},
      {"training.clean_error_pct", fmt::format("{:.2f}", score.float_error)},
      {"training.clean_error_u8_pct", fmt::format("{:.2f}", score.quantized_error)},
  };
  if (config.initial) metadata["training.initial_sha256"] = trainer.architecture().sha256;
  if (config.loss.learn_scale) {
    metadata["training.logit_scale"] = fmt::format("{:.6g}", trainer.state().weights.back());
  }
  if (config.errors.active()) {
    metadata["training.perturbed_share"] = fmt::format("{:.4f}", perturbed_share(trainer.state()));
  }
  if (ErrorPattern* pattern = trainer.pattern(); pattern != nullptr) {
    std::vector<float> read = trainer.decoded();
    const std::int64_t wrong = pattern->inject(trainer.coder(), trainer.state().step, read.data());
    metadata["training.pattern"] =
        fmt::format("{}: p = {:.3f} %, {} cells hit, {} of {} bits wrong in the weights here{}",
                    pattern->chip(), 100.0 * pattern->cell_rate(), pattern->cells_hit(), wrong,
                    pattern->bits(), pattern->note().empty() ? "" : "; " + pattern->note());
  }
  network::write_onnx(build_network(trainer, quantizers, metadata), file);
  return score;
}

}  // namespace brownout::trainers
