// SPDX-License-Identifier: Apache-2.0
// The same plan and vector passes as the functional engine. Matrix operators are fp32 convolutions
// of one image each, so that no sum depends on batch, worker or threads.
#include "sim/inference/float_engine.hpp"

#include <algorithm>
#include <unordered_map>

#include "sim/arithmetic/input.hpp"
#include "sim/base/error.hpp"
#include "sim/inference/aligned.hpp"
#include "sim/inference/constants.hpp"
#include "sim/inference/float_convolution.hpp"
#include "sim/inference/value_memory.hpp"
#include "sim/inference/vector_unit.hpp"

namespace brownout::inference {

namespace {

struct Stage {
  Step step;
  std::unique_ptr<VectorUnit> vectors;
  MatrixNode node;
  std::unique_ptr<FloatConvolution> convolution;
};

struct Worker {
  AlignedBytes values;
  AlignedBytes matrix_out;
  AlignedBytes convolution;
  VectorScratch vectors;
};

class FloatEngine : public Engine {
 public:
  FloatEngine(const network::Network& network, int threads)
      : network_(network),
        shapes_(network::check(network, network.name)),
        kernels_(avx2_vector_kernels() != nullptr ? *avx2_vector_kernels()
                                                  : portable_vector_kernels()) {
    BROWNOUT_CHECK(threads >= 1, "threads {}", threads);
    const std::vector<Step> steps = mapping::make_plan(network, shapes_);
    std::size_t matrix_out = 0;
    std::size_t scratch = 0;
    for (const Step& step : steps) {
      Stage stage;
      stage.step = step;
      stage.vectors = std::make_unique<VectorUnit>(network, shapes_, step, kernels_, false);
      if (step.matrix >= 0) {
        stage.node = matrix_node(network, shapes_, step.matrix);
        stage.convolution = std::make_unique<FloatConvolution>(stage.node);
        matrix_out = std::max(matrix_out, static_cast<std::size_t>(step.matrix_out.size()));
        scratch = std::max(scratch, stage.convolution->scratch_bytes());
      }
      stages_.push_back(std::move(stage));
    }
    std::vector<std::size_t> image_bytes;
    for (const network::Shape& shape : shapes_) {
      image_bytes.push_back(static_cast<std::size_t>(shape.size()) * sizeof(float));
    }
    memory_ = place_values(steps, image_bytes, std::vector<int>(steps.size(), 1), 1);
    for (std::size_t c = 0; c < network.transform.mean.size(); ++c) {
      for (int pixel = 0; pixel < 256; ++pixel) {
        pixels_.push_back(arithmetic::normalize_pixel(
            static_cast<std::uint8_t>(pixel), network.transform.mean[c], network.transform.std[c]));
      }
    }
    workers_.resize(static_cast<std::size_t>(threads));
    for (Worker& worker : workers_) {
      worker.values = AlignedBytes(memory_.bytes);
      worker.matrix_out = AlignedBytes(matrix_out * sizeof(float));
      worker.convolution = AlignedBytes(scratch);
      for (const Stage& stage : stages_) stage.vectors->grow(worker.vectors);
    }
  }

  void set_codes(const network::Codes& codes) override {
    check_codes(network_, codes);
    for (Stage& stage : stages_) {
      stage.vectors->set_codes(codes);
      if (stage.step.matrix < 0) continue;
      stage.convolution->set_codes(network_, codes);
    }
  }

  void run(const std::uint8_t* pixels, std::int64_t /*first*/, int count, float* logits,
           int worker) override {
    Worker& memory = workers_.at(static_cast<std::size_t>(worker));
    for (int i = 0; i < count; ++i) {
      for (const Stage& stage : stages_) run_stage(stage, pixels, logits, memory);
      pixels += network_.input.size();
      logits += network_.classes;
    }
  }

  int preferred_batch() const override { return 8; }
  std::string name() const override { return "float"; }

 private:
  float* value(Worker& memory, int index) const {
    std::byte* place =
        memory.values.data() + memory_.places[static_cast<std::size_t>(index)].offset;
    return reinterpret_cast<float*>(place);
  }

  void run_stage(const Stage& stage, const std::uint8_t* pixels, float* logits,
                 Worker& memory) const {
    const Step& step = stage.step;
    const bool last = step.output == static_cast<int>(network_.nodes.size());
    float* output = last ? logits : value(memory, step.output);
    if (step.input == 0) {
      const auto channels = static_cast<std::size_t>(network_.input.channels);
      const auto size = static_cast<std::size_t>(network_.input.size());
      const bool flat = mapping::moves_data(step);
      for (std::size_t p = 0; p < size; ++p) {
        const std::size_t channel = p % channels;
        output[flat ? channel * (size / channels) + p / channels : p] =
            pixels_[channel * 256 + pixels[p]];
      }
      return;
    }
    std::vector<Residual> residuals;
    for (const int index : step.residuals) residuals.push_back({nullptr, value(memory, index)});
    StepSource source;
    source.numbers = value(memory, step.input);
    if (stage.convolution != nullptr) {
      auto* y = memory.matrix_out.as<float>();
      stage.convolution->run(source.numbers, y, memory.convolution.data());
      source.numbers = y;
    }
    stage.vectors->run(source, residuals.data(), output, memory.vectors);
  }

  const network::Network& network_;
  std::vector<network::Shape> shapes_;
  const VectorKernels& kernels_;
  std::vector<Stage> stages_;
  ValueMemory memory_;
  std::vector<float> pixels_;  // by channel and pixel value
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Engine> make_float_engine(const network::Network& network, int threads) {
  return std::make_unique<FloatEngine>(network, threads);
}

}  // namespace brownout::inference
