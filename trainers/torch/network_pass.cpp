// SPDX-License-Identifier: Apache-2.0
// Interprets an architecture with LibTorch operators; autograd does the rest, except for group
// norm.
#include "trainers/torch/network_pass.hpp"

#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/network/formula.hpp"
#include "trainers/method/value_codes.hpp"
#include "trainers/torch/losses.hpp"
#include "trainers/torch/threads.hpp"
#include "trainers/torch/torch_formula.hpp"
#include "trainers/torch/torch_ops.hpp"

namespace brownout::trainers {
namespace {

using network::NodeIndex;
using network::Shape;
using network::ValueIndex;
using torch::Tensor;

using ValueTensors = Table<ValueIndex, Tensor>;
using WeightTensors = Table<network::ParameterIndex, Tensor>;

torch::Device choose_device(const std::string& name) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cpu" || (name == "auto" && !cuda)) return torch::Device(torch::kCPU);
  if (name == "auto" || name == "cuda") {
    if (!cuda) {
      throw InputError("--device cuda: this LibTorch finds no CUDA device; use cpu or auto");
    }
    return torch::Device(torch::kCUDA);
  }
  throw InputError("--device: expected auto, cpu or cuda, got \"{}\"", name);
}

Tensor fake_quantize(const Tensor& x, const network::Quantize& q) {
  const double low = -q.zero_point;
  const double high = 255 - q.zero_point;
  return x.div(q.scale).round().clamp(low, high).mul(q.scale);
}

}  // namespace

struct NetworkPass::State {
  Architecture net;
  ValueCodes codes;
  torch::Device device{torch::kCPU};
  std::vector<std::int64_t> first;             // of each parameter in the flat array
  std::vector<std::int64_t> statistics_first;  // of each node's mean; the variance comes after it
  std::int64_t statistics = 0;
  std::int64_t weight_count = 0;          // in the flat array
  std::vector<bool> fused;                // the norm of node i takes in the ReLU of node i + 1
  Table<ValueIndex, NodeIndex> last_use;  // the node that reads a value last

  struct Mode {
    bool training = false;
    bool update_statistics = false;
    float* statistics = nullptr;
    const std::vector<network::Quantize>* quantizers = nullptr;
    std::vector<ValueRange>* ranges = nullptr;
  };

  Tensor norm(const network::GroupNorm& op, const Tensor& x, const WeightTensors& weights,
              bool relu) const {
    Tensor gamma = !op.scale ? torch::ones({x.size(1)}, x.options()) : weights[*op.scale];
    if (op.scale && op.reparameterized) gamma = gamma + 1;
    const Tensor beta = !op.shift ? torch::zeros({x.size(1)}, x.options()) : weights[*op.shift];
    return normalize_groups(op, x, gamma, beta, relu);
  }

  Tensor norm(const network::BatchNorm& op, std::size_t node, const Tensor& x,
              const WeightTensors& weights, const Mode& mode) const {
    // Without statistics of its own it only scales and shifts.
    const bool fixed = net.fixed_statistics.contains(NodeIndex(node)) && net.fixed_statistics[node];
    const bool training = mode.training && !fixed;
    Tensor gamma = !op.scale ? Tensor() : weights[*op.scale];
    if (op.scale && op.reparameterized) gamma = gamma + 1;
    const Tensor beta = !op.shift ? Tensor() : weights[*op.shift];
    float* at = mode.statistics + statistics_first[node];
    const Tensor stored_mean = torch::from_blob(at, {x.size(1)});
    const Tensor stored_variance = torch::from_blob(at + x.size(1), {x.size(1)});
    const Tensor mean = stored_mean.to(device, torch::kFloat, false, true);
    const Tensor variance = stored_variance.to(device, torch::kFloat, false, true);
    const Tensor y = torch::batch_norm(x, gamma, beta, mean, variance, training, 0.1,
                                       static_cast<double>(op.eps), false);
    if (training && mode.update_statistics) {
      stored_mean.copy_(mean);
      stored_variance.copy_(variance);
    }
    return y;
  }

  /// Value `value` as codes stand for it.
  Tensor coded(ValueIndex value, const ValueTensors& values, const Mode& mode) const {
    const Tensor& x = values[value];
    if (mode.quantizers == nullptr) return x;
    const network::Quantize& q = (*mode.quantizers)[value.number()];
    return q.scale > 0.0f ? fake_quantize(x, q) : x;
  }

  /// Input `input` of a node as the exported network reads it.
  Tensor read(std::size_t node, std::size_t input, const ValueTensors& values,
              const Mode& mode) const {
    const ValueIndex value = net.nodes[node].inputs[input];
    if (codes.readings[node][input] == Reading::kNumbers) return values[value];
    return coded(value, values, mode);
  }

