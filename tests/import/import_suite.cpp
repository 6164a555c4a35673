// SPDX-License-Identifier: Apache-2.0
#include "tests/import/import_suite.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "sim/base/files.hpp"
#include "sim/engines/float_engine.hpp"
#include "sim/import/ranges.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::importing {

namespace fs = std::filesystem;

template <typename T>
std::vector<T> read_raw(const fs::path& file) {
  const std::string bytes = read_file(file);
  std::vector<T> data(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), data.size() * sizeof(T), reinterpret_cast<char*>(data.data()));
  return data;
}
template std::vector<std::uint8_t> read_raw(const fs::path&);
template std::vector<float> read_raw(const fs::path&);

template <typename T>
void write_raw(const fs::path& file, const std::vector<T>& data) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data.data()),
             static_cast<std::streamsize>(data.size() * sizeof(T)));
}
template void write_raw(const fs::path&, const std::vector<std::uint8_t>&);
template void write_raw(const fs::path&, const std::vector<float>&);

std::vector<ForeignNetwork> foreign_networks(const fs::path& folder) {
  std::vector<ForeignNetwork> networks;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const fs::path stem = folder / entry.path().stem();
    networks.push_back({stem.filename().string(), entry.path(),
                        read_raw<std::uint8_t>(stem.string() + ".images"),
                        read_raw<float>(stem.string() + ".logits")});
  }
  std::sort(networks.begin(), networks.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return networks;
}

std::string run_tool(const std::string& command) {
  const network::TemporaryFolder folder;
  const std::string log = (folder.path() / "log").string();
  const int status = std::system(
      ("cd " BROWNOUT_SOURCE_DIR "/tests/import && " + command + " > " + log + " 2>&1").c_str());
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const std::string output = read_file(log);
  if (exit_code == 77 || exit_code == 127) return output;
  EXPECT_EQ(exit_code, 0) << command << ": " << output;
  return "";
}

LowerOptions exported_options() {
  LowerOptions options;
  options.transform = {{0.45f}, {0.25f}};
  return options;
}

std::vector<float> logits_of(engines::Engine& engine, const network::Network& network,
                             const std::vector<std::uint8_t>& pixels) {
  const auto images =
      static_cast<int>(static_cast<std::int64_t>(pixels.size()) / network.input.size());
  std::vector<float> logits(static_cast<std::size_t>(images) *
                            static_cast<std::size_t>(network.classes));
  engine.run(pixels.data(), 0, images, logits.data(), 0);
  return logits;
}

std::vector<float> logits_of(const std::string& engine, const network::Network& network,
                             const std::vector<std::uint8_t>& pixels) {
  const std::unique_ptr<engines::Engine> made =
      engines::make_engine(engine, network::share(network), 1);
  made->set_codes(network::clean_codes(network));
  return logits_of(*made, network, pixels);
}

double relative_error(const std::vector<float>& found, const std::vector<float>& expected,
                      int classes) {
  EXPECT_EQ(found.size(), expected.size());
  double error = 0.0;
  double spread = 0.0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const double here = std::abs(double{found[i]} - double{expected[i]});
    if (!(here <= error)) error = here;  // NaN, too
    const float first = expected[i % static_cast<std::size_t>(classes)];
    spread = std::max(spread, std::abs(double{expected[i]} - double{first}));
  }
  return error / spread;
}

std::vector<std::size_t> predictions(const std::vector<float>& logits, int classes) {
  std::vector<std::size_t> found;
  for (auto first = logits.begin(); first != logits.end(); first += classes)
    found.push_back(static_cast<std::size_t>(std::max_element(first, first + classes) - first));
  return found;
}

network::Network quantized(const ImportedNetwork& imported, const std::vector<std::uint8_t>& pixels,
                           const QuantizeOptions& options) {
  std::vector<Range> ranges;
  QuantizeOptions known = options;
  if (!imported.open.empty()) {
    const network::Shapes shapes =
        network::check(imported.network, "test", network::MatrixWeights::kAny);
    RangeMeter meter(imported.network, shapes, imported.open, 1);
    engines::FloatObservers observers;
    observers.quantizers = [&](network::NodeIndex quantizer, const float* numbers,
                               std::int64_t count, std::size_t worker) {
      meter.see(quantizer, numbers, count, worker);
    };
    const auto engine = engines::make_float_engine(network::share(imported.network), 1, observers);
    engine->set_codes(network::clean_codes(imported.network));
    logits_of(*engine, imported.network, pixels);
    meter.begin_histograms();
    logits_of(*engine, imported.network, pixels);
    ranges = meter.ranges(Calibration::kMinMax, 1.0, "test");
    known.seen = [meter](network::NodeIndex quantizer) { return meter.seen(quantizer); };
  }
  return quantize(imported, ranges, known, "test").network;
}

std::vector<QuantizeOptions> both_codings() {
  QuantizeOptions by_channel;
  by_channel.scheme = network::Scheme::kSymmetric;
  by_channel.by_channel = true;
  return {QuantizeOptions{}, by_channel};
}

void expect_round_trip(const network::Network& network, const std::vector<std::uint8_t>& pixels) {
  const network::TemporaryFolder folder;
  network::write_onnx(network, folder.path() / (network.name + ".onnx"));
  const network::Network read = network::read_onnx(folder.path() / (network.name + ".onnx"));
  network::expect_same(network, read, network.name);
  EXPECT_EQ(logits_of("functional", network, pixels), logits_of("functional", read, pixels));
}

}  // namespace brownout::importing
