// SPDX-License-Identifier: Apache-2.0
// What each family of training kernels gains against LibTorch's own operators: forward and backward
// pass of the layers of a network at batch 128, LibTorch in the faster of its two layouts:
// kernels_bench [THREADS] [ROUNDS]. Random numbers; a table, then one JSON line.
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "trainers/torch/network_pass.hpp"
#include "trainers/torch/threads.hpp"
#include "trainers/torch/torch_ops.hpp"

namespace {

using namespace brownout;
using torch::Tensor;

constexpr std::int64_t kBatch = 128;

using Tensors = std::vector<Tensor>;
using Call = std::function<Tensor(const Tensors&)>;  // input first, then parameters

/// One layer: the same operation by our kernels and by LibTorch.
struct Case {
  std::string family;
  Call ours, theirs;
  Tensors operands;  // planes one after the other
  bool input_gradient = true;
  double seconds[3] = {1e9, 1e9, 1e9};  // ours, LibTorch in planes, LibTorch channels last
};

/// Operands that want gradients, their images in the given layout.
Tensors leaves(const Case& c, bool channels_last) {
  Tensors result;
  for (std::size_t i = 0; i < c.operands.size(); ++i) {
    Tensor t = c.operands[i].detach().clone();
    if (channels_last && t.dim() == 4) t = t.contiguous(at::MemoryFormat::ChannelsLast);
    result.push_back(t.requires_grad_(i > 0 || c.input_gradient));
  }
  return result;
}

/// One thread: its processor time, so that a busy machine matters little. More threads: wall time.
double seconds_of(const std::function<void()>& work, int threads) {
  const clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  timespec start{}, end{};
  ::clock_gettime(clock, &start);
  work();
  ::clock_gettime(clock, &end);
  return static_cast<double>(end.tv_sec - start.tv_sec) +
         1e-9 * static_cast<double>(end.tv_nsec - start.tv_nsec);
}

void measure(Case& c, int threads, int rounds) {
  struct Side {
    Tensors inputs;
    Tensor gradient;
  };
  std::vector<Side> sides;
  for (int side = 0; side < 3; ++side) {
    Side s{leaves(c, side != 1), Tensor()};
    const Tensor y = (side == 0 ? c.ours : c.theirs)(s.inputs);
    s.gradient = torch::randn(y.sizes());
    if (side != 1 && y.dim() == 4) {
      s.gradient = s.gradient.contiguous(at::MemoryFormat::ChannelsLast);
    }
    sides.push_back(s);
  }
  for (int round = 0; round <= rounds; ++round) {  // the first one warms up
    for (int k = 0; k < 3; ++k) {
      const int side = (round + k) % 3;
      const Side& s = sides[static_cast<std::size_t>(side)];
      const double seconds = seconds_of(
          [&] {
            const Tensor y = (side == 0 ? c.ours : c.theirs)(s.inputs);
            Tensors wanted;
            for (const Tensor& t : s.inputs) {
              if (t.requires_grad()) wanted.push_back(t);
            }
            torch::autograd::grad({y}, wanted, {s.gradient});
          },
          threads);
      if (round > 0) c.seconds[side] = std::min(c.seconds[side], seconds);
    }
  }
}

Case convolution(std::int64_t in, std::int64_t out, std::int64_t side) {
  network::Conv2d op;
  op.kernel = {3, 3};
  op.pads = {1, 1, 1, 1};
  Case c;
  c.family = in == 1 ? "first convolution" : "3x3 convolutions";
  c.input_gradient = in > 1;
  c.operands = {torch::randn({kBatch, in, side, side}), torch::randn({out, in, 3, 3}).mul_(0.1),
                torch::randn({out})};
  c.ours = [op](const Tensors& t) { return trainers::convolve(op, t[0], t[1], t[2]); };
  c.theirs = [](const Tensors& t) { return torch::conv2d(t[0], t[1], t[2], {1, 1}, {1, 1}); };
  return c;
}

Case norm(std::int64_t channels, std::int64_t side) {
  network::GroupNorm op;
  for (const std::int64_t groups : {32, 24, 16, 8}) {
    op.groups = static_cast<int>(std::min<std::int64_t>(groups, channels / 2));
    if (channels % op.groups == 0) break;
  }
  Case c;
  c.family = "group norms with ReLU";
  c.operands = {torch::randn({kBatch, channels, side, side}), torch::randn({channels}),
                torch::randn({channels})};
  c.ours = [op](const Tensors& t) {
    return trainers::normalize_groups(op, t[0], t[1], t[2], true);
  };
  c.theirs = [op](const Tensors& t) {
    return torch::relu(torch::group_norm(t[0], op.groups, t[1], t[2]));
  };
  return c;
}

Case pool(std::int64_t channels, std::int64_t side, int kernel) {
  network::MaxPool op;
  op.kernel = op.stride = {kernel, kernel};
  Case c;
  c.family = "maximum pools";
  c.operands = {torch::randn({kBatch, channels, side, side})};
  c.ours = [op](const Tensors& t) { return trainers::pool_maximum(op, t[0]); };
  c.theirs = [kernel](const Tensors& t) {
    return torch::max_pool2d(t[0], {kernel, kernel}, {kernel, kernel});
  };
  return c;
}

std::vector<Case> simplenet(std::int64_t w) {
  std::vector<Case> cases = {convolution(1, w, 28),
                             convolution(w, 2 * w, 28),
                             convolution(2 * w, 2 * w, 28),
                             convolution(2 * w, 2 * w, 28),
                             convolution(2 * w, 2 * w, 14),
                             convolution(2 * w, 2 * w, 14),
                             convolution(2 * w, 4 * w, 14),
                             convolution(4 * w, 8 * w, 7),

                             convolution(4 * w, 4 * w, 3),
                             norm(w, 28),
                             norm(2 * w, 28),
                             norm(2 * w, 28),
                             norm(2 * w, 28),
                             norm(2 * w, 14),
                             norm(2 * w, 14),
                             norm(4 * w, 14),
                             norm(8 * w, 7),
                             norm(32 * w, 7),
                             norm(4 * w, 7),
                             norm(4 * w, 3),
                             pool(2 * w, 28, 2),
                             pool(4 * w, 14, 2),
                             pool(4 * w, 7, 2),
                             pool(4 * w, 3, 3)};
  return cases;
}

std::vector<Case> vgg3() {
  return {convolution(1, 64, 28), convolution(64, 64, 14),
          pool(64, 28, 2),        pool(64, 14, 2),
          norm(64, 14),           norm(64, 7)};
}

int run(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  if (threads < 1 || rounds < 1) throw InputError("usage: kernels_bench [THREADS] [ROUNDS]");
  trainers::keep_freed_memory();
  trainers::use_threads(threads);
  const trainers::Blas blas = trainers::blas_in_use();
  fmt::print("LibTorch calls {}, {} thread(s); ms of forward and backward pass, fastest of {}\n",
             blas.name, threads, rounds);
  if (blas.reference) {
    throw InputError(
        "{}: LibTorch calls the reference BLAS here, which nobody would train on; "
        "install libopenblas0-pthread",
        blas.name);
  }
  std::string json;
  std::vector<std::pair<std::string, std::vector<Case>>> nets;
  nets.emplace_back("simplenet16", simplenet(16));
  nets.emplace_back("simplenet32", simplenet(32));
  nets.emplace_back("vgg3", vgg3());
  for (auto& [net, cases] : nets) {
    std::vector<std::string> families;
    std::map<std::string, std::pair<double, double>> sums;  // ours, LibTorch's
    for (Case& c : cases) {
      measure(c, threads, rounds);
      if (sums.count(c.family) == 0) families.push_back(c.family);
      sums[c.family].first += c.seconds[0];
      sums[c.family].second += std::min(c.seconds[1], c.seconds[2]);
    }
    for (const std::string& family : families) {
      const auto& [ours, theirs] = sums[family];
      fmt::print("{:<12} {:<24} {:8.2f} LibTorch {:8.2f}  ratio {:5.2f}\n", net, family, 1e3 * ours,
                 1e3 * theirs, theirs / ours);
      json +=
          fmt::format("{}\"{}, {}\": {:.3f}", json.empty() ? "" : ", ", net, family, theirs / ours);
    }
  }
  fmt::print("{{\"threads\": {}, \"blas\": \"{}\", \"ratios\": {{{}}}}}\n", threads, blas.name,
             json);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  brownout::trainers::restart_where_that_is_faster(argv, argc > 1 && std::atoi(argv[1]) > 1);
  return brownout::run_program("kernels_bench", [&] { return run(argc, argv); });
}