  Tensor compute(std::size_t node, const ValueTensors& values, const WeightTensors& weights,
                 const Mode& mode) const {
    const network::Node& n = net.nodes[node];
    const auto input = [&](std::size_t k) { return read(node, k, values, mode); };
    const Tensor x = input(0);
    const auto weight = [&](network::OptionalParameter i) { return i ? weights[*i] : Tensor(); };
    if (const auto* op = std::get_if<network::Conv2d>(&n.op)) {
      return convolve(*op, x, weight(op->weight), weight(op->bias));
    }
    if (const auto* op = std::get_if<network::Linear>(&n.op)) {
      return torch::nn::functional::linear(x.flatten(1), weight(op->weight), weight(op->bias));
    }
    if (const auto* op = std::get_if<network::GroupNorm>(&n.op)) {
      return norm(*op, x, weights, fused[node]);
    }
    if (const auto* op = std::get_if<network::BatchNorm>(&n.op)) {
      return norm(*op, node, x, weights, mode);
    }
    if (std::get_if<network::Relu>(&n.op) != nullptr) return torch::relu(x);
    if (std::get_if<network::Sign>(&n.op) != nullptr) return sign_through(x);
    if (const auto* op = std::get_if<network::Clip>(&n.op)) {
      return torch::hardtanh(x, op->low, op->high);
    }
    if (const auto* op = std::get_if<network::PRelu>(&n.op)) {
      return torch::prelu(x, torch::tensor(op->slope).to(device));
    }
    if (const auto* op = std::get_if<network::Lookup>(&n.op)) {
      return apply_formula(network::Formula(op->formula), x);
    }
    if (const auto* op = std::get_if<network::MaxPool>(&n.op)) {
      return pool_maximum(*op, x);
    }
    if (const auto* op = std::get_if<network::AveragePool>(&n.op)) {
      return pool_average(*op, x);
    }
    if (std::get_if<network::Flatten>(&n.op) != nullptr) return x.flatten(1);
    if (std::get_if<network::Unflatten>(&n.op) != nullptr) return x.reshape({x.size(0), -1, 1, 1});
    if (const auto* op = std::get_if<network::LocalResponseNorm>(&n.op)) {
      return normalize_response(*op, x);
    }
    if (const auto* op = std::get_if<network::SelectChannels>(&n.op)) {
      return x.index_select(1, torch::tensor(op->channels).to(device));
    }
    if (std::get_if<network::Concat>(&n.op) != nullptr) {
      std::vector<Tensor> parts{x};
      for (std::size_t k = 1; k < n.inputs.size(); ++k) parts.push_back(input(k));
      return torch::cat(parts, 1);
    }
    if (std::get_if<network::Add>(&n.op) != nullptr) return x + input(1);
    if (std::get_if<network::Multiply>(&n.op) != nullptr) return x * input(1);
    throw InputError("layer {}: the trainer has no operator {}", n.name,
                     network::operator_name(n.op));
  }

  Tensor forward(const Tensor& images, const WeightTensors& weights, const Mode& mode) const {
    ValueTensors values(net.nodes.size() + 1);
    values[0] = images;
    for (std::size_t i = 0; i < net.nodes.size(); ++i) {
      if (i > 0 && fused[i - 1]) {
        values[i + 1] = values[i];  // the norm before has applied this ReLU
      } else {
        values[i + 1] = compute(i, values, weights, mode);
      }
      if (mode.ranges != nullptr) widen((*mode.ranges)[i + 1], values[i + 1]);
      for (const ValueIndex v : net.nodes[i].inputs) {
        if (last_use[v] == NodeIndex(i)) values[v] = Tensor();
      }
    }
    const ValueIndex logits(net.nodes.size());
    return (codes.moved(logits) ? coded(logits, values, mode) : values[logits]).flatten(1);
  }

  static void widen(ValueRange& range, const Tensor& x) {
    range.low = std::min(range.low, x.min().item<float>());
    range.high = std::max(range.high, x.max().item<float>());
  }

  WeightTensors weight_tensors(const float* weights, bool gradients) const {
    WeightTensors tensors;
    for (std::size_t i = 0; i < net.parameters.size(); ++i) {
      // LibTorch requires a mutable pointer, but nothing is written through it.
      Tensor t = torch::from_blob(const_cast<float*>(weights) + first[i], net.parameters[i].shape);
      if (!device.is_cpu()) t = t.to(device);
      tensors.push_back(gradients ? t.requires_grad_(true) : t);
    }
    return tensors;
  }

