// SPDX-License-Identifier: Apache-2.0
// GMAC/s and µs per image of every SimpleNet layer, per kind of convolution, on one thread.
// Usage: convolution_bench [kind...]; AVX2 methods are the kinds "direct" and "winograd".
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/base/run_program.hpp"
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/convolution.hpp"

namespace {

using namespace brownout;
using namespace brownout::datapath;

struct Layer {
  const char* name;
  ConvolutionShape shape;
  int times;  // in the network
};

ConvolutionShape square(int in, int out, int kernel, int side) {
  const int pad = kernel / 2;
  return {in, side, side, out, side, side, kernel, kernel, 1, 1, pad, pad, pad, pad, 1};
}

std::vector<Layer> simplenet(int c) {
  return {{"first   @28", square(1, c, 3, 28), 1},
          {"c-2c    @28", square(c, 2 * c, 3, 28), 1},
          {"2c-2c   @28", square(2 * c, 2 * c, 3, 28), 2},
          {"2c-2c   @14", square(2 * c, 2 * c, 3, 14), 2},
          {"2c-4c   @14", square(2 * c, 4 * c, 3, 14), 1},
          {"4c-8c   @7 ", square(4 * c, 8 * c, 3, 7), 1},
          {"8c-32c 1x1 ", square(8 * c, 32 * c, 1, 7), 1},
          {"32c-4c 1x1 ", square(32 * c, 4 * c, 1, 7), 1},
          {"4c-4c   @3 ", square(4 * c, 4 * c, 3, 3), 1},
          {"linear     ", square(4 * c, 10, 1, 1), 1}};
}

std::unique_ptr<Convolution> make(const std::string& kind, const ConvolutionShape& shape) {
  if (kind == "direct") return make_avx2_convolution(shape, 0, 8, Avx2Method::kDirect);
  if (kind == "winograd") {
    const bool fits = avx2_method_fits(Avx2Method::kWinograd, shape);
    return make_avx2_convolution(shape, 0, 8, fits ? Avx2Method::kWinograd : Avx2Method::kDirect);
  }
  return make_convolution(kind, shape, 0, 8);
}

// Seconds of the fastest of many calls, over at least 40 ms.
template <typename Call>
double fastest(const Call& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  const auto start = Clock::now();
  for (int i = 0; i < 5 || std::chrono::duration<double>(Clock::now() - start).count() < 0.04;
       ++i) {
    const auto before = Clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - before).count());
  }
  return best;
}

void run(const std::string& kind, int width) {
  const std::vector<int> batches{1, 4, 16};
  std::map<int, double> total;
  double weights_total = 0.0, macs = 0.0;
  fmt::print("\nwidth {}, kind {}          µs/image (GMAC/s) at batch", width, kind);
  for (const int batch : batches) fmt::print("  {:>14}", batch);
  fmt::print("   set_weights µs\n");
  const Philox random(1, Purpose::kTest);
  for (const Layer& layer : simplenet(width)) {
    const ConvolutionShape& s = layer.shape;
    std::vector<std::int8_t> n(static_cast<std::size_t>(s.reduction() * s.out_channels));
    for (std::size_t i = 0; i < n.size(); ++i) n[i] = static_cast<std::int8_t>(random(i)[0]);
    std::vector<std::uint8_t> q(static_cast<std::size_t>(s.in_channels * s.in_height * s.in_width) *
                                16);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<std::uint8_t>(random(i)[1]);
    const auto convolution = make(kind, s);
    const double setting = fastest([&] { convolution->set_weights(n.data()); });
    weights_total += setting * layer.times;
    macs += static_cast<double>(s.macs()) * layer.times;
    fmt::print("{} ×{}  {:<38}", layer.name, layer.times, convolution->name());
    for (const int batch : batches) {
      std::vector<std::int32_t> acc(
          static_cast<std::size_t>(s.out_channels * s.out_height * s.out_width * batch));
      std::vector<std::uint8_t> scratch(convolution->scratch_bytes(batch));
      const double seconds =
          fastest([&] { convolution->run(q.data(), batch, acc.data(), scratch.data()); }) / batch;
      total[batch] += seconds * layer.times;
      fmt::print("  {:7.2f} ({:5.1f})", seconds * 1e6,
                 static_cast<double>(s.macs()) / seconds * 1e-9);
    }
    fmt::print("  {:7.1f}\n", setting * 1e6);
  }
  fmt::print("{:<55}", "total");
  for (const int batch : batches)
    fmt::print("  {:7.2f} ({:5.1f})", total[batch] * 1e6, macs / total[batch] * 1e-9);
  fmt::print("  {:7.1f}\n", weights_total * 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> kinds(argv + 1, argv + argc);
  if (kinds.empty())
    for (const std::string& kind : convolution_kinds())
      if (convolution_available(kind) && kind != "reference") kinds.push_back(kind);
  return brownout::run_program("convolution_bench", [&] {
    for (const int width : {16, 32})
      for (const std::string& kind : kinds) run(kind, width);
    return 0;
  });
}
