// SPDX-License-Identifier: Apache-2.0
// See small_training.hpp.
#include "small_training.hpp"

#include "sim/base/random.hpp"

namespace brownout::trainers {

data::Dataset striped_images(std::int64_t count, std::uint64_t seed) {
  data::Dataset data;
  data.name = "stripes";
  data.shape = {1, 8, 8};
  data.classes = 3;
  const Philox random(seed, Purpose::kTest);
  for (std::int64_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % 3);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const int phase = label == 0 ? x : (label == 1 ? y : x + y);
        const std::uint64_t noise =
            random(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(y * 8 + x))[0] % 120;
        data.pixels.push_back(
            static_cast<std::uint8_t>((phase / 2 % 2 == 0 ? 20 : 130) + static_cast<int>(noise)));
      }
    }
    data.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return data;
}

std::string small_architecture_yaml() {
  return R"(name: small
width: 8
layers:
  - {op: conv, channels: 2w, norm: group, activation: relu, name: stem}
  - {op: conv, channels: 2w, norm: batch, activation: relu}
  - {op: conv, channels: 2w, norm: group}
  - {op: add, with: stem}
  - {op: relu}
  - {op: maxpool}
  - {op: conv, channels: 2w, groups: 2w, norm: fixed-group, activation: relu}
  - {op: conv, channels: 4w, kernel: 1, bias: false, activation: relu}
  - {op: avgpool}
  - {op: globalavgpool}
  - {op: flatten}
  - {op: linear, features: 16, activation: relu}
  - {op: linear, features: classes}
)";
}

TrainingConfig small_config(const std::string& extra, const std::string& quantization) {
  return parse_training(
      "architecture: {file: small.yaml}\ndataset: {name: mnist}\n"
      "quantization: " +
          quantization +
          "\nschedule: {epochs: 3, batch: 16}\nseed: 5\n"
          "calibration_images: 96\noutput: small.onnx\n" +
          extra,
      "small-training.yaml");
}

TrainingFiles quiet() {
  TrainingFiles files;
  files.quiet = true;
  return files;
}

SmallTraining::SmallTraining(const TrainingConfig& config, const std::string& yaml, int threads,
                             const std::string& device)
    : train(striped_images(96, 1)),
      test(striped_images(300, 2)),
      architecture(parse_architecture(yaml, "small.yaml", {{}, train.shape, train.classes})),
      trainer(config, architecture, train, test, device, threads) {}

}  // namespace brownout::trainers