  Tensor image_tensor(const float* images, int count) const {
    return torch::from_blob(const_cast<float*>(images),
                            {count, net.input.channels, net.input.height, net.input.width})
        .to(device);
  }
};

NetworkPass::NetworkPass(const Architecture& architecture, const std::string& device, int threads)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.net = architecture;
  s.codes = choose_codes(architecture);
  s.device = choose_device(device);
  use_threads(threads);
  std::int64_t at = 0;
  for (network::Parameter& p : s.net.parameters) {
    p.values = {};  // the caller holds the weights
    s.first.push_back(at);
    std::int64_t count = 1;
    for (const std::int64_t d : p.shape) count *= d;
    at += count;
  }
  s.weight_count = at;
  const std::size_t nodes = s.net.nodes.size();
  s.statistics_first.assign(nodes, 0);
  s.fused.assign(nodes, false);
  s.last_use.assign(nodes + 1, NodeIndex(nodes));
  Table<ValueIndex, int> readers(nodes + 1, 0);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (const ValueIndex v : s.net.nodes[i].inputs) {
      s.last_use[v] = NodeIndex(i);
      ++readers[v];
    }
    if (std::holds_alternative<network::BatchNorm>(s.net.nodes[i].op)) {
      s.statistics_first[i] = s.statistics;
      s.statistics += 2 * s.net.shapes[i + 1].channels;
    }
  }
  for (std::size_t i = 0; i + 1 < nodes; ++i) {
    const auto* norm = std::get_if<network::GroupNorm>(&s.net.nodes[i].op);
    s.fused[i] = norm != nullptr && !norm->each_pixel &&
                 std::holds_alternative<network::Relu>(s.net.nodes[i + 1].op) &&
                 s.net.nodes[i + 1].inputs[0] == ValueIndex(i + 1) && readers[i + 1] == 1;
  }
}

NetworkPass::~NetworkPass() = default;

PassResult NetworkPass::train(const LossChoice& choice, const float* weights, const float* images,
                              const std::uint16_t* labels, int count, float* gradient,
                              std::vector<float>& statistics, bool update_statistics) {
  State& s = *state_;
  WeightTensors tensors = s.weight_tensors(weights, true);
  std::vector<std::int64_t> first = s.first;
  if (choice.learn_scale) {
    const Tensor scale = torch::full({}, weights[s.weight_count], torch::TensorOptions(s.device));
    tensors.push_back(scale.requires_grad_(true));
    first.push_back(s.weight_count);
  }
  Tensor targets = torch::empty({count}, torch::kLong);
  std::copy(labels, labels + count, targets.data_ptr<std::int64_t>());
  targets = targets.to(s.device);
  State::Mode mode;
  mode.training = true;
  mode.update_statistics = update_statistics;
  mode.statistics = statistics.data();
  const Tensor logits = s.forward(s.image_tensor(images, count), tensors, mode);
  const double scale = choice.learn_scale ? weights[s.weight_count] : choice.logit_scale;
  const Tensor loss =
      compute_loss(choice, choice.learn_scale ? logits * tensors.back() : logits, targets);
  const std::vector<Tensor> gradients = torch::autograd::grad({loss}, tensors);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor g = gradients[i].contiguous().cpu();
    std::memcpy(gradient + first[i], g.data_ptr<float>(),
                static_cast<std::size_t>(g.numel()) * sizeof(float));
  }
  PassResult result;
  result.loss = loss.item<double>();
  const auto [top, classes] = logits.detach().topk(std::min<std::int64_t>(2, logits.size(1)), 1);
  result.logit_margin =
      std::abs(scale) * (top.select(1, 0) - top.select(1, -1)).mean().item<double>();
  result.wrong = classes.select(1, 0).ne(targets).sum().item<std::int64_t>();
  return result;
}

void NetworkPass::infer(const float* weights, const std::vector<float>& statistics,
                        const float* images, int count, float* logits,
                        const std::vector<network::Quantize>* quantizers,
                        std::vector<ValueRange>* ranges) {
  State& s = *state_;
  const torch::NoGradGuard no_gradients;
  std::vector<float> copy = statistics;
  State::Mode mode;
  mode.statistics = copy.data();
  mode.quantizers = quantizers;
  mode.ranges = ranges;
  const Tensor out =
      s.forward(s.image_tensor(images, count), s.weight_tensors(weights, false), mode)
          .contiguous()
          .cpu();
  std::memcpy(logits, out.data_ptr<float>(), static_cast<std::size_t>(out.numel()) * sizeof(float));
}

std::string NetworkPass::device() const { return state_->device.str(); }
std::int64_t NetworkPass::statistics_size() const { return state_->statistics; }

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
}

}  // namespace brownout::trainers
