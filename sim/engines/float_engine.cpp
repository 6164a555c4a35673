// SPDX-License-Identifier: Apache-2.0
// The same plan and vector passes as the functional engine. Matrix operators are fp32 convolutions
// of one image each, so that no sum depends on batch, worker or threads.
#include "sim/engines/float_engine.hpp"

#include <algorithm>
#include <unordered_map>

#include "sim/arithmetic/input.hpp"
#include "sim/base/error.hpp"
#include "sim/datapath/aligned.hpp"
#include "sim/datapath/constants.hpp"
#include "sim/datapath/value_memory.hpp"
#include "sim/datapath/vector_unit.hpp"
#include "sim/engines/float_convolution.hpp"

namespace brownout::engines {

namespace {

struct FloatStage {
  mapping::Step step;
  std::unique_ptr<datapath::VectorUnit> vectors;
  mapping::MatrixNode node;
  std::unique_ptr<FloatConvolution> convolution;
};

struct FloatWorker {
  datapath::AlignedBytes values;
  datapath::AlignedBytes matrix_out;
  datapath::AlignedBytes convolution;
  datapath::VectorScratch vectors;
};

class FloatEngine : public Engine {
 public:
  FloatEngine(network::SharedNetwork network, int threads, FloatObservers observers)
      : owner_(std::move(network)),
        network_(*owner_),
        observers_(std::move(observers)),
        shapes_(network::check(network_, network_.name, network::MatrixWeights::kAny)),
        kernels_(datapath::avx2_vector_kernels() != nullptr ? *datapath::avx2_vector_kernels()
                                                            : datapath::portable_vector_kernels()) {
    BROWNOUT_CHECK(threads >= 1, "threads {}", threads);
    const std::vector<mapping::Step> steps = mapping::make_plan(network_, shapes_);
    std::size_t matrix_out = 0;
    std::size_t scratch = 0;
    for (const mapping::Step& step : steps) {
      FloatStage stage;
      stage.step = step;
      stage.vectors =
          std::make_unique<datapath::VectorUnit>(owner_, shapes_, step, kernels_, false);
      if (step.matrix) {
        stage.node = mapping::matrix_node(network_, shapes_, *step.matrix);
        stage.convolution = std::make_unique<FloatConvolution>(stage.node);
        matrix_out = std::max(matrix_out, static_cast<std::size_t>(step.matrix_out.size()));
        scratch = std::max(scratch, stage.convolution->scratch_bytes());
      }
      stages_.push_back(std::move(stage));
    }
    datapath::ImageBytes image_bytes;
    for (const network::Shape& shape : shapes_) {
      image_bytes.push_back(shape.size() * sizeof(float));
    }
    memory_ = datapath::place_values(steps, image_bytes, std::vector<int>(steps.size(), 1), 1);
    for (std::size_t c = 0; c < network_.transform.mean.size(); ++c) {
      for (int pixel = 0; pixel < 256; ++pixel) {
        pixels_.push_back(arithmetic::normalize_pixel(static_cast<std::uint8_t>(pixel),
                                                      network_.transform.mean[c],
                                                      network_.transform.std[c]));
      }
    }
    workers_.resize(threads);
    for (FloatWorker& worker : workers_) {
      worker.values = datapath::AlignedBytes(memory_.bytes);
      worker.matrix_out = datapath::AlignedBytes(matrix_out * sizeof(float));
      worker.convolution = datapath::AlignedBytes(scratch);
      for (const FloatStage& stage : stages_) stage.vectors->grow(worker.vectors);
    }
  }

  void set_codes(const network::Codes& codes) override {
    datapath::check_codes(network_, codes);
    for (FloatStage& stage : stages_) {
      stage.vectors->set_codes(codes);
      if (!stage.step.matrix) continue;
      stage.convolution->set_codes(network_, codes);
    }
  }

  void run(const std::uint8_t* pixels, std::int64_t /*first*/, int count, float* logits,
           int worker) override {
    FloatWorker& memory = workers_.at(worker);
    for (int i = 0; i < count; ++i) {
      for (const FloatStage& stage : stages_) {
        run_stage(stage, pixels, logits, memory, worker);
        const network::ValueIndex output = stage.step.output;
        if (observers_.values && output != network_.logits())
          observers_.values(output, value(memory, output));
      }
      pixels += network_.input.size();
      logits += network_.classes;
    }
  }

  int preferred_batch() const override { return 8; }
  std::string name() const override { return "float"; }

 private:
  float* value(FloatWorker& memory, network::ValueIndex index) const {
    std::byte* place = memory.values.data() + memory_.places[index].offset;
    return reinterpret_cast<float*>(place);
  }

  void run_stage(const FloatStage& stage, const std::uint8_t* pixels, float* logits,
                 FloatWorker& memory, std::size_t worker) const {
    const mapping::Step& step = stage.step;
    const bool last = step.output == network_.logits();
    float* output = last ? logits : value(memory, step.output);
    if (step.input == network::kInputImage) {
      const std::size_t channels = network_.input.channels;
      const std::size_t size = network_.input.size();
      const bool flat = mapping::moves_data(step);
      for (std::size_t p = 0; p < size; ++p) {
        const std::size_t channel = p % channels;
        output[flat ? channel * (size / channels) + p / channels : p] =
            pixels_[channel * 256 + pixels[p]];
      }
      if (observers_.quantizers)
        observers_.quantizers(*step.passes[0].quantize, output, size, worker);
      return;
    }
    std::vector<datapath::Operand> operands;
    for (const network::ValueIndex index : step.operands)
      operands.push_back({nullptr, value(memory, index)});
    datapath::StepSource source;
    source.numbers = value(memory, step.input);
    if (stage.convolution != nullptr) {
      auto* y = memory.matrix_out.as<float>();
      stage.convolution->run(source.numbers, y, memory.convolution.data());
      source.numbers = y;
    }
    const datapath::VectorUnit::Observer observe = [&](network::NodeIndex quantizer,
                                                       const float* numbers, std::int64_t count) {
      observers_.quantizers(quantizer, numbers, count, worker);
    };
    stage.vectors->run(source, operands.data(), output, memory.vectors, nullptr,
                       observers_.quantizers ? &observe : nullptr);
  }

  network::SharedNetwork owner_;
  const network::Network& network_;  // that it owns
  const FloatObservers observers_;
  network::Shapes shapes_;
  const datapath::VectorKernels& kernels_;
  std::vector<FloatStage> stages_;
  datapath::ValueMemory memory_;
  std::vector<float> pixels_;  // by channel and pixel value
  std::vector<FloatWorker> workers_;
};

}  // namespace

std::unique_ptr<Engine> make_float_engine(network::SharedNetwork network, int threads,
                                          FloatObservers observers) {
  return std::make_unique<FloatEngine>(std::move(network), threads, std::move(observers));
}

}  // namespace brownout::engines
