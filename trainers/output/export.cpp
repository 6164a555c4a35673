// SPDX-License-Identifier: Apache-2.0
// Inserts Quantize nodes and writes the codes; the clean codes are those of the last forward pass.
#include "trainers/output/export.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/network/onnx_file.hpp"
#include "trainers/torch/threads.hpp"

namespace brownout::trainers {
namespace {

using network::Network;
using network::Node;
using network::Quantize;
using network::ValueIndex;

/// A flatten of the image keeps its codes, since only Quantize reads the image itself.
bool flattens_image(const Node& node) {
  return std::holds_alternative<network::Flatten>(node.op) &&
         node.inputs[0] == network::kInputImage;
}

/// Values that must be quantized: inputs of matrix operators, and residuals.
Table<network::ValueIndex, bool> quantized_values(const Architecture& net) {
  Table<network::ValueIndex, bool> needed(net.nodes.size() + 1, false);
  for (const Node& node : net.nodes) {
    if (flattens_image(node)) needed[0] = true;
    if (network::is_matrix(node.op)) needed[node.inputs[0]] = true;
    if (std::holds_alternative<network::Add>(node.op)) {
      needed[node.inputs[1]] = true;
    }
  }
  return needed;
}

/// Values that are -1 or 1: signs, also pooled or flattened ones.
Table<network::ValueIndex, bool> sign_values(const Architecture& net) {
  Table<network::ValueIndex, bool> signs(net.nodes.size() + 1, false);
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const network::Operator& op = net.nodes[i].op;
    const bool keeps = std::holds_alternative<network::MaxPool>(op) ||
                       std::holds_alternative<network::Flatten>(op);
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
  const network::InputTransform& transform = trainer.transform();
  for (std::size_t c = 0; c < transform.mean.size(); ++c) {
    ranges[0].low = std::min(ranges[0].low, (0.0f - transform.mean[c]) / transform.std[c]);
    ranges[0].high = std::max(ranges[0].high, (1.0f - transform.mean[c]) / transform.std[c]);
  }
  return ranges;
}

/// Appends Quantize nodes on first use and keeps the numbering of values.
class GraphBuilder {
 public:
  GraphBuilder(Network& network, const std::vector<Quantize>& quantizers)
      : network_(network), quantizers_(quantizers), quantized_(quantizers.size()) {
    plain_.push_back(network::kInputImage);
  }

  void add(const Node& node, network::Operator op) {
    std::vector<ValueIndex> inputs;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const bool codes = network::is_matrix(op) || flattens_image(node) ||
                         (k == 1 && std::holds_alternative<network::Add>(op));
      inputs.push_back(codes ? quantized(node.inputs[k]) : plain_[node.inputs[k]]);
    }
    network_.nodes.push_back({node.name, std::move(op), std::move(inputs)});
    names_.push_back(node.name);
    plain_.push_back(network_.logits());
    if (flattens_image(node)) quantized_[plain_.size() - 1] = plain_.back();
  }

 private:
  ValueIndex quantized(ValueIndex value) {
    std::optional<ValueIndex>& at = quantized_[value];
    if (!at) {
      const std::string base =
          value == network::kInputImage ? "input" : names_[network::writer_of(value)];
      network_.nodes.push_back({base + ".quantize", quantizers_[value.number()], {plain_[value]}});
      at = network_.logits();
    }
    return *at;
  }

  Network& network_;
  const std::vector<Quantize>& quantizers_;
  // By value of the architecture.
  Table<ValueIndex, ValueIndex> plain_;
  Table<ValueIndex, std::optional<ValueIndex>> quantized_;  // what its Quantize node writes
  Table<network::NodeIndex, std::string> names_;
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
  const auto needed = quantized_values(trainer.architecture());
  const auto signs = sign_values(trainer.architecture());
  const std::vector<ValueRange> ranges = measure_ranges(trainer, images);
  std::vector<Quantize> quantizers(needed.size());
  for (std::size_t v = 0; v < needed.size(); ++v) {
    quantizers[v].scale = 0.0f;
    if (!needed[v]) continue;
    quantizers[v] = fit_quantizer(ranges[v].low, ranges[v].high);
    if (signs[v]) quantizers[v] = {1.0f, 1};  // q - z is -1 or 1
    if (v > 0 && flattens_image(trainer.architecture().nodes[v - 1])) quantizers[v] = quantizers[0];
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
    if (span.coded) {
      p.coding = coder.codings()[t];
      p.n.assign(coder.n().begin() + span.first, coder.n().begin() + span.first + span.count);
    } else {
      p.values.assign(trainer.decoded().begin() + span.first,
                      trainer.decoded().begin() + span.first + span.count);
    }
    out.parameters.push_back(std::move(p));
  }
  GraphBuilder graph(out, quantizers);
  auto statistics = trainer.state().statistics.begin();
  for (const Node& node : net.nodes) {
    network::Operator op = node.op;
    if (auto* norm = std::get_if<network::BatchNorm>(&op)) {
      for (float& value : norm->mean) value = *statistics++;
      for (float& value : norm->variance) value = *statistics++;
    }
    graph.add(node, std::move(op));
  }
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
       fmt::format("{} of {}", trainer.state().history.size(), config.schedule.epochs)},
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
